import type { ResumeStart } from "@quire/train/node";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { flag, required, text } from "../option.ts";
import { loadBuild, loadPaper } from "../papers.ts";
import { divisionOptions, placed, placementOf } from "../placement.ts";
import { findRun, readRun } from "../run-folder.ts";
import { runOptions } from "../run-options.ts";
import { readStart } from "../start.ts";
import type { BegunTraining } from "../tasks/task.ts";
import { trainInto } from "../training.ts";
import { begin } from "../training-choice.ts";

/** Goes on with a run that was stopped or killed. */
export const resumeCommand = command({
  name: "train",
  computes: true,
  summary: "Go on with a run: it ends where the uninterrupted one would have ended, bit for bit",
  arguments: [],
  options: {
    resume: required(text("RUN", "The run's folder, or its name in runs")),
    fallback: flag(
      "Take the checkpoint before where the last one is damaged, and do without the best one where that is",
    ),
    memory: runOptions.memory,
    ...divisionOptions,
  },
  examples: ["quire train --resume runs/cct-1"],
  run: async (_words, { resume, fallback, memory, ...division }, context) => {
    const folder = findRun(resume);
    const { config, task } = readRun(folder);
    const { training, model } = config;
    if (!training) {
      throw new UsageError(
        `run "${folder}" was not made by quire train: there is nothing to go on with.`,
      );
    }
    const { console } = context;
    const { seed, data: path } = training;
    const { from } = training;
    const start = from === undefined ? undefined : await readStart(from, model.paper);
    const data = await task.load(path, training.options, { seed, console, start });
    if (data.fingerprint !== training.fingerprint) {
      throw new UsageError(
        `"${path}" is not what run "${folder}" was begun on: bring the data back, or begin a new run.`,
      );
    }
    const paper = await loadPaper(model.paper);
    const build = await loadBuild(model.paper);
    const placement = await placementOf(paper, division);
    const { preset, recipe, extras } = training;
    const making = { paper, seed, preset, settings: model.options, recipe };
    const begun = await begin(data, { ...making, ...placed(build, extras, placement) }, start);
    const undivided = (): Promise<BegunTraining> =>
      begin(data, { ...making, build, extras }, start);
    const onStart = (start: ResumeStart): void => console.note(startText(folder, start));
    const running = {
      ...{ begun, undivided, config: training, paper, memory, placement },
      resumed: { fallback, onStart },
    };
    await trainInto(folder, running, context);
  },
});

/** Where a run goes on, and what had to be left out for it. */
function startText(folder: string, { path, step, damaged }: ResumeStart): string {
  const aside = damaged.map((file) => `${file} is damaged: set aside as ${file}.damaged.`);
  const from = path
    ? `Going on after step ${step}, from ${path}.`
    : `Run "${folder}" has no checkpoint yet: it begins anew.`;
  return [...aside, from].join("\n");
}
