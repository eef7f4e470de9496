import { readTable } from "@quire/data/files";
import { command } from "../command.ts";
import { groupTable } from "../linkage/link-tables.ts";
import { openLinker } from "../linkage/open-model.ts";
import { extendedRows, give } from "../linkage/rows.ts";
import { linkageOptions, searchFor } from "../linkage/search.ts";
import { count } from "../numbers.ts";
import { flag, names, number, required, withDefault } from "../option.ts";

/** Finds the records of one table that are the same thing. */
export const dedupCommand = command({
  name: "dedup",
  computes: true,
  summary: "Find the records of one table that are the same thing, and keep the first of each",
  arguments: [{ name: "FILE", summary: "A table: csv, tsv, jsonl, json, parquet, arrow or xlsx" }],
  options: {
    ...linkageOptions,
    model: required(linkageOptions.model),
    threshold: withDefault(
      number("The cosine from which two records are the same", { from: -1, to: 1 }),
      0.9,
    ),
    on: names("Columns that are compared; those of the training unless said"),
    block: names("Columns that must be equal for records to be compared"),
    all: flag("Keep all records, with a column that numbers their groups"),
  },
  examples: [
    "quire dedup customers.csv --model linktransformer-1 --on name,city --out unique.csv",
    "quire dedup customers.csv --model linktransformer-1 --on name --all --threshold 0.85",
  ],
  run: async ([file = ""], given, { console }) => {
    const { model, on, block, k, threshold, all, out } = given;
    const table = await readTable(file);
    const linker = await openLinker(model);
    const progress = console.progress("grouping");
    const groups = await groupTable(linker, table, {
      ...{ threshold, search: await searchFor(given.search, table.rows ** 2, console) },
      ...(on && { on }),
      ...(block && { block }),
      ...(k !== undefined && { k }),
      onProgress: progress.update,
    }).finally(progress.finish);
    await linker.release();
    const firsts = new Set<number>();
    const kept = Array.from(groups, (_, row) => row).filter((row) => {
      const group = groups[row] as number;
      const isNew = !firsts.has(group);
      firsts.add(group);
      return all || isNew;
    });
    const added = all ? { group: (row: number) => String((groups[row] as number) + 1) } : {};
    await give(extendedRows(table, kept, added), out, console);
    console.print(`${count(table.rows)} records, ${count(firsts.size)} different ones.`);
    console.result({ records: table.rows, groups: [...groups] });
  },
});
