import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile, tableEndings } from "../task-answer.ts";
import { givenTable } from "./given-table.ts";
import { TabularPredictor } from "./tabular-predictor.ts";

/** Rows that are shown of a table, at most. */
const MOST_ROWS = 40;

/** Rows of a table are predicted. */
export const tabularAnswer = answersFiles(
  TabularPredictor,
  {
    text: "Drop a table with the columns that it learnt from, and every row is predicted.",
    accept: tableEndings,
  },
  predicted,
);

async function predicted(system: TabularPredictor, given: GivenFile): Promise<Figure[]> {
  const table = await givenTable(given);
  const said = await system.predict(table);
  const line = (row: number): string => {
    if (said.predict === "number") return String(said.values[row]);
    const { classes, probabilities } = said;
    const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    const best = own.indexOf(Math.max(...own));
    return `${classes[best]}  ${(100 * (own[best] as number)).toFixed(1)} %`;
  };
  const rows = Math.min(table.rows, MOST_ROWS);
  const lines = Array.from(
    { length: rows },
    (_, row) => `row ${String(row + 1).padStart(3)}  ${line(row)}`,
  );
  const rest = table.rows > rows ? [`and ${table.rows - rows} more`] : [];
  const { target } = system.description.encoding;
  const title = `What it predicts of ${"name" in target ? String(target.name) : "each row"}`;
  return [{ kind: "text", title, text: [...lines, ...rest].join("\n") }];
}
