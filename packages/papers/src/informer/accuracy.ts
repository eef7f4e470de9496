import type { ForecastingData } from "@quire/data";
import { chicagoRiders, irishWind } from "@quire/data/files";
import type { Figure } from "../figure.ts";
import type {
  Budget,
  Experiment,
  ExperimentContext,
  ExperimentResult,
  Row,
  Verdict,
} from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import { exceeds, meanOf, metricOf } from "../statistics.ts";
import { type ComparedForecaster, compareForecasters } from "../tasks/forecast-comparison.ts";
import { firstSteps, type PreparedForecast, prepareForecast } from "../tasks/forecast-data.ts";
import { forecastFigure, windowStretch } from "../tasks/forecast-figure.ts";
import { naiveName, seasonalNaive } from "../tasks/forecast-naive.ts";
import type { SeriesForecaster } from "../tasks/forecast-system.ts";
import { LstmForecaster } from "./lstm-forecaster.ts";
import { build, type InformerOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** A data set of the comparison. */
interface NamedSeries {
  readonly name: string;
  readonly data: ForecastingData;
  readonly prepared: PreparedForecast;
}

const cut = { context: 56, horizon: 14, validation: 0.1, test: 0.2, season: 7 } as const;

async function loadSeries(budget: Budget): Promise<readonly NamedSeries[]> {
  const named = { Chicago: await chicagoRiders(), wind: await irishWind() };
  return Object.entries(named).map(([name, data]) => {
    const kept = budget === "full" ? data : firstSteps(data, 700);
    return { name, data: kept, prepared: prepareForecast(kept, cut) };
  });
}

const size: InformerOptions = {
  ...{ width: 32, heads: 4, encoders: [2], decoder: 1, hidden: 64, start: 28 },
  variant: { dropout: 0.05 },
};

const names = { prob: "Informer", full: "Informer, full attention", lstm: "LSTM" } as const;

/** What is compared. The widths give each about as many parameters; the LSTM has the more. */
export const systems: readonly ComparedForecaster[] = [
  {
    ...{ name: names.prob, figure: "MSE 0.577 (ETTh1, 24 steps)" },
    ...{ options: size, build: (target) => build(size, target) },
  },
  {
    ...{ name: names.full, figure: "MSE 0.620 (ETTh1, 24 steps)" },
    ...{ options: size, build: (target) => build({ ...size, attention: "full" }, target) },
  },
  {
    ...{ name: names.lstm, figure: "MSE 0.650, with attention (ETTh1, 24 steps)" },
    options: { width: 48, depth: 2 },
    build: (target) => new LstmForecaster({ width: 48, depth: 2, dropout: 0.05 }, target),
  },
];

/// Section 4.2 and the official command: eight epochs at most, an end after three without a better validation, and the best
/// epoch's weights, for the baselines as well.
const recipe: Recipe = {
  ...{ epochs: 8, batchSize: 32, learningRate: 3e-3, warmUp: 0.5, weightDecay: 0 },
};
const PATIENCE = 3;

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<readonly NamedSeries[]>): Promise<ExperimentResult> {
  const epochs = budget === "full" ? recipe.epochs : 1;
  const { rows, figures, kept } = await compareForecasters(
    {
      ...{ paper: paper.id, systems, sets: data, show: lastForecast },
      ...{ recipe: { ...recipe, epochs }, patience: PATIENCE },
    },
    context,
  );
  return {
    metrics: [
      { name: "mse", as: "number", better: "lower" },
      { name: "mae", as: "number", better: "lower" },
    ],
    ...{ rows, figures, verdicts: verdictsOf(rows, data), trained: kept },
  };
}

async function lastForecast(
  system: SeriesForecaster,
  { name, data: { series }, prepared: { test, channels, scales, season } }: NamedSeries,
): Promise<Figure> {
  const window = test.size - 1;
  const said = await system.forecast(test, [window]);
  const [mean, deviation] = [scales[""]?.mean[0] ?? 0, scales[""]?.deviation[0] ?? 1];
  const scale = (value: number): number => value * deviation + mean;
  const times = series[0]?.times ?? new Float64Array();
  const { past, truth } = windowStretch(test, window, { channel: 0, times, scale });
  const { outputs, horizon } = test.sizes;
  const of = (values: Float32Array) => ({
    times: truth.times,
    values: Array.from({ length: horizon }, (_, step) => scale(values[step * outputs] as number)),
  });
  return forecastFigure({
    ...{ title: `${name}: the last test window`, of: channels[0] as string, past, truth },
    forecasts: { Informer: of(said), [naiveName]: of(seasonalNaive(test, window, season)) },
  });
}

/** Whether each claim holds on both data sets, by differences seed by seed. */
function verdictsOf(rows: readonly Row[], data: readonly NamedSeries[]): readonly Verdict[] {
  const of = (set: string, name: string): readonly number[] =>
    metricOf(rows, `${set}: ${name}`, "mse");
  const below = (claim: string, other: string, share: number, rule: string): Verdict => ({
    claim,
    holds: data.every(({ name }) =>
      exceeds(
        of(name, other).map((mse) => share * mse),
        of(name, names.prob),
      ),
    ),
    rule,
    found: `${data
      .map(({ name }) => {
        const [ours, theirs] = [of(name, names.prob), of(name, other)].map(meanOf);
        return `${name}: ${names.prob} ${ours?.toFixed(3)}, ${other} ${theirs?.toFixed(3)}`;
      })
      .join("; ")}.`,
  });
  const by = "by more than two standard errors over the seeds, on both data sets.";
  return [
    below("accuracy", names.full, 1.1, `The MSE is below 1.1 times that of full attention ${by}`),
    below("lstm", names.lstm, 1, `The MSE is below the LSTM's ${by}`),
    below("naive", naiveName, 1, `The MSE is below the seasonal naive forecast's ${by}`),
  ];
}

/** MSE and MAE of Informer, of the same with full attention, of an LSTM and of the seasonal naive forecast. */
export const accuracy: Experiment<readonly NamedSeries[]> = {
  claims: ["accuracy", "lstm", "naive"],
  seeds: [1, 2, 3],
  load: loadSeries,
  measure,
};
