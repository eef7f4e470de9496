import type { ProcessGroup } from "@quire/train";
import type { SettingTable } from "./setting.ts";

/** How a paper trains, as far as all tasks share it: AdamW, whose rate rises evenly and falls as a cosine or a power. */
export interface Recipe {
  readonly epochs: number;
  readonly batchSize: number;
  /** The highest learning rate. */
  readonly learningRate: number;
  /** Epochs in which the learning rate rises. */
  readonly warmUp: number;
  readonly weightDecay: number;
  /** The largest norm of all gradients together; not limited unless said. */
  readonly clipNorm?: number;
  /** The rate falls as this power of the share of the way that is left; as a cosine unless said. */
  readonly power?: number;
}

/** What a user may set of any recipe. */
export const recipeSettings = {
  epochs: {
    kind: "whole",
    summary: "Times that all training data are seen",
    from: 1,
    to: 100_000,
  },
  batchSize: { kind: "whole", summary: "Examples a step", from: 1, to: 65_536 },
  learningRate: { kind: "number", summary: "The highest learning rate", above: 0 },
  warmUp: { kind: "number", summary: "Epochs in which the learning rate rises", from: 0 },
  weightDecay: { kind: "number", summary: "Decay of weights that are no vectors", from: 0 },
  clipNorm: {
    kind: "number",
    summary: "The largest norm of all gradients together",
    above: 0,
  },
} as const satisfies SettingTable;

const optimizers = ["adamw", "adam", "sgd", "rmsprop", "lion", "lamb", "adafactor"] as const;
const schedules = [
  "cosine",
  "linear",
  "constant",
  "one-cycle",
  "restarts",
  "inverse-square-root",
] as const;

/** What changes the weights. */
export type OptimizerName = (typeof optimizers)[number];
/** How the learning rate goes after the warm-up. */
export type ScheduleName = (typeof schedules)[number];

/** Ways to train that no paper asks for and any user may want. */
export interface TrainingExtras {
  /** Batches whose gradients make one update. */
  readonly accumulate?: number;
  /** Decay of a running average of the weights, which is then measured and kept. */
  readonly average?: number;
  /** Epochs without a better value of the task's metric after which the training ends. */
  readonly patience?: number;
  /** AdamW unless said. */
  readonly optimizer?: OptimizerName;
  /** Half a cosine wave down unless said. */
  readonly schedule?: ScheduleName;
  /** Parameters that stay as they are: paths with commas between them, `*` for any one part of a path. */
  readonly freeze?: string;
  /** What each layer's learning rate is of that of the layer after it. */
  readonly layerDecay?: number;
  /** Rank of low-rank updates, which learn in place of the weights that are known; merged at the end. */
  readonly lora?: number;
  /** Whether a parameter begins with a value that was learnt before. */
  readonly isKnown?: (path: string, shape: readonly number[]) => boolean;
  /** Processes that share each batch. */
  readonly group?: ProcessGroup;
}

/** The extras as settings. */
export const extraSettings = {
  accumulate: { kind: "whole", summary: "Batches whose gradients make one update", from: 1 },
  average: {
    kind: "number",
    summary: "Decay of a running average of the weights, such as 0.99; it is measured and kept",
    from: 0,
    to: 0.999_999,
  },
  patience: {
    kind: "whole",
    summary: "Epochs without improvement after which the training ends",
    from: 1,
  },
  optimizer: {
    kind: "choice",
    summary:
      "What changes the weights, AdamW as the recipe's; lion wants a third of the rate or less",
    words: optimizers,
  },
  schedule: {
    kind: "choice",
    summary:
      "How the learning rate goes after the warm-up, as a cosine like the recipe's; one-cycle rises by itself",
    words: schedules,
  },
  freeze: {
    kind: "text",
    value: "PATH,...",
    summary:
      "Parameters that stay as they are, with all below them, such as blocks.0; * is any one part",
  },
  layerDecay: {
    kind: "number",
    summary: "What each block's learning rate is of that of the block after it, such as 0.75",
    above: 0,
    to: 1,
  },
  lora: {
    kind: "whole",
    summary:
      "Rank of low-rank updates that learn in place of the weights of --from, and are merged at the end",
    from: 1,
    to: 4096,
  },
} as const satisfies SettingTable;
