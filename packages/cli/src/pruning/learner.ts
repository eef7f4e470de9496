import { join } from "node:path";
import type { Recipe, System, TrainingPlan } from "@quire/papers";
import { IMPORTED } from "@quire/papers/imported-system";
import type { BatchOf } from "@quire/train";
import { loadModelFile } from "@quire/train/node";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { loadBuild, loadPaper } from "../papers.ts";
import { type OpenRun, runFiles } from "../run-folder.ts";
import type { BegunTraining } from "../tasks/task.ts";

/** What a model learns from, batch by batch, and by which loss. */
export type Learning<B extends BatchOf<B>> = Pick<
  TrainingPlan<B>,
  "loss" | "scores" | "batches" | "batchesPerEpoch"
>;

/** A model that can learn on: it is pruned by the slopes of its loss. */
export interface Learner {
  /** What is pruned. */
  readonly system: System;
  readonly recipe: Pick<Recipe, "epochs" | "learningRate" | "weightDecay">;
  /** The most examples of a gradient, where the model fixes how many it takes. */
  readonly fixedRows?: number;
  /** Gives what it learns from, and the same of a copy that stays as it is. */
  withData<R>(use: <B extends BatchOf<B>>(own: Learning<B>, teacher: Learning<B>) => R): R;
  release(): Promise<void>;
}

/**
 * A run as what it was before its training ended: the data, the loss and the recipe that it was trained with.
 *
 * @throws UsageError when the run does not say how it was trained.
 */
export async function runLearner(run: OpenRun, console: Console): Promise<Learner> {
  const { folder, config, task, compile } = run;
  const { training, model } = config;
  if (!training || model.paper === IMPORTED) {
    const file = join(folder, runFiles.onnx);
    throw new UsageError(
      `run "${folder}" does not say how it learnt: prune its file, quire prune ${file} --data DATA.`,
    );
  }
  if (compile.transform) {
    throw new UsageError(
      `run "${folder}" was changed in what it computes: prune the run it comes from, and change that again.`,
    );
  }
  const { seed } = training;
  const data = await task.load(training.data, training.options, { seed, console });
  if (data.fingerprint !== training.fingerprint) {
    throw new UsageError(
      `"${training.data}" is not what run "${folder}" was trained on: bring the data back.`,
    );
  }
  const [paper, build] = [await loadPaper(model.paper), await loadBuild(model.paper)];
  const begin = async (): Promise<BegunTraining> => {
    const begun = await data.begin({
      ...{ paper, build, seed, preset: training.preset, settings: model.options },
      ...{ recipe: training.recipe, extras: {} },
    });
    await loadModelFile(join(folder, runFiles.model), begun.system.model);
    return begun;
  };
  const [own, teacher] = [await begin(), await begin()];
  return {
    ...{ system: own.system, recipe: training.recipe },
    withData: (use) =>
      own.withPlan((plan) => teacher.withPlan((told) => use(plan, told as unknown as typeof plan))),
    release: async () => {
      await Promise.all([own.system.release(), teacher.system.release()]);
    },
  };
}
