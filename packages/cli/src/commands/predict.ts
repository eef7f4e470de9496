import { type AnyCommand, command } from "../command.ts";
import { required, text } from "../option.ts";
import { findRun, openRun, readRun } from "../run-folder.ts";
import type { Task } from "../tasks/task.ts";
import { namedRun } from "../words.ts";

/** Says what a trained run sees in new data. */
export const predictCommand: AnyCommand = {
  ...predictFor(undefined),
  resolve: (words) => {
    const run = namedRun(words);
    return predictFor(run === undefined ? undefined : readRun(findRun(run)).task);
  },
};

/** The command with the options of a run's task. */
function predictFor(task: Task | undefined): AnyCommand {
  const predict = task?.predict;
  const summary = predict?.data.summary ?? "New data of the run's kind";
  return command({
    name: "predict",
    computes: true,
    summary: "Say what a trained run sees in new data",
    arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
    options: {
      data: required(text(predict?.data.value ?? "DATA", summary)),
      ...predict?.options,
    },
    examples: predict?.examples ?? [
      "quire predict runs/cct-1 --data new.png",
      "quire predict runs/cct-1 --help",
    ],
    run: async ([name = ""], values, { console }) => {
      const { folder, config, task: own, system } = await openRun(name);
      const { data, seed } = values;
      const options = config.training?.options ?? {};
      await own.predict.run(system, data, values, { folder, options, seed, console });
      await system.release();
    },
  });
}
