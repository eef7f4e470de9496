import type { TaskName } from "@quire/papers";
import { loadPaper, paperIds } from "../papers.ts";
import { below, UPLOADS } from "./run-names.ts";
import type { Order } from "./trainings.ts";

/** What a page sends to start a training. */
interface GivenOrder {
  readonly paper?: unknown;
  readonly file?: unknown;
  readonly column?: unknown;
  readonly epochs?: unknown;
  readonly horizon?: unknown;
}

/** The option that the task calls its column by, and what the column is. */
const columns: Readonly<Partial<Record<TaskName, readonly [flag: string, what: string]>>> = {
  "tabular-prediction": ["--target", "is predicted"],
  forecasting: ["--target", "is forecast"],
  linkage: ["--group", "says which rows are the same thing"],
};

/** Checks what a page asks for; gives what is wrong with it as a sentence. */
export async function orderOf(folder: string, given: GivenOrder): Promise<Order | string> {
  const { paper, file, column, epochs, horizon } = given;
  if (typeof paper !== "string" || !paperIds().includes(paper)) {
    return "Choose one of the papers that run.";
  }
  const data = typeof file === "string" ? below(folder, UPLOADS, file) : undefined;
  if (data === undefined) return "Send a file first, then name it.";
  const { task } = await loadPaper(paper);
  const [flag, what] = columns[task] ?? [];
  const hasColumn = typeof column === "string" && column.trim() !== "" && column.length <= 200;
  if (flag && !hasColumn) return `Name the column that ${what}.`;
  const isForecast = task === "forecasting";
  if (isForecast && !isWhole(horizon, 10_000)) return "Say how many steps are forecast.";
  const options = [
    ...(flag && hasColumn ? [`${flag}=${column}`] : []),
    ...(isWhole(epochs, 100_000) ? [`--epochs=${epochs}`] : []),
    ...(isForecast ? [`--horizon=${horizon}`] : []),
  ];
  return { paper, data, options };
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}
