import {
  type ForecastBatch,
  type ForecastingData,
  forecasting as readSeries,
  seasonOf,
  usualStep,
} from "@quire/data";
import { readTable } from "@quire/data/files";
import {
  describeForecastModel,
  type Forecaster,
  type ForecastModelDescription,
  forecastRecipeFor,
  type PreparedForecast,
  planForecastTraining,
  prepareForecast,
  SeriesForecaster,
} from "@quire/papers";
import { count } from "../numbers.ts";
import { flag, names, number, required, text, whole, withDefault } from "../option.ts";
import { forecastSections } from "../report/forecast-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import {
  evaluateForecasts,
  forecastEvaluation,
  type predictOptions,
  predictSeries,
} from "./forecast-use.ts";
import { seriesOptions } from "./series-options.ts";
import { task } from "./task.ts";

const options = {
  target: names("Columns to forecast; every column of numbers unless said"),
  horizon: required(whole("Steps that are forecast", { from: 1, to: 100_000 })),
  context: whole("Steps of the past that are read; four horizons or two seasons unless said", {
    from: 2,
    to: 100_000,
  }),
  covariates: names("Columns of numbers that help and are known of the past only"),
  known: names("Columns of numbers that help and are known ahead, such as holidays"),
  time: text("COLUMN", "The column of times; the first column of dates unless said"),
  series: text("COLUMN", "The column that tells series apart, where the table holds several"),
  season: whole(
    "Steps after which the naive forecast repeats; by the time between steps unless said",
    {
      from: 1,
    },
  ),
  irregular: flag("Count every row as a step, however much time lies between: trading days"),
  validation: withDefault(
    number("Share of the steps, the latest, that is kept apart to measure", { above: 0, to: 0.9 }),
    0.2,
  ),
};

/** Series as they were read, and cut. */
interface SeriesToLearn {
  readonly data: ForecastingData;
  readonly prepared: PreparedForecast;
}

/** Series of numbers over time in, their next steps out. */
export const forecasting = task<
  typeof options,
  SeriesToLearn,
  SeriesForecaster,
  ForecastBatch,
  typeof predictOptions
>({
  name: "forecasting",
  title: "forecasting",
  data: {
    value: "FILE",
    summary: "A table (CSV, Parquet, Excel ...) with a column of times, a row a step",
  },
  options,
  recipe: {},
  examples: [
    "quire train informer --data sales.csv --target sales --horizon 14",
    "quire train informer --data load.csv --target load,price --horizon 24 --context 168 --known holiday",
    "quire train informer --data shops.csv --target sales --series shop --horizon 7",
  ],
  read: async (path, given) => {
    const data = readSeries(await readTable(path), seriesOptions(given));
    const season = given.season ?? seasonOf(usualStep(data.series[0]?.times ?? []));
    const context = given.context ?? usualContext(data, given.horizon, season);
    const { horizon, validation } = given;
    return { data, prepared: prepareForecast(data, { context, horizon, validation, season }) };
  },
  fingerprint: ({ data: { channels, series } }) =>
    fingerprintOf(
      channels.join("\n"),
      ...series.flatMap(({ name, times, values }) => [name, times, values]),
    ),
  presetFor: ({ presets }) => Object.keys(presets)[0] ?? "",
  recipeFor: ({ recipe }, { prepared }) =>
    forecastRecipeFor(recipe as Parameters<typeof forecastRecipeFor>[0], prepared.train.size),
  begin: ({ paper, build, preset, settings, data, recipe, extras, seed }) => {
    const { prepared } = data;
    const description = describeForecastModel({
      ...{ paper: paper.id, preset, options: settings, data: prepared },
    });
    const system = new SeriesForecaster(
      build(settings, description.target) as Forecaster,
      description,
    );
    const { train, validation, target, step, season } = prepared;
    const plan = planForecastTraining(system, { train, validation, recipe, extras, seed });
    return {
      ...{ system, plan },
      facts: [
        ["series", data.data.describe()],
        ["windows", `${count(train.size)} to train, ${count(validation.size)} to measure`],
        ["forecast", `${target.horizon} steps of ${step} from ${target.context}; season ${season}`],
      ],
    };
  },
  open: ({ description, build, compile = {} }) => {
    const { options: settings, target } = description;
    const model = build(settings, target) as Forecaster;
    return new SeriesForecaster(model, description as ForecastModelDescription, compile);
  },
  measure: (system, { prepared }) => forecastEvaluation(system, prepared.validation),
  inputs: (system, { prepared }) => windowInputs(system, prepared),
  report: (system, { data, prepared }) => forecastSections(system, data, prepared.validation),
  predict: predictSeries,
  evaluate: evaluateForecasts,
});

/** Four horizons, at least two seasons, and at most a fifth of the longest series. */
function usualContext({ series }: ForecastingData, horizon: number, season: number): number {
  const longest = Math.max(...series.map(({ times }) => times.length));
  const most = Math.max(8, Math.floor(longest / 5));
  return Math.min(most, Math.max(4 * horizon, 2 * season, 8));
}

/** So many windows show between which values a model's inputs stand. */
const EXAMPLES = 100;

function* windowInputs(system: SeriesForecaster, { train }: PreparedForecast) {
  for (const window of train.thinned(EXAMPLES)) yield system.argumentsOf(train, window);
}
