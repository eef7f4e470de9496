// N rows, F encoded features

import {
  DataError,
  fitNormalScores,
  fitTargetStatistics,
  informationOnClass,
  informationOnNumber,
  type NormalScores,
  normalScore,
  orderedTargetStatistics,
  type Table,
  type TabularData,
  type TabularOptions,
  tabular,
} from "@quire/data";
import { Random } from "@quire/tensor";

/** How tables become rows of numbers: plain data, fitted on training rows alone and kept with what was trained. */
export interface TabularEncoding {
  readonly target: EncodedTarget;
  /** How each column of a table is encoded. */
  readonly columns: readonly ColumnEncoding[];
  /** Which encoded numbers a row has, the one that says most of the target first; constant ones are left out. */
  readonly order: readonly number[];
  /** The share that each of them has in all that they say, in the same order. */
  readonly importance: readonly number[];
}

/** What is predicted. */
export type EncodedTarget = { readonly name: string } & (
  | { readonly predict: "class"; readonly classes: readonly string[] }
  | { readonly predict: "number"; readonly mean: number; readonly deviation: number }
);

/** How a column's values become numbers. */
export type ColumnEncoding = NumberEncoding | CategoryEncoding;

/** Numbers become normal scores, and a missing one the middle. */
export interface NumberEncoding {
  readonly name: string;
  readonly kind: "number" | "boolean" | "date";
  readonly scores: NormalScores;
  /** Where some were missing, a second number says whether one is. */
  readonly missing?: Standard;
}

/** Categories become the target's mean among them, standardised. */
export interface CategoryEncoding {
  readonly name: string;
  readonly kind: "category";
  readonly categories: readonly string[];
  readonly values: readonly number[];
  readonly missing: number;
  /** The value of a category that no training row had. */
  readonly unseen: number;
}

/** What numbers are standardised by. */
export interface Standard {
  readonly mean: number;
  readonly deviation: number;
}

/** Rows of numbers and what they should be given. */
export interface TabularRows {
  /** `[N, F]` */
  readonly inputs: Float32Array;
  /** A class's place or a standardised number each, `[N]`. */
  readonly targets: Float32Array;
  readonly size: number;
}

/** An encoding, and the rows that it was fitted on as they are learnt from. */
export interface FittedEncoding {
  readonly encoding: TabularEncoding;
  readonly rows: TabularRows;
}

/** Rows that mutual information is estimated from at most. */
const INFORMATIVE_ROWS = 10_000;

/** An encoded column, and the values that its training rows have. */
interface FittedColumn {
  readonly encoding: ColumnEncoding;
  readonly values: readonly Float64Array[];
}

/**
 * Fits an encoding on a table of training rows.
 *
 * Numbers become normal scores of their ranks, so that no unit and no outlier matters; a second number marks missing ones.
 * A category becomes the mean of the target among its rows; the training rows themselves get it from the rows before them
 * in a random order, so that no target leaks into its own row. Features are sorted by mutual information with the target.
 *
 * @throws DataError when a column is missing, no feature varies, or the target cannot be learnt from.
 */
export function fitTabularEncoding(
  table: Table,
  options: TabularOptions & { readonly seed: number },
): FittedEncoding {
  const { seed, ...columns } = options;
  const data = tabular(table, columns);
  const target = encodedTarget(data, options.target);
  const targets = encodeTargets(data.target, target);
  const random = new Random(seed).fork("encoding");
  const fitted = [
    ...data.numbers.map((name, place) => fitNumbers(table, name, columnOf(data, place))),
    ...data.categories.map((_, place) =>
      fitCategories(data, place, targets, random.fork(`column ${place}`)),
    ),
  ];
  const values = fitted.flatMap((column) => column.values);
  const { order, importance } = ranked(values, target, targets, random.fork("rows"));
  if (order.length === 0) {
    throw new DataError(
      `${table.name}: no column varies among the training rows, so nothing says anything of "${options.target}": add columns.`,
    );
  }
  const encoding = { target, columns: fitted.map((column) => column.encoding), order, importance };
  return { encoding, rows: { inputs: rowsOf(values, order), targets, size: data.size } };
}

/** Class places, or numbers less their mean over their deviation, `[N]`. */
export function encodeTargets(data: TabularData["target"], target: EncodedTarget): Float32Array {
  if (data.predict === "class") return Float32Array.from(data.labels);
  const { mean, deviation } = target as Standard & EncodedTarget;
  return Float32Array.from(data.values, (value) => (value - mean) / deviation);
}

/** The chosen columns side by side. `-> [N, F]` */
export function rowsOf(columns: readonly Float64Array[], order: readonly number[]): Float32Array {
  const size = columns[0]?.length ?? 0;
  const rows = new Float32Array(size * order.length);
  order.forEach((column, place) => {
    const values = columns[column] as Float64Array;
    for (let row = 0; row < size; row++) rows[row * order.length + place] = values[row] as number;
  });
  return rows;
}

/** The encoded values of numbers: scores, and whether one is missing where that is told. */
export function encodeNumbers(
  { scores, missing }: NumberEncoding,
  numbers: Float64Array,
): Float64Array[] {
  const known = numbers.map((value) => normalScore(scores, value));
  if (!missing) return [known];
  const { mean, deviation } = missing;
  return [known, numbers.map((value) => (Number(Number.isNaN(value)) - mean) / deviation)];
}

function encodedTarget(data: TabularData, name: string): EncodedTarget {
  if (data.target.predict === "class") {
    return { name, predict: "class", classes: data.target.classes };
  }
  return { name, predict: "number", ...standardOf(data.target.values) };
}

function columnOf({ values, numbers, size }: TabularData, place: number): Float64Array {
  return Float64Array.from({ length: size }, (_, row) => values[row * numbers.length + place] ?? 0);
}

function fitNumbers(table: Table, name: string, numbers: Float64Array): FittedColumn {
  const { kind } = table.column(name);
  const missing = standardOf(numbers.map((value) => Number(Number.isNaN(value))));
  const encoding: NumberEncoding = {
    name,
    kind: kind === "date" || kind === "boolean" ? kind : "number",
    scores: fitNormalScores(numbers),
    ...(missing.mean > 0 && missing.mean < 1 && { missing }),
  };
  return { encoding, values: encodeNumbers(encoding, numbers) };
}

/// The official code encodes its training rows by all of them, each row's own target among them. Here the order keeps
/// it out, as CatBoost does it, from which the encoding comes.
function fitCategories(
  { categories, codes, size }: TabularData,
  place: number,
  targets: Float32Array,
  random: Random,
): FittedColumn {
  const { name, categories: all } = categories[place] as TabularData["categories"][number];
  const own = Int32Array.from(
    { length: size },
    (_, row) => (codes[row * categories.length + place] as number) - 1,
  );
  const present = new Set(own);
  const { means, missing, prior } = fitTargetStatistics(own, targets, all.length);
  const served = Float64Array.from(own, (code) => (code < 0 ? missing : (means[code] as number)));
  const { mean, deviation } = standardOf(served);
  const standard = (value: number): number => (value - mean) / deviation;
  const known = all.flatMap((_, code) => (present.has(code) ? [code] : []));
  const encoding: CategoryEncoding = {
    ...{ name, kind: "category", missing: standard(missing), unseen: standard(prior) },
    categories: known.map((code) => all[code] as string),
    values: known.map((code) => standard(means[code] as number)),
  };
  const ordered = orderedTargetStatistics(own, targets, all.length, random);
  const isConstant = present.size < 2;
  return { encoding, values: [isConstant ? served.fill(0) : ordered.map(standard)] };
}

/** Mean and deviation; a deviation of 1 where nothing varies. */
function standardOf(values: ArrayLike<number>): Standard {
  const all = Float64Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / all.length) || 1 };
}

/// The features' order makes the mask of semi-permeable attention; their shares weigh the labels of Feat-Mix.
function ranked(
  columns: readonly Float64Array[],
  target: EncodedTarget,
  targets: Float32Array,
  random: Random,
): Pick<TabularEncoding, "order" | "importance"> {
  const sampled = random.permutation(targets.length).subarray(0, INFORMATIVE_ROWS);
  const of = (values: ArrayLike<number>): Float64Array =>
    Float64Array.from(sampled, (row) => values[row] as number);
  const informationOn = target.predict === "class" ? informationOnClass : informationOnNumber;
  const known = of(targets);
  const found = columns.flatMap((values, place) =>
    values.every((value) => value === values[0])
      ? []
      : [{ place, information: informationOn(of(values), known) }],
  );
  found.sort((a, b) => b.information - a.information || a.place - b.place);
  const sum = found.reduce((all, { information }) => all + information, 0);
  return {
    order: found.map(({ place }) => place),
    importance: found.map(({ information }) => (sum > 0 ? information / sum : 1 / found.length)),
  };
}
