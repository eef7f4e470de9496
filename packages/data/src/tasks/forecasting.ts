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
}

/** One series of a forecasting data set, in order of time. */
export interface Series {
  /** The series' name, empty where there is only one. */
  readonly name: string;
  /** Milliseconds since 1970, `[T]`. */
  readonly times: Float64Array;
  /** The channels' values, `[T, C]`. */
  readonly values: Float64Array;
}

/** Series of numbers over time. Format: a table with a column of times and columns of numbers, one row a step. */
export interface ForecastingData {
  /** The channels' names, `[C]`. */
  readonly channels: readonly string[];
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
  const channels = options.targets ?? numberColumns(table, options.series);
  if (channels.length === 0) {
    throw new DataError(`${table.name} has no column of numbers to forecast: add one.`);
  }
  const columns = channels.map((name) => table.completeNumbers(name));
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
  const series = sorted.map(({ name, rows }) => seriesOf(name, rows, times, columns));
  const stepName = step ? stepText(step) : "irregular";
  return {
    channels,
    series,
    step: stepName,
    size: table.rows,
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

function numberColumns(table: Table, series: string | undefined): string[] {
  return table.columns
    .filter((column) => isNumeric(column) && column.kind !== "date" && column.name !== series)
    .map(({ name }) => name);
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
        `${stepText(step)}: add the rows between, or set irregular to count every row as a step.`,
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
  columns: readonly Float64Array[],
): Series {
  const values = new Float64Array(rows.length * columns.length);
  rows.forEach((row, step) => {
    columns.forEach((column, channel) => {
      values[step * columns.length + channel] = column[row] as number;
    });
  });
  return { name, times: Float64Array.from(rows, (row) => times[row] as number), values };
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
