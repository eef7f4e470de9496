import type {
  Build,
  ModelDescription,
  Paper,
  Recipe,
  SettingTable,
  ShownMetric,
  System,
  TaskName,
  TrainingExtras,
  TrainingPlan,
} from "@quire/papers";
import type { CompileOptions, Examples } from "@quire/tensor";
import type { BatchOf } from "@quire/train";
import type { Console } from "../console.ts";
import type { OptionTable, Values } from "../option.ts";
import type { Section } from "../report/html.ts";
import type { Start } from "../start.ts";

/** What `--data` is for a command. */
export interface DataArgument {
  /** What stands for it in the help, such as `FOLDER`. */
  readonly value: string;
  /** What it must hold, as a phrase. */
  readonly summary: string;
  /** The task's option that makes data, so that none need be given. */
  readonly instead?: string;
}

/**
 * What the commands do for the papers of a task: how its files are read, how its systems are made, and how what
 * they say is written. `O` are its own options, `D` what it reads, `S` its systems, `B` their batches, `P` the
 * options of predicting.
 */
export interface TaskSpec<
  O extends OptionTable,
  D,
  S extends System,
  B extends BatchOf<B>,
  P extends OptionTable,
> {
  readonly name: TaskName;
  /** What it does, as a phrase: "image classification". */
  readonly title: string;
  /** What is learnt from. */
  readonly data: DataArgument;
  /** How that is read and cut, beside what every task takes. */
  readonly options: O;
  /** What a user may set of the task's recipes, beside what all recipes have. */
  readonly recipe: SettingTable;
  readonly examples: readonly string[];
  /** Whether the task itself begins with earlier weights, by an option of its own; the command does it unless said. */
  readonly ownStart?: boolean;
  /** Reads what is learnt from and measured on. */
  read(path: string, options: Values<O>, reading: ReadingContext): Promise<D>;
  /** A text that differs where the data differ: a resumed run refuses other data. */
  fingerprint(data: D): string;
  /** The name of the preset for the data, where the user names none. */
  presetFor(paper: Paper, data: D): string;
  /** The paper's recipe cut to the data; where a user says the epochs, what goes before them is as much shorter. */
  recipeFor(paper: Paper, data: D, epochs: number | undefined): Recipe;
  /** Makes a system for the data, and plans its training. */
  begin(making: Making<D, Values<O>>): Begun<S, B> | Promise<Begun<S, B>>;
  /** Makes the system that a run's description tells of; its weights are loaded afterwards. */
  open(opening: Opening): S | Promise<S>;
  /** Measures a system on the part of the data that was kept apart. */
  measure(system: S, data: D, seed: number): Promise<Evaluation>;
  /** Arguments of the exported function, of the part that is learnt from: some hundred examples. */
  inputs(system: S, data: D): Examples;
  /** What a report shows of a trained system beside its curves. */
  report(system: S, data: D): Promise<readonly Section[]>;
  readonly predict: PredictSpec<S, P>;
  readonly evaluate: EvaluateSpec<S>;
}

/** How a task says what a system sees in new data. */
export interface PredictSpec<S extends System, P extends OptionTable> {
  readonly data: DataArgument;
  readonly options: P;
  readonly examples: readonly string[];
  /** Predicts, prints, and writes what is asked for. */
  run(system: S, path: string, options: Values<P>, context: UseContext): Promise<void>;
}

/** How a task measures a system on data whose answers are known. */
export interface EvaluateSpec<S extends System> {
  readonly data: DataArgument;
  run(system: S, path: string, context: UseContext): Promise<Evaluation>;
}

/** What an evaluation found. */
export interface Evaluation {
  /** How many examples were measured, and what they are: "pictures". */
  readonly count: number;
  readonly what: string;
  readonly metrics: readonly MeasuredMetric[];
}

/** A metric with its value, and the interval that holds it with 95 % confidence where there is one. */
export type MeasuredMetric = ShownMetric & {
  readonly value: number;
  readonly interval?: readonly [low: number, high: number];
};

/** What reading is done with. */
export interface ReadingContext {
  readonly seed: number;
  readonly console: Console;
  /** The run that a training begins with. */
  readonly start?: Start | undefined;
}

/** What predicting and evaluating are done with. */
export interface UseContext extends ReadingContext {
  /** The run's folder. */
  readonly folder: string;
  /** The run's configuration: how its data were read, for one. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a system is made from. */
export interface Making<D, O> {
  readonly paper: Paper;
  readonly build: Build<object, object>;
  /** The preset's name, and its options with what the user set. */
  readonly preset: string;
  readonly settings: object;
  readonly recipe: Recipe;
  readonly extras: TrainingExtras;
  readonly seed: number;
  readonly data: D;
  readonly options: O;
}

/** A system about to be trained. */
export interface Begun<S extends System, B extends BatchOf<B>> {
  readonly system: S;
  readonly plan: TrainingPlan<B>;
  /** What and how much is learnt from, for the user to see. */
  readonly facts: readonly (readonly [what: string, value: string])[];
  /** What a user will want to do with the run, as a command's words; to predict, unless said. */
  readonly next?: (run: string) => string;
}

/** What a stored system is made from. */
export interface Opening {
  readonly description: ModelDescription;
  readonly build: Build<object, object>;
  /** Where its files are. */
  readonly folder: string;
  /** How what it computes is compiled. */
  readonly compile?: CompileOptions;
}

/** A task whose types only it knows. */
export interface Task
  extends Pick<
    TaskSpec<OptionTable, unknown, System, never, OptionTable>,
    "name" | "title" | "data" | "options" | "recipe" | "examples" | "ownStart" | "open"
  > {
  /** Reads data, to make a system for them. */
  load(
    path: string,
    options: Readonly<Record<string, unknown>>,
    reading: ReadingContext,
  ): Promise<LoadedData>;
  readonly predict: PredictSpec<System, OptionTable>;
  readonly evaluate: EvaluateSpec<System>;
}

/** Data that were read. */
export interface LoadedData {
  readonly fingerprint: string;
  presetFor(paper: Paper): string;
  recipeFor(paper: Paper, epochs: number | undefined): Recipe;
  begin(making: Omit<Making<never, never>, "data" | "options">): Promise<BegunTraining>;
  measure(system: System, seed: number): Promise<Evaluation>;
  inputs(system: System): Examples;
}

/** A system about to be trained, whose kind of batches only its task knows. */
export interface BegunTraining {
  readonly system: System;
  readonly facts: Begun<System, never>["facts"];
  readonly next: (run: string) => string;
  withPlan<R>(use: <B extends BatchOf<B>>(plan: TrainingPlan<B>) => R): R;
  report(): Promise<readonly Section[]>;
}

/** Closes over a task's types. */
export function task<
  O extends OptionTable,
  D,
  S extends System,
  B extends BatchOf<B>,
  P extends OptionTable,
>(spec: TaskSpec<O, D, S, B, P>): Task {
  return {
    ...spec,
    load: async (path, given, reading) => {
      const options = given as Values<O>;
      const data = await spec.read(path, options, reading);
      return {
        fingerprint: spec.fingerprint(data),
        presetFor: (paper) => spec.presetFor(paper, data),
        recipeFor: (paper, epochs) => spec.recipeFor(paper, data, epochs),
        measure: (system, seed) => spec.measure(system as S, data, seed),
        inputs: (system) => spec.inputs(system as S, data),
        begin: async (making) => {
          const { system, plan, facts, next } = await spec.begin({ ...making, data, options });
          const [file] = spec.predict.data.value.split("|");
          return {
            ...{ system, facts, next: next ?? ((run) => `predict ${run} --data ${file}`) },
            withPlan: (use) => use(plan),
            report: () => spec.report(system, data),
          };
        },
      };
    },
    predict: {
      ...spec.predict,
      run: (system, path, options, context) =>
        spec.predict.run(system as S, path, options as Values<P>, context),
    },
    evaluate: {
      ...spec.evaluate,
      run: (system, path, context) => spec.evaluate.run(system as S, path, context),
    },
  };
}
