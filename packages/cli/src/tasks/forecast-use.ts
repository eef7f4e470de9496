import { join } from "node:path";
import {
  dateText,
  delimitedText,
  type ForecastingData,
  ForecastWindows,
  forecasting as readSeries,
  type Series,
} from "@quire/data";
import { readTable } from "@quire/data/files";
import {
  type ForecastTarget,
  forecastFigure,
  type SeriesForecast,
  type SeriesForecaster,
  type Stretch,
  scaledSeries,
  scaleOf,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { writeWhole } from "../files.ts";
import { flag, text } from "../option.ts";
import { figureBody } from "../report/figures.ts";
import { page, type Section } from "../report/html.ts";
import { table } from "../table.ts";
import { seriesOptions } from "./series-options.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** Options of predicting. */
export const predictOptions = {
  out: text(
    "FILE.csv",
    "Where the forecast is written; forecast.csv in the run's folder unless said",
  ),
  holdBack: flag("Forecast the last steps of the data instead, to be seen beside what came"),
};

const tableData = {
  value: "FILE",
  summary: "A table with the columns that the run was trained on",
};

/** Rows that are printed. */
const SHOWN = 12;
/** Plots that are drawn at most. */
const DRAWN = 24;
/** How many contexts of history a plot shows. */
const HISTORY = 2;

/** Forecasts what follows the end of series. */
export const predictSeries: PredictSpec<SeriesForecaster, typeof predictOptions> = {
  data: tableData,
  options: predictOptions,
  examples: [
    "quire predict informer-1 --data sales.csv",
    "quire predict informer-1 --data sales.csv --out next.csv",
    "quire predict informer-1 --data sales.csv --hold-back",
  ],
  run: async (system, path, { out, holdBack }, { folder, options, console }) => {
    const data = await seriesFor(system, path, options);
    const given = holdBack
      ? data.series.map((series) => shortened(series, system.description.target, path))
      : data.series;
    const forecasts = await system.predict(given);
    const file = out ?? join(folder, "forecast.csv");
    const { names, rows } = rowsOf(system, data, forecasts);
    await writeWhole(file, delimitedText(names, rows));
    const plot = `${file.replace(/\.csv$/i, "")}.html`;
    await writeWhole(plot, await plotOf(system, given, forecasts, data.series));
    const numbers = names.map((title, i) => ({ title, ...(i > 0 && { align: "right" as const }) }));
    const shown = rows.slice(0, SHOWN).map((row) => row.map(String));
    const more = rows.length > SHOWN ? `\n... ${rows.length - SHOWN} rows more` : "";
    console.print(`${table(numbers, shown)}${more}\nWrote ${file} and ${plot}.`);
    console.result({
      file,
      plot,
      forecast: rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))),
    });
  },
};

/** Measures a forecaster on all windows of series. */
export const evaluateForecasts: EvaluateSpec<SeriesForecaster> = {
  data: tableData,
  run: async (system, path, { options }) => {
    const { series } = await seriesFor(system, path, options);
    const { target, scales } = system.description;
    const windows = new ForecastWindows(
      series.map((one) =>
        scaledSeries(one, scales[one.name] ?? scaleOf(one, target.channels, one.times.length)),
      ),
      target,
    );
    if (windows.size === 0) {
      const { context, horizon } = target;
      throw new UsageError(
        `"${path}" is too short to measure: give at least ${context + horizon} steps, ${context} to read and ${horizon} to forecast.`,
      );
    }
    return await forecastEvaluation(system, windows);
  },
};

/** Measures a forecaster on windows; they overlap, so that no interval is given. */
export async function forecastEvaluation(
  system: SeriesForecaster,
  windows: ForecastWindows,
): Promise<Evaluation> {
  const { mse, mae, naive, distances } = await system.evaluate(windows);
  const number = { as: "number", better: "lower" } as const;
  const { channels } = system.description;
  return {
    ...{ count: windows.size, what: "windows" },
    metrics: [
      { name: "mse", ...number, value: mse },
      { name: "mae", ...number, value: mae },
      { name: "naiveMse", ...number, value: naive.mse },
      { name: "naiveMae", ...number, value: naive.mae },
      ...distances.flatMap((value, i) => [
        { name: `mae of ${channels[i]}, in units`, ...number, value },
        {
          name: `naive mae of ${channels[i]}, in units`,
          ...number,
          value: naive.distances[i] as number,
        },
      ]),
    ],
  };
}

/**
 * Series of a file as a run's training read them.
 *
 * @throws UsageError when the time between steps is not the run's.
 */
async function seriesFor(
  { description }: SeriesForecaster,
  path: string,
  options: Readonly<Record<string, unknown>>,
): Promise<ForecastingData> {
  const { channels, step, target } = description;
  const named = { ...options, target: channels.slice(0, target.outputs) };
  const data = readSeries(await readTable(path), seriesOptions(named));
  if (data.step === step) return data;
  throw new UsageError(
    `"${path}" has a row every ${data.step}, and the run was trained on a row every ${step}: give steps like those.`,
  );
}

/** A series without its last steps. */
function shortened(series: Series, target: ForecastTarget, path: string): Series {
  const { horizon: steps, channels, known } = target;
  const { times, values, name } = series;
  const left = times.length - steps;
  if (left > 0) {
    const kept = {
      name,
      times: times.subarray(0, left),
      values: values.subarray(0, left * channels),
    };
    const ahead = Float64Array.from({ length: steps * known }, (_, i) => {
      const [step, column] = [Math.floor(i / known), i % known];
      return values[(left + step + 1) * channels - known + column] as number;
    });
    return { ...kept, ahead: { times: times.subarray(left), values: ahead } };
  }
  throw new UsageError(
    `"${path}" has a series of ${times.length} steps: --hold-back needs more than the ${steps} that are forecast.`,
  );
}

function rowsOf(
  { description }: SeriesForecaster,
  data: ForecastingData,
  forecasts: readonly SeriesForecast[],
): { readonly names: string[]; readonly rows: (string | number)[][] } {
  const { channels, target } = description;
  const { outputs } = target;
  const several = forecasts.some(({ name }) => name !== "");
  const names = [data.time, ...(several ? ["series"] : []), ...channels.slice(0, outputs)];
  const rows = forecasts.flatMap(({ name, times, values }) =>
    Array.from(times, (time, step) => [
      dateText(time),
      ...(several ? [name] : []),
      ...Array.from(values.subarray(step * outputs, (step + 1) * outputs), (value) =>
        Number(value.toPrecision(7)),
      ),
    ]),
  );
  return { names, rows };
}

async function plotOf(
  { description }: SeriesForecaster,
  given: readonly Series[],
  forecasts: readonly SeriesForecast[],
  whole: readonly Series[],
): Promise<string> {
  const { channels, target } = description;
  const sections: Section[] = [];
  for (const [place, { name, times, values }] of forecasts.entries()) {
    for (let channel = 0; channel < target.outputs && sections.length < DRAWN; channel++) {
      const [past, all] = [given[place], whole[place]] as [Series, Series];
      const from = Math.max(0, past.times.length - HISTORY * target.context);
      const of = channels[channel] as string;
      const title = name === "" ? of : `${name}: ${of}`;
      const truth = stretchOf(all, channel, past.times.length, past.times.length + target.horizon);
      const said = Array.from(
        times,
        (_, step) => values[step * target.outputs + channel] as number,
      );
      const figure = forecastFigure({
        ...{ title, of, past: stretchOf(past, channel, from, past.times.length) },
        forecasts: { forecast: { times, values: said } },
        ...(truth.times.length > 0 && { truth }),
      });
      sections.push({ title, body: await figureBody(figure) });
    }
  }
  return page(`Forecast of ${channels.slice(0, target.outputs).join(", ")}`, sections);
}

function stretchOf({ times, values }: Series, channel: number, from: number, to: number): Stretch {
  const channels = values.length / times.length;
  const taken = times.slice(from, to);
  return {
    times: taken,
    values: Array.from(taken, (_, i) => values[(from + i) * channels + channel] as number),
  };
}
