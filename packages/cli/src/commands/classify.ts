import { readTable } from "@quire/data/files";
import { recordsOf } from "@quire/papers";
import { command } from "../command.ts";
import { openLinker } from "../linkage/open-model.ts";
import { extendedRows, give } from "../linkage/rows.ts";
import { count } from "../numbers.ts";
import { names, required, text } from "../option.ts";

/** Gives each record of a table its class. */
export const classifyCommand = command({
  name: "classify",
  computes: true,
  summary: "Give each record of a table its class, by a model trained with --class",
  arguments: [{ name: "FILE", summary: "A table: csv, tsv, jsonl, json, parquet, arrow or xlsx" }],
  options: {
    model: required(text("MODEL", "A run that was trained with --class, or its name")),
    on: names("Columns that are read; those of the training unless said"),
    out: text("FILE", "Where the table is written, as csv; shown in part unless said"),
  },
  examples: ["quire classify reports.csv --model topics --on text --out classified.csv"],
  run: async ([file = ""], { model, on, out }, { console }) => {
    const table = await readTable(file);
    const linker = await openLinker(model);
    const progress = console.progress("classifying");
    const records = recordsOf(table, on ?? linker.description.fields);
    const found = await linker
      .classify(records, { onProgress: progress.update })
      .finally(progress.finish);
    await linker.release();
    const rows = found.map((_, row) => row);
    const likely = (row: number): number => Math.max(...(found[row]?.probabilities ?? [0]));
    const added = {
      class: (row: number) => found[row]?.label ?? "",
      probability: (row: number) => likely(row).toFixed(4),
    };
    await give(extendedRows(table, rows, added), out, console);
    console.print(
      `${count(found.length)} records in ${linker.description.classes?.length} classes.`,
    );
    console.result({ classes: found.map(({ label }) => label) });
  },
});
