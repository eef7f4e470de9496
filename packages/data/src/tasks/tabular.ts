import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { isNumeric } from "../tables/column.ts";
import type { Table } from "../tables/table.ts";
import { checkRows, type Labels, readLabels } from "./task-columns.ts";

/** Which column is predicted from which. */
export interface TabularOptions {
  /** The column to predict. */
  readonly target: string;
  /** The columns to predict from; all others except texts unless said. */
  readonly features?: readonly string[];
  /** Whether a class or a number is predicted; by the target's kind unless said. */
  readonly predict?: "class" | "number";
}

/** A feature whose values are categories. */
export interface CategoryFeature {
  readonly name: string;
  /** What a code from 1 on means; 0 is a missing value. */
  readonly categories: readonly string[];
}

/** Rows of features and a target. Format: a table, one row an example. */
export interface TabularData {
  /** Names of the features that are numbers, dates and booleans among them. */
  readonly numbers: readonly string[];
  /** Their values, `[N, F]`, NaN where one is missing. */
  readonly values: Float64Array;
  readonly categories: readonly CategoryFeature[];
  /** The categories' codes, `[N, G]`. */
  readonly codes: Int32Array;
  readonly target: (Labels & { readonly predict: "class" }) | NumberTarget;
  readonly size: number;
  describe(): string;
}

/** A number to predict, one a row. */
export interface NumberTarget {
  readonly predict: "number";
  readonly values: Float64Array;
}

/**
 * Reads features and a target from a table.
 *
 * @throws DataError when a column is missing, the target is missing or infinite in a row or is among the features,
 * a feature is a text, or there are fewer than two rows.
 */
export function tabular(table: Table, options: TabularOptions): TabularData {
  checkRows(table, 2, "a prediction");
  const target = readTarget(table, options);
  const features = (options.features ?? otherColumns(table, options.target)).map((name) =>
    table.column(name),
  );
  checkFeatures(table, features, options.target);
  const numeric = features.filter(isNumeric);
  const categorical = features.flatMap((column) => (column.kind === "category" ? [column] : []));
  return {
    numbers: numeric.map(({ name }) => name),
    values: interleave(
      numeric.map(({ values }) => values),
      new Float64Array(table.rows * numeric.length),
    ),
    categories: categorical.map(({ name, categories }) => ({ name, categories })),
    codes: interleave(
      categorical.map(({ codes }) => codes.map((code) => code + 1)),
      new Int32Array(table.rows * categorical.length),
    ),
    target,
    size: table.rows,
    describe: () => {
      const what =
        target.predict === "number"
          ? "a number"
          : `${counted(target.classes.length, "class")} (${target.classes.slice(0, 5).join(", ")}${target.classes.length > 5 ? ", ..." : ""})`;
      return (
        `${counted(table.rows, "row")}; ${options.target} is ${what}, predicted from ${counted(numeric.length, "number")} and ` +
        `${counted(categorical.length, "category")}`
      );
    },
  };
}

function readTarget(table: Table, { target, predict }: TabularOptions): TabularData["target"] {
  const { kind } = table.column(target);
  const chosen = predict ?? (kind === "number" || kind === "integer" ? "number" : "class");
  if (chosen === "number") return { predict: chosen, values: table.completeNumbers(target) };
  return { predict: chosen, ...readLabels(table, target) };
}

function otherColumns(table: Table, target: string): string[] {
  return table.columns
    .filter(({ name, kind }) => name !== target && kind !== "text")
    .map(({ name }) => name);
}

function checkFeatures(
  { name }: Table,
  features: readonly { readonly name: string; readonly kind: string }[],
  target: string,
): void {
  if (features.length === 0) {
    throw new DataError(
      `${name} has no column to predict "${target}" from: add a column of numbers or categories.`,
    );
  }
  for (const feature of features) {
    if (feature.name === target) {
      throw new DataError(
        `${name}: column "${target}" is the target and a feature: take it out of the features.`,
      );
    }
    if (feature.kind === "text") {
      throw new DataError(
        `${name}: column "${feature.name}" holds texts, and features are numbers or categories: leave it out, or set ` +
          'its kind to "category".',
      );
    }
  }
}

function interleave<T extends Float64Array | Int32Array>(columns: readonly T[], into: T): T {
  columns.forEach((column, place) => {
    for (let row = 0; row < column.length; row++) {
      into[row * columns.length + place] = column[row] as number;
    }
  });
  return into;
}
