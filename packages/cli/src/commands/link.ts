import { readTable } from "@quire/data/files";
import { linkKinds } from "@quire/papers";
import { command } from "../command.ts";
import { linkTables } from "../linkage/link-tables.ts";
import { openLinker } from "../linkage/open-model.ts";
import { give, joinedRows } from "../linkage/rows.ts";
import { linkageOptions, searchFor } from "../linkage/search.ts";
import { count } from "../numbers.ts";
import { choice, names, required, withDefault } from "../option.ts";

/** Joins two tables whose records are written differently. */
export const linkCommand = command({
  name: "link",
  computes: true,
  summary: "Join two tables whose records are written differently, by a trained model",
  arguments: [
    { name: "A", summary: "A table: csv, tsv, jsonl, json, parquet, arrow or xlsx" },
    { name: "B", summary: "The table whose records are looked for" },
  ],
  options: {
    ...linkageOptions,
    model: required(linkageOptions.model),
    on: names("Columns that are compared; those of the training unless said"),
    rightOn: names("Columns of B, where they have other names"),
    block: names("Columns that must be equal for records to be compared"),
    kind: withDefault(
      choice("How often a record of A and of B may be linked: once (1) or often (m)", linkKinds),
      "m:1",
    ),
  },
  examples: [
    "quire link a.csv b.csv --model linktransformer-1 --on name,city --out linked.csv",
    "quire link a.csv b.csv --model linktransformer-1 --on name --block country --kind 1:1 --threshold 0.7",
    "quire link a.csv b.csv --model linktransformer-1 --on name --kind m:m --k 5",
  ],
  run: async ([a = "", b = ""], given, { console }) => {
    const { model, on, rightOn, block, kind, k, threshold, out } = given;
    const [left, right] = [await readTable(a), await readTable(b)];
    const linker = await openLinker(model);
    const progress = console.progress("linking");
    const links = await linkTables(linker, left, right, {
      ...{ kind, search: await searchFor(given.search, left.rows * right.rows, console) },
      ...(on && { on }),
      ...(rightOn && { rightOn }),
      ...(block && { block }),
      ...(k !== undefined && { k }),
      ...(threshold !== undefined && { threshold }),
      onProgress: progress.update,
    }).finally(progress.finish);
    await linker.release();
    await give(joinedRows(left, right, links), out, console);
    const linked = [
      new Set(links.map((link) => link.left)),
      new Set(links.map((link) => link.right)),
    ];
    console.print(
      `${count(links.length)} links: ${count(linked[0]?.size ?? 0)} of ${count(left.rows)} records of ` +
        `${left.name} and ${count(linked[1]?.size ?? 0)} of ${count(right.rows)} of ${right.name}.`,
    );
    console.result({ links });
  },
});
