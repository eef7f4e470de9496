// B windows, T steps, C channels, H heads

import { type ForecastingData, type ForecastWindows, forecasting, Table } from "@quire/data";
import { compile, Random, slice, type Tensor } from "@quire/tensor";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import type { Recipe } from "../recipe.ts";
import { describeForecastModel } from "../tasks/forecast-comparison.ts";
import { prepareForecast } from "../tasks/forecast-data.ts";
import { lastWindowFigure } from "../tasks/forecast-look.ts";
import { SeriesForecaster } from "../tasks/forecast-system.ts";
import { planForecastTraining } from "../tasks/forecast-training.ts";
import { build, type Informer, type InformerOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { selectedCount } from "./prob-sparse.ts";

const HOUR = 3_600_000;
const STEPS = 600;
const CONTEXT = 48;
const HORIZON = 24;
const look = { title: "The last day, which it has not seen", name: "Informer" };

const recipe: Recipe = {
  ...{ epochs: 10, batchSize: 16, learningRate: 6e-3, warmUp: 1, weightDecay: 0 },
};

/** An Informer that learns a made series, and which steps of the past attend. */
export const demonstration: Demonstration = {
  title: "A whole day forecast in one pass",
  summary:
    "Hours of a made series with a daily and a weekly rhythm, of which the next day is forecast at once. Only the few " +
    "steps whose attention is furthest from uniform attend; the others get the mean.",
  controls: {
    attention: {
      setting: {
        kind: "choice",
        summary: "ProbSparse attention, or the usual full one",
        words: ["prob", "full"],
      },
      initial: "prob",
    },
    factor: {
      setting: { kind: "whole", summary: "How many steps attend, in ⌈ln 48⌉", from: 1, to: 12 },
      initial: 3,
    },
    noise: {
      setting: { kind: "number", summary: "Noise beside the rhythms", from: 0, to: 2 },
      initial: 0.3,
    },
  },
  run,
};

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const data = madeSeries(Number(values["noise"]), new Random(seed).fork("series"));
  const prepared = prepareForecast(data, { context: CONTEXT, horizon: HORIZON, validation: 0.25 });
  const factor = Number(values["factor"]);
  const options: InformerOptions = {
    ...{ width: 24, heads: 3, encoders: [2], decoder: 1, hidden: 48, start: 24 },
    ...{ attention: values["attention"] as "prob" | "full", variant: { factor } },
  };
  const model = build(options, prepared.target);
  const description = describeForecastModel({ paper: paper.id, options, data: prepared });
  const system = new SeriesForecaster(model, description);
  onSystem?.(system);
  const activity = activityOf(model);
  const plan = planForecastTraining(system, {
    ...{ train: prepared.train, validation: prepared.validation, recipe, seed },
  });
  yield* epochFrames(plan, {
    signal,
    held: [system, activity],
    show: async (event) => {
      const { mse = 0, naiveMse = 0 } = event.metrics;
      const shown = { trainingLoss: event.loss, mse, naiveMse };
      const figures = [await lastWindowFigure(system, data, prepared, look)];
      if (options.attention === "prob") {
        figures.push(await activityFigure(activity, prepared.validation, factor));
      }
      return { values: shown, figures };
    },
  });
}

/** Hours with two rhythms and noise. */
function madeSeries(noise: number, random: Random): ForecastingData {
  const times = Float64Array.from({ length: STEPS }, (_, i) => Date.UTC(2024, 0, 1) + i * HOUR);
  const values = times.map((_, i) => {
    const [day, week] = [i / 24, i / 168].map((turns) => Math.sin(2 * Math.PI * turns));
    return 20 + 4 * (day as number) + 4 * (week as number) + 4 * noise * random.normal();
  });
  const table = new Table({
    ...{ name: "hours", format: "made", rows: STEPS, place: (row: number) => `row ${row + 1}` },
    columns: [
      { name: "time", kind: "date", values: times },
      { name: "load", kind: "number", values },
    ],
  });
  return forecasting(table, { targets: ["load"] });
}

/** How far each step's attention is from uniform, in the first layer. `[B, T, C], [B, T + ., 8] -> [B, H, T]` */
function activityOf(model: Informer) {
  return compile((past: Tensor, calendar: Tensor) => {
    const times = slice(calendar, [0], [CONTEXT], { axes: [1] });
    const embedded = model.encoderEmbedding.forward(past, times);
    const attention = model.encoders[0]?.layers[0]?.attention;
    if (!attention) throw new Error("The demonstration's encoder has a layer.");
    return attention.activity(embedded);
  });
}

/** Which steps of the last window's past attend, head by head. */
async function activityFigure(
  activity: ReturnType<typeof activityOf>,
  windows: ForecastWindows,
  factor: number,
): Promise<Figure> {
  const { past, calendar } = windows.batch([windows.size - 1]);
  const found = (await activity(past, calendar)).toArray();
  const heads = Array.from({ length: found.length / CONTEXT }, (_, head) => {
    return found.slice(head * CONTEXT, (head + 1) * CONTEXT);
  });
  const attending = selectedCount(CONTEXT, factor);
  return {
    ...{ kind: "heat", title: "Steps of the past that attend" },
    caption: `In each head the ${attending} steps that are furthest from uniform attention attend: 1. The others get the mean: 0.`,
    rows: heads.map((_, head) => `head ${head + 1}`),
    columns: Array.from({ length: CONTEXT }, (_, step) => String(step - CONTEXT)),
    values: heads.map((own) => {
      const least = own.toSorted((a, b) => b - a)[attending - 1] as number;
      return own.map((value) => Number(value >= least));
    }),
  };
}
