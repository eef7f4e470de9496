// B windows, L context, C channels, N patches, D width

import { type ForecastingData, type ForecastWindows, forecasting, Table } from "@quire/data";
import { compile, mean, Random, softmax, type Tensor, transpose } from "@quire/tensor";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import type { Recipe } from "../recipe.ts";
import { describeForecastModel } from "../tasks/forecast-comparison.ts";
import { prepareForecast } from "../tasks/forecast-data.ts";
import { lastWindowFigure } from "../tasks/forecast-look.ts";
import { SeriesForecaster } from "../tasks/forecast-system.ts";
import { planForecastTraining } from "../tasks/forecast-training.ts";
import { build, type TsMixer, type TsMixerOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { scaled, scaleOfWindow } from "./patches.ts";

const HOUR = 3_600_000;
const STEPS = 900;
const CONTEXT = 48;
const HORIZON = 12;
const PATCH = 6;
/** Hours by which the demand follows the wind. */
const LAG = 12;
/** How much of the wind's weather is left after an hour. */
const LASTING = 0.95;

const recipe: Recipe = {
  ...{ epochs: 12, batchSize: 32, learningRate: 6e-3, warmUp: 1, weightDecay: 0 },
};
const look = { title: "The last half day, which it has not seen", name: "TSMixer" };

/** A TSMixer that learns two made series, of which one follows the other. */
export const demonstration: Demonstration = {
  title: "Two series, small MLPs, and no attention",
  summary:
    "The demand follows the wind of twelve hours before. Read by itself it shows its daily rhythm alone; where both " +
    "are read together, the wind of this morning tells the demand of tonight.",
  controls: {
    channels: {
      setting: {
        kind: "choice",
        summary: "Series read by themselves, with mixers between them, or as one",
        words: ["independent", "mixed", "joint"],
      },
      initial: "joint",
    },
    gated: {
      setting: { kind: "switch", summary: "Gates that let through what matters" },
      initial: true,
    },
    follows: {
      setting: { kind: "number", summary: "How much the demand follows the wind", from: 0, to: 1 },
      initial: 0.8,
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
  const data = madeSeries(Number(values["follows"]), new Random(seed).fork("series"));
  const prepared = prepareForecast(data, { context: CONTEXT, horizon: HORIZON, validation: 0.25 });
  const options: TsMixerOptions = {
    ...{ width: 16, depth: 2, patch: PATCH, gated: values["gated"] === true },
    channels: values["channels"] as TsMixerOptions["channels"],
    variant: { dropout: 0, headDropout: 0 },
  };
  const model = build(options, prepared.target);
  const description = describeForecastModel({ paper: paper.id, options, data: prepared });
  const system = new SeriesForecaster(model, description);
  onSystem?.(system);
  const gates = options.gated ? gatesOf(model) : undefined;
  const plan = planForecastTraining(system, {
    ...{ train: prepared.train, validation: prepared.validation, recipe, seed },
  });
  yield* epochFrames(plan, {
    signal,
    held: [system, gates],
    show: async (event) => {
      const { mse = 0, naiveMse = 0 } = event.metrics;
      const figures = [await lastWindowFigure(system, data, prepared, look)];
      if (gates) figures.push(await gatesFigure(gates, prepared.validation, data.channels));
      const shown = { trainingLoss: event.loss, mse, naiveMse };
      return { values: shown, figures };
    },
  });
}

/** Hours of a wind that wanders, and of a demand with a daily rhythm that follows it. */
function madeSeries(follows: number, random: Random): ForecastingData {
  const [gusts, noise] = [random.fork("gusts"), random.fork("noise")];
  let weather = 0;
  const wind = Float64Array.from({ length: STEPS + LAG }, () => {
    weather = LASTING * weather + Math.sqrt(1 - LASTING ** 2) * gusts.normal();
    return 8 + 3 * weather;
  });
  const demand = Float64Array.from({ length: STEPS }, (_, i) => {
    const rhythm = Math.sin((2 * Math.PI * i) / 24);
    const followed = ((wind[i] as number) - 8) / 3;
    return 40 + 5 * rhythm + 10 * follows * followed + noise.normal();
  });
  const table = new Table({
    ...{ name: "hours", format: "made", rows: STEPS, place: (row: number) => `row ${row + 1}` },
    columns: [
      {
        ...{ name: "time", kind: "date" },
        values: Float64Array.from({ length: STEPS }, (_, i) => Date.UTC(2024, 0, 1) + i * HOUR),
      },
      { name: "demand", kind: "number", values: demand },
      { name: "wind", kind: "number", values: wind.slice(LAG) },
    ],
  });
  return forecasting(table, { targets: ["demand", "wind"] });
}

/** The shares that the first gate gives to patches, a mean over the features. `[B, L, C] -> [B, C, N]` */
function gatesOf(model: TsMixer) {
  return compile((past: Tensor) => {
    const mixer = model.layers[0]?.patches;
    if (!mixer?.gate) throw new Error("The demonstration's mixers have gates.");
    const read = model.embedding.forward(model.read(scaled(past, scaleOfWindow(past))));
    const turned = transpose(mixer.norm.forward(read), mixer.turned);
    const shares = softmax(mixer.gate.scores.forward(mixer.feedForward.forward(turned)), {
      axis: 3,
    });
    return mean(shares, { axes: [2] });
  });
}

async function gatesFigure(
  gates: ReturnType<typeof gatesOf>,
  windows: ForecastWindows,
  channels: readonly string[],
): Promise<Figure> {
  const { past } = windows.batch([windows.size - 1]);
  const found = await gates(past);
  const [, rows = 1, patches = 1] = found.shape;
  const shares = found.toArray();
  return {
    ...{ kind: "heat", title: "What the first gate lets through" },
    caption: `The share of each patch of ${PATCH} hours in the last window, the oldest on the left.`,
    rows: rows === 1 ? ["both as one"] : [...channels],
    columns: Array.from({ length: patches }, (_, patch) => String((patch - patches) * PATCH)),
    values: Array.from({ length: rows }, (_, row) =>
      shares.slice(row * patches, (row + 1) * patches),
    ),
  };
}
