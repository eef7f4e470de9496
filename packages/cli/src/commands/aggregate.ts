import { readTable } from "@quire/data/files";
import { command } from "../command.ts";
import { linkTables } from "../linkage/link-tables.ts";
import { openLinker } from "../linkage/open-model.ts";
import { give, joinedRows } from "../linkage/rows.ts";
import { linkageOptions, searchFor } from "../linkage/search.ts";
import { count } from "../numbers.ts";
import { names, required } from "../option.ts";

/** Gives each fine record its coarse one. */
export const aggregateCommand = command({
  name: "aggregate",
  computes: true,
  summary: "Give each record of a fine table the nearest one of a coarse table",
  arguments: [
    { name: "FINE", summary: "A table of fine records, such as products" },
    { name: "COARSE", summary: "A table of coarse ones, such as kinds of products" },
  ],
  options: {
    ...linkageOptions,
    model: required(linkageOptions.model),
    leftOn: required(names("Columns of FINE that are compared")),
    rightOn: required(names("Columns of COARSE that are compared")),
  },
  examples: [
    "quire aggregate products.csv kinds.csv --model linktransformer-1 --left-on product --right-on kind --out grouped.csv",
  ],
  run: async ([fineFile = "", coarseFile = ""], given, { console }) => {
    const { model, leftOn, rightOn, k, threshold, out } = given;
    const [fine, coarse] = [await readTable(fineFile), await readTable(coarseFile)];
    const linker = await openLinker(model);
    const progress = console.progress("aggregating");
    const links = await linkTables(linker, fine, coarse, {
      ...{ on: leftOn, rightOn, kind: k === undefined ? "m:1" : "m:m" },
      search: await searchFor(given.search, fine.rows * coarse.rows, console),
      ...(k !== undefined && { k }),
      ...(threshold !== undefined && { threshold }),
      onProgress: progress.update,
    }).finally(progress.finish);
    await linker.release();
    await give(joinedRows(fine, coarse, links), out, console);
    const used = new Set(links.map(({ right }) => right)).size;
    console.print(
      `${count(links.length)} of ${count(fine.rows)} records under ${count(used)} of ${count(coarse.rows)}.`,
    );
    console.result({ links });
  },
});
