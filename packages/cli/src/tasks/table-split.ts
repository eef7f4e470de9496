import {
  groupSplit,
  randomSplit,
  type Split,
  stratifiedSplit,
  type Table,
  timeSplit,
} from "@quire/data";
import { UsageError } from "../errors.ts";
import type { Option } from "../option.ts";

/** How a table's rows are parted. */
export type SplitWay =
  | { readonly by: "random" | "stratified" }
  | { readonly by: "group" | "time"; readonly column: string };

/** The option that says how rows are parted; by the target where it is left out. */
export const splitOption: Option<SplitWay | undefined> = {
  value: "random|stratified|group:COLUMN|time:COLUMN",
  summary:
    "How rows are parted: at random, classes in proportion, whole groups, or the latest apart; in proportion where a class " +
    "is predicted unless said",
  absent: { value: undefined },
  read: (given, flag) => {
    if (given === "random" || given === "stratified") return { by: given };
    const [, by, column] = /^(group|time):(.+)$/.exec(given) ?? [];
    if (column !== undefined) return { by: by as "group" | "time", column };
    throw new UsageError(
      `${flag} takes random, stratified, group:COLUMN or time:COLUMN, got "${given}".`,
    );
  },
};

/** What a table is parted for. */
export interface Parting {
  readonly target: string;
  /** Whether the target is a class. */
  readonly isClass: boolean;
  /** Shares of the rows. */
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

/**
 * Parts a table's rows.
 *
 * @throws DataError when a part would be empty; UsageError when a way does not fit the target.
 */
export function splitTable(table: Table, way: SplitWay | undefined, parting: Parting): Split {
  const { target, isClass, ...shares } = parting;
  switch (way?.by ?? (isClass ? "stratified" : "random")) {
    case "stratified": {
      if (!isClass) {
        throw new UsageError(
          `--split stratified keeps classes in proportion, and "${target}" is a number: use random.`,
        );
      }
      const { codes, categories } = table.categories(target);
      return stratifiedSplit(codes, categories, shares);
    }
    case "group":
      return groupSplit(table.completeTexts(columnOf(way)), shares);
    case "time":
      return timeSplit(timesOf(table, columnOf(way)), shares);
    default:
      return randomSplit(table.rows, shares);
  }
}

function columnOf(way: SplitWay | undefined): string {
  return way && "column" in way ? way.column : "";
}

/** Dates, or numbers that grow with time. */
function timesOf(table: Table, name: string): Float64Array {
  return table.column(name).kind === "date" ? table.dates(name) : table.numbers(name);
}
