import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { dateText, isNumeric } from "../tables/column.ts";
import type { Table } from "../tables/table.ts";
import { checkRows } from "./task-columns.ts";
import { follows, stepBetween, stepText, type TimeStep } from "./time-step.ts";

/** Which columns a forecast is about. */
export interface ForecastingOptions {
  /** The column of times; the first column of dates unless said. */
  readonly time?: string;
  /** The columns to forecast; every column of numbers unless said. */
  readonly targets?: readonly string[];
  /** The column that names the series of a row, where a table holds several; none unless said. */
  readonly series?: string;
  /** True where each row is one step, however much time lies between: trading days, events. */
  readonly irregular?: boolean;
  /** Columns of numbers that help to forecast and are known of the past only; none unless said. */
  readonly past?: readonly string[];
  /**
   * Columns of numbers that help to forecast and are known ahead, such as prices that are set; none unless said. Rows
   * after the last one with targets may hold them alone.
   */
  readonly known?: readonly string[];
}

/** One series of a forecasting data set, in order of time. */
export interface Series {
  /** The series' name, empty where there is only one. */
  readonly name: string;
  /** Milliseconds since 1970, `[T]`. */
  readonly times: Float64Array;
  /** The channels' values, `[T, C]`. */
  readonly values: Float64Array;
  /** What is known of the steps that follow, where something is. */
  readonly ahead?: SeriesAhead;
}

/** Rows after the end of a series that hold only what is known ahead. */
export interface SeriesAhead {
  /** Milliseconds since 1970, `[A]`. */
  readonly times: Float64Array;
  /** `[A, V]` */
  readonly values: Float64Array;
}

/** Series of numbers over time. Format: a table with a column of times and columns of numbers, one row a step. */
export interface ForecastingData {
  /** The name of the column of times. */
  readonly time: string;
  /** The channels' names, `[C]`: the targets, then what is known of the past only, then what is known ahead. */
  readonly channels: readonly string[];
  /** How many of them, the first ones, are to be forecast. */
  readonly targets: number;
  /** How many of them, the last ones, are known ahead. */
  readonly known: number;
  readonly series: readonly Series[];
  /** The step between rows as text: `1 day`, `15 minutes`, `irregular`. */
  readonly step: string;
  /** How many steps there are in all series. */
  readonly size: number;
  describe(): string;
}

/**
 * Reads series for forecasting from a table whose rows may be in any order.
 *
 * @throws DataError when a column is missing or of the wrong kind, a number is missing or infinite, a time comes
 * twice in a series, steps are not regular, or a series has fewer than two rows.
 */
export function forecasting(table: Table, options: ForecastingOptions = {}): ForecastingData {
  checkRows(table, 2, "a forecast");
  const time = options.time ?? firstDates(table);
  const times = table.dates(time);
  for (let row = 0; row < times.length; row++) {
    if (Number.isNaN(times[row])) {
      throw table.wrongValue(row, time, "the time is missing: fill it in or leave the row out.");
    }
  }
  const { past = [], known = [] } = options;
  const targets = options.targets ?? numberColumns(table, [options.series, ...past, ...known]);
  if (targets.length === 0) {
    throw new DataError(`${table.name} has no column of numbers to forecast: add one.`);
  }
  const channels = [...targets, ...past, ...known];
  checkOnce(table, channels);
  // A wrong name is told of before anything that the wrong rows of it might cause.
  for (const name of channels) table.numbers(name);
  const sorted = rowsOfSeries(table, options.series).map(([name, rows]) => ({
    name,
    rows: rows.sort((a, b) => (times[a] as number) - (times[b] as number)),
  }));
  const step = options.irregular
    ? undefined
    : commonStep(
        table,
        time,
        sorted.map(({ rows }) => rows),
        times,
      );
  if (options.irregular) checkDifferent(table, time, sorted, times);
  const columns = columnsOf(table, [...targets, ...past], known, sorted);
  const series = sorted.map(({ name, rows }) => seriesOf(name, rows, times, columns));
  const stepName = step ? stepText(step) : "irregular";
  return {
    ...{ time, channels, targets: targets.length, known: known.length, series },
    ...{ step: stepName, size: table.rows },
    describe: () => describeSeries(channels, series, stepName),
  };
}

function firstDates(table: Table): string {
  const found = table.columns.find(({ kind }) => kind === "date");
  if (found) return found.name;
  throw new DataError(
    `${table.name} has no column of dates: write times such as 2024-01-31 06:30, or name the column of times.`,
  );
}

function numberColumns(table: Table, others: readonly (string | undefined)[]): string[] {
  return table.columns
    .filter(
      (column) => isNumeric(column) && column.kind !== "date" && !others.includes(column.name),
    )
    .map(({ name }) => name);
}

function checkOnce(table: Table, channels: readonly string[]): void {
  const twice = channels.find((name, place) => channels.indexOf(name) !== place);
  if (twice === undefined) return;
  throw new DataError(
    `${table.name}, column "${twice}": it is named twice among targets and covariates; name it once.`,
  );
}

/** The channels' columns, and how many rows at the end of each series hold only what is known ahead. */
interface Columns {
  readonly unknown: readonly Float64Array[];
  readonly known: readonly Float64Array[];
  readonly isAhead: (row: number) => boolean;
}

function columnsOf(
  table: Table,
  unknown: readonly string[],
  known: readonly string[],
  sorted: readonly { readonly rows: readonly number[] }[],
): Columns {
  const values = unknown.map((name) => table.numbers(name));
  const ahead = new Set<number>();
  for (const { rows } of known.length === 0 ? [] : sorted) {
    const last = rows.findLastIndex((row) => values.some((column) => !Number.isNaN(column[row])));
    for (const row of rows.slice(last + 1)) ahead.add(row);
  }
  const rest = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !ahead.has(row));
  const complete = ahead.size === 0 ? table : table.select(rest);
  for (const name of unknown) complete.completeNumbers(name);
  return {
    unknown: values,
    known: known.map((name) => table.completeNumbers(name)),
    isAhead: (row) => ahead.has(row),
  };
}

function rowsOfSeries(table: Table, series: string | undefined): (readonly [string, number[]])[] {
  const all = Array.from({ length: table.rows }, (_, row) => row);
  if (series === undefined) return [["", all]];
  const groups = new Map<string, number[]>();
  table.completeTexts(series).forEach((name, row) => {
    const rows = groups.get(name) ?? [];
    groups.set(name, rows);
    rows.push(row);
  });
  for (const [name, rows] of groups) {
    if (rows.length > 1) continue;
    throw table.wrongValue(
      rows[0] as number,
      series,
      `series "${name}" has one row only: add rows or leave it out.`,
    );
  }
  return [...groups];
}

function checkDifferent(
  table: Table,
  time: string,
  sorted: readonly { readonly rows: readonly number[] }[],
  times: Float64Array,
): void {
  for (const { rows } of sorted) {
    for (let i = 1; i < rows.length; i++) {
      const [before, row] = [rows[i - 1] as number, rows[i] as number];
      if (times[before] === times[row]) throw twice(table, time, before, row);
    }
  }
}

function twice(table: Table, time: string, before: number, row: number): DataError {
  const value = dateText(table.dates(time)[row] as number);
  return table.wrongValue(
    row,
    time,
    `${value} stands in ${table.place(before)} already: keep one row a time, or name the column that tells ` +
      "series apart.",
  );
}

/** The step that most rows follow the one before by; every other one is refused. */
function commonStep(
  table: Table,
  time: string,
  series: readonly (readonly number[])[],
  times: Float64Array,
): TimeStep {
  const counts = new Map<string, { readonly step: TimeStep; count: number }>();
  for (const [before, row] of neighbours(series)) {
    if (times[before] === times[row]) throw twice(table, time, before, row);
    const step = stepBetween(times[before] as number, times[row] as number);
    const entry = counts.get(stepText(step)) ?? { step, count: 0 };
    counts.set(stepText(step), entry);
    entry.count++;
  }
  const [common] = [...counts.values()].sort((a, b) => b.count - a.count);
  const { step } = common as { readonly step: TimeStep };
  for (const [before, row] of neighbours(series)) {
    const [from, to] = [times[before] as number, times[row] as number];
    if (follows(from, to, step)) continue;
    throw table.wrongValue(
      row,
      time,
      `${dateText(to)} follows ${dateText(from)} by ${stepText(stepBetween(from, to))}, where others follow by ` +
        `${stepText(step)}: add the rows between, or count every row as a step (irregular).`,
    );
  }
  return step;
}

function* neighbours(
  series: readonly (readonly number[])[],
): Generator<readonly [number, number], undefined> {
  for (const rows of series) {
    for (let i = 1; i < rows.length; i++) yield [rows[i - 1] as number, rows[i] as number];
  }
}

function seriesOf(
  name: string,
  rows: readonly number[],
  times: Float64Array,
  { unknown, known, isAhead }: Columns,
): Series {
  const now = rows.filter((row) => !isAhead(row));
  const later = rows.filter(isAhead);
  const timesOf = (of: readonly number[]): Float64Array =>
    Float64Array.from(of, (row) => times[row] as number);
  const series = { name, times: timesOf(now), values: valuesOf(now, [...unknown, ...known]) };
  if (later.length === 0) return series;
  return { ...series, ahead: { times: timesOf(later), values: valuesOf(later, known) } };
}

/** `[rows, columns]` */
function valuesOf(rows: readonly number[], columns: readonly Float64Array[]): Float64Array {
  const values = new Float64Array(rows.length * columns.length);
  rows.forEach((row, step) => {
    columns.forEach((column, channel) => {
      values[step * columns.length + channel] = column[row] as number;
    });
  });
  return values;
}

function describeSeries(
  channels: readonly string[],
  series: readonly Series[],
  step: string,
): string {
  const lengths = series.map(({ times }) => times.length);
  const [low, high] = [Math.min(...lengths), Math.max(...lengths)];
  const first = Math.min(...series.map(({ times }) => times[0] as number));
  const last = Math.max(...series.map(({ times }) => times.at(-1) as number));
  const count = counted(series.length, "series");
  const steps = low === high ? `${low} steps` : `${low} to ${high} steps`;
  const every = step === "irregular" ? "at irregular times" : `every ${step}`;
  return (
    `${count} of ${steps} ${every}, ${dateText(first)} to ${dateText(last)}; ` +
    `channels: ${channels.join(", ")}`
  );
}
