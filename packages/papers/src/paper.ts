import type { Division, Module } from "@quire/nn";
import type { Figure } from "./figure.ts";
import type { SettingTable } from "./setting.ts";
import type { System } from "./system.ts";
import type { TurnSharing } from "./turn-sharing.ts";

/**
 * What a paper's system does: its task fixes the data, the metrics and the predictions. A `method` is trained on
 * nothing of its own: it changes a trained model.
 */
export type TaskName =
  | "image-classification"
  | "forecasting"
  | "language-modelling"
  | "tabular-prediction"
  | "linkage"
  | "sequence-labelling"
  | "text-to-image"
  | "icon"
  | "control"
  | "segmentation"
  | "method";

/**
 * A paper as data: what `paper.ts` exports as `paper`. Beside it, `model.ts` exports `build` (a `Build`) and
 * `claims.ts` exports `experiments` (a list of `Experiment`).
 */
export interface Paper<Options = object, Target = object, Recipe = object> {
  /** The name of the paper's folder. */
  readonly id: string;
  readonly title: string;
  /** As the paper names them, in its order; left out where that is not known for sure. */
  readonly authors?: readonly string[];
  readonly year: number;
  /** Such as 2104.05704; left out where the paper is not on arXiv. */
  readonly arXiv?: string;
  /** Such as "vision backbones". */
  readonly family: string;
  readonly task: TaskName;
  /** What the paper does and why, in our own words. */
  readonly summary: string;
  readonly presets: Readonly<Record<string, Preset<Options, Target>>>;
  /** Whether processes can divide its system: whether `build` takes a division. */
  readonly isDivisible?: boolean;
  /** Those of the system's options, by their names, that a user may give in place of the preset's. */
  readonly settings?: SettingTable;
  /** How the paper trains, as far as the task takes it. */
  readonly recipe: Recipe;
  /** Commands by which a method is used on one's own models; what is trained has those of its task. */
  readonly commands?: readonly string[];
  readonly deviations: readonly Deviation[];
  readonly claims: readonly Claim[];
}

/** A size of a paper's system. */
export interface Preset<Options = object, Target = object> {
  readonly options: Options;
  /** What the published system was made for; its parameters are counted for it. */
  readonly target: Target;
  /** The published count of parameters, as the source rounds it; left out for a size of our own. */
  readonly parameters?: number;
  /** Where the size and the count stand, such as a table, or why we chose it. */
  readonly source: string;
  readonly note?: string;
  /** The input sizes, smallest and largest, that this preset is taken for unless the user names one. */
  readonly defaultFor?: readonly [smallest: number, largest: number];
}

/** Where our system differs from the paper's, and the reason. */
export interface Deviation {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** Something the paper says that an experiment here can bear out or not. */
export interface Claim {
  readonly id: string;
  /** The claim as one sentence. */
  readonly statement: string;
  /** The paper's own numbers, and where they stand. */
  readonly figure: string;
  /** What must come out of the experiment for the claim to hold, as one sentence. */
  readonly direction: string;
}

/**
 * Makes a paper's system from a preset's options for a target, divided among processes if there are some; what `model.ts`
 * exports as `build`.
 */
export type Build<Options, Target, System extends Module = Module> = (
  options: Options,
  target: Target,
  division?: Division,
) => System;

/** How much an experiment may cost: all of it, or a glance that shows that it runs. */
export type Budget = "full" | "quick";

/** Measures one or several claims by the same training runs; `claims.ts` exports a list of them. */
export interface Experiment<Data = unknown> {
  /** Ids of the claims it answers. */
  readonly claims: readonly string[];
  /** The seeds it is run with unless the user says otherwise. */
  readonly seeds: readonly number[];
  /** Reads or makes the data, which all systems share. */
  load(budget: Budget): Promise<Data>;
  /** Trains every system with every seed and judges the claims. */
  measure(context: ExperimentContext<Data>): Promise<ExperimentResult>;
}

/** What an experiment is run with. */
export interface ExperimentContext<Data = unknown> {
  readonly data: Data;
  readonly seeds: readonly number[];
  readonly budget: Budget;
  /** Ends the experiment early: it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ExperimentProgress) => void;
  /** How other processes run a part of it; one process runs all unless said. */
  readonly sharing?: TurnSharing;
}

/** How far an experiment is. */
export interface ExperimentProgress {
  /** What runs now, such as "CCT, seed 2". */
  readonly doing: string;
  /** The share of the experiment that is done, 0 to 1. */
  readonly share: number;
  readonly loss?: number;
}

/** What an experiment found. */
export interface ExperimentResult {
  /** The metrics that are shown, the one that the claims speak of first. */
  readonly metrics: readonly ShownMetric[];
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  /** What people would rather look at than read. */
  readonly figures?: readonly Figure[];
  /** One of the trained systems, to be kept. */
  readonly trained?: System;
}

/** A metric of rows as tables and plots show it. */
export interface ShownMetric {
  /** A key of every row's metrics. */
  readonly name: string;
  /** How its values are written: 93.1 %, 0.217, 12.4 ms, 3.1 MB, x 2.40. */
  readonly as: "share" | "number" | "milliseconds" | "megabytes" | "ratio";
  readonly better: "higher" | "lower";
}

/** One system, trained once with each seed. */
export interface Row {
  readonly system: string;
  readonly parameters: number;
  /** The paper's own figure for the system, where it has one. */
  readonly figure?: string;
  /** Each metric's values, one a seed, in the seeds' order. */
  readonly metrics: Readonly<Record<string, readonly number[]>>;
  /** Wall-clock seconds of training or measuring, one a seed. */
  readonly seconds: readonly number[];
  /** How the training went, one a seed. */
  readonly curves: readonly Curve[];
}

/** The values of a training run, epoch by epoch. */
export interface Curve {
  readonly seed: number;
  readonly points: readonly CurvePoint[];
}

/** Values at the end of an epoch, which count from 1. */
export interface CurvePoint {
  readonly epoch: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Whether a claim holds here, and by which rule. */
export interface Verdict {
  /** The claim's id. */
  readonly claim: string;
  readonly holds: boolean;
  /** The rule that decided, as one sentence. */
  readonly rule: string;
  /** What was found, in numbers, as one sentence. */
  readonly found: string;
}

/** What a run's `config.json` says of its model: plain data from which the task builds it again. */
export interface ModelDescription<Options = object, Target = object> {
  readonly task: TaskName;
  /** The paper's id. */
  readonly paper: string;
  /** The preset's name, where the options are a preset's. */
  readonly preset?: string;
  readonly options: Options;
  readonly target: Target;
}
