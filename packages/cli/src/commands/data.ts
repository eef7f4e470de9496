import { type ColumnDescription, describe, type TableDescription } from "@quire/data";
import { readTable } from "@quire/data/files";
import { command } from "../command.ts";
import { dataKinds, kindOf, previewOf } from "../data-preview.ts";
import { count } from "../numbers.ts";
import { choice, text } from "../option.ts";
import { table } from "../table.ts";

/** Previews a file of data. */
export const dataCommand = command({
  name: "data",
  summary: "Preview data: a table's rows and columns, a folder's pictures by class, texts",
  arguments: [
    {
      name: "FILE",
      summary:
        "A table (csv, tsv, jsonl, json, parquet, arrow, xlsx), a text, a CoNLL, FASTA or SMILES file, or a folder of pictures by class, of texts or of SVG files",
    },
  ],
  options: {
    as: choice("What it is read as; by the endings of names unless said", dataKinds),
    sheet: text("NAME", "The sheet of a workbook, the first one unless said"),
  },
  examples: [
    "quire data prices.csv",
    "quire data sales.xlsx --sheet 2024 --json",
    "quire data flowers",
    "quire data questions.json --as squad",
  ],
  run: async ([file = ""], { as, sheet }, { console }) => {
    const kind = as ?? kindOf(file);
    if (kind !== "table") {
      const preview = await previewOf(file, kind, console);
      console.print(preview.text);
      console.result(preview);
      return;
    }
    const found = describe(await readTable(file, sheet === undefined ? {} : { sheet }));
    console.print(previewText(found));
    console.result(found);
  },
});

function previewText({ name, format, rows, columns }: TableDescription): string {
  const titles = [
    { title: "column" },
    { title: "kind" },
    { title: "missing", align: "right" } as const,
    { title: "values" },
    { title: "first ones" },
  ];
  const lines = columns.map((column) => [
    column.name,
    column.kind,
    count(column.missing),
    valuesText(column),
    column.examples.map(cut).join(", "),
  ]);
  const size = `${count(rows)} ${rows === 1 ? "row" : "rows"}, ${columns.length} ${columns.length === 1 ? "column" : "columns"}`;
  return `${name}: ${format}; ${size}\n\n${table(titles, lines)}`;
}

function valuesText({ range, categories }: ColumnDescription): string {
  if (range) return range[0] === range[1] ? range[0] : `${range[0]} to ${range[1]}`;
  return categories === undefined ? "" : `${count(categories)} different`;
}

const LONGEST = 24;

/** One line of a value, shortened. */
function cut(value: string): string {
  const line = value.replace(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 3)}...` : line;
}
