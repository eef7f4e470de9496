import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile, tableEndings } from "../task-answer.ts";
import { givenTable } from "./given-table.ts";
import { Linker } from "./linker.ts";

/** Names that are compared with one another, at most. */
const MOST_NAMES = 24;

/** Names are compared. */
export const linkageAnswer = answersFiles(
  Linker,
  {
    text: "Drop a table or a list of names, and see which of them belong together.",
    accept: tableEndings,
  },
  alike,
);

async function alike(linker: Linker, given: GivenFile): Promise<Figure[]> {
  const table = await givenTable(given);
  const column = table.columns[0]?.name ?? "";
  // A list without a title: its first line is a name like the others.
  const all = [column, ...table.texts(column)].flatMap((name) => name ?? []);
  const isTitled = table.columns.length > 1;
  const names = all.slice(isTitled ? 1 : 0, MOST_NAMES);
  const { values, width } = await linker.embed(names.map((name) => [name]));
  const cosine = (a: number, b: number): number => {
    let total = 0;
    for (let i = 0; i < width; i++) {
      total += (values[a * width + i] as number) * (values[b * width + i] as number);
    }
    return total;
  };
  return [
    {
      ...{ kind: "heat", title: "Which of them belong together" },
      ...{ rows: names, columns: names },
      values: names.map((_, a) => names.map((__, b) => cosine(a, b))),
    },
  ];
}
