import type { Module } from "@quire/nn";
import type { Variable } from "@quire/tensor";
import {
  type AdamOptions,
  adafactor,
  adam,
  adamW,
  cosine,
  exceptNormsAndBiases,
  inverseSquareRoot,
  lamb,
  layerwiseRates,
  linear,
  lion,
  type Optimizer,
  type OptimizerOptions,
  oneCycle,
  polynomial,
  rmsProp,
  type Schedule,
  sgd,
  warmRestarts,
  warmUp,
} from "@quire/train";
import type { OptimizerName, Recipe, ScheduleName, TrainingExtras } from "./recipe.ts";

type Make = (
  parameters: readonly Variable[],
  options: OptimizerOptions & Pick<AdamOptions, "betas">,
) => Optimizer;

const optimizers: Readonly<Record<OptimizerName, Make>> = {
  adamw: (parameters, options) => adamW(parameters, options),
  adam: (parameters, options) => adam(parameters, options),
  sgd: (parameters, options) => sgd(parameters, { ...options, momentum: 0.9 }),
  rmsprop: (parameters, options) => rmsProp(parameters, options),
  lion: (parameters, options) => lion(parameters, options),
  lamb: (parameters, options) => lamb(parameters, options),
  adafactor: (parameters, options) =>
    adafactor(parameters, { ...options, scaleByParameter: false }),
};

/** What a task asks of every optimiser. */
export interface OptimizerNeeds extends Pick<AdamOptions, "betas"> {
  /** Which parameters it changes, by their paths; all unless said. */
  readonly learns?: (path: string) => boolean;
}

/** The optimiser that a user asked for, or AdamW; norms and biases do not decay. `betas` are for Adam's kind alone. */
export function optimizerFor(
  model: Module,
  learningRate: Schedule,
  { weightDecay, clipNorm }: Recipe,
  { layerDecay, optimizer = "adamw" }: TrainingExtras,
  { learns = () => true, betas }: OptimizerNeeds = {},
): Optimizer {
  const parameters = model.namedParameters().flatMap(([path, one]) => (learns(path) ? [one] : []));
  return optimizers[optimizer](parameters, {
    ...{ learningRate, weightDecay, decays: exceptNormsAndBiases(model) },
    ...(betas && optimizer.startsWith("adam") && { betas }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(layerDecay !== undefined && { rateFactor: layerwiseRates(model, { decay: layerDecay }) }),
  });
}

/** Periods of warm restarts, each twice as long as the one before: 1 + 2 + 4 of 7 parts. */
const PARTS = 7;

/** What follows the warm-up: a rate that begins as the recipe's, over so many updates. */
const falls: Readonly<
  Record<Exclude<ScheduleName, "one-cycle">, (from: number, steps: number) => Schedule>
> = {
  cosine: (from, steps) => cosine({ from, steps }),
  linear: (from, steps) => linear({ from, steps }),
  constant: (from) => linear({ from, to: from, steps: 1 }),
  "inverse-square-root": (from, steps) =>
    inverseSquareRoot({ from, steps: Math.max(1, steps / PARTS) }),
  restarts: (from, steps) =>
    warmRestarts({ from, period: Math.max(1, Math.ceil(steps / PARTS)), growth: 2 }),
};

/**
 * The schedule that a user asked for, or the recipe's power, or half a cosine wave. Warm-up takes at most a fifth of a training that is shorter
 * than the paper's; one cycle has a rise of its own.
 */
export function scheduleFor(
  { learningRate, epochs, warmUp: rising, power }: Recipe,
  updates: number,
  { schedule }: TrainingExtras,
): Schedule {
  const all = epochs * updates;
  if (schedule === "one-cycle") return oneCycle({ peak: learningRate, steps: Math.max(2, all) });
  const first = Math.round(Math.min(rising, epochs / 5) * updates);
  const steps = Math.max(1, all - first);
  const falling =
    schedule === undefined && power !== undefined
      ? polynomial({ from: learningRate, steps, power })
      : falls[schedule ?? "cosine"](learningRate, steps);
  return first === 0 ? falling : warmUp(first, falling);
}
