import { extraSettings, type Paper, recipeSettings, type SettingTable } from "@quire/papers";
import { type AnyCommand, command } from "../command.ts";
import { type ConfigFile, readConfigFile, withConfig } from "../config-file.ts";
import { UsageError } from "../errors.ts";
import { checkWritable } from "../files.ts";
import { suggestion } from "../nearest.ts";
import { choice, flag, many, required, text, withDefault } from "../option.ts";
import { readAssignments } from "../overrides.ts";
import { loadPaper, paperIds } from "../papers.ts";
import { divisionOptions, placementOf } from "../placement.ts";
import { toldToAll } from "../processes.ts";
import { findRate } from "../rate-search.ts";
import { checkName, createRun, RUNS, writeConfig } from "../run-folder.ts";
import { runOptions } from "../run-options.ts";
import { optionsOf } from "../settings.ts";
import { readStart } from "../start.ts";
import type { Task } from "../tasks/task.ts";
import { taskOf } from "../tasks/tasks.ts";
import { trainInto } from "../training.ts";
import { resolvePlan } from "../training-choice.ts";
import { valueIn } from "../words.ts";
import { resumeCommand } from "./resume.ts";

const about = {
  name: "train",
  summary: "Train a paper's system on your own data, or go on with a run",
  examples: [
    "quire train cct --data flowers --epochs 3",
    "quire train cct --help",
    "quire train --resume runs/cct-1",
  ],
} as const;

/** Trains a paper's system on the user's data. */
export const trainCommand: AnyCommand = {
  ...command({
    ...about,
    arguments: [{ name: "PAPER", summary: "The paper's id, such as cct", optional: true }],
    options: {
      resume: text("RUN", "A run to go on with, in place of a paper"),
      data: text("DATA", 'What is learnt from; "quire train PAPER --help" says more'),
    },
    run: () => {
      throw new UsageError('train needs a PAPER, or --resume RUN; "quire list" shows all papers.');
    },
  }),
  resolve: async (words) => {
    if (words.some((word) => /^--resume(=|$)/.test(word))) return resumeCommand;
    const id = paperIn(words);
    if (id === undefined) return trainCommand;
    const paper = await loadPaper(id);
    return trainFor(paper, taskOf(paper), valueIn(words, "--config"));
  },
};

/** The word that must be the paper: one that is, else the first that is no option's value. */
function paperIn(words: readonly string[]): string | undefined {
  const ids = paperIds();
  const isFree = (word: string, place: number): boolean =>
    !(word.startsWith("-") || words[place - 1]?.startsWith("--"));
  return words.find((word) => ids.includes(word)) ?? words.find(isFree);
}

/** The command with all that a paper and its task let a user set. */
function trainFor(paper: Paper, task: Task, configPath: string | undefined): AnyCommand {
  const config = configPath === undefined ? undefined : readConfigFile(configPath);
  const table = optionTable(paper, task);
  return command({
    ...about,
    computes: true,
    summary: `Train ${paper.id} on your own data: ${task.title}`,
    arguments: [{ name: "PAPER", summary: "The paper's id, such as cct" }],
    options: config ? withConfig(table, config, configPath as string) : table,
    examples: task.examples,
    run: async (_words, values, context) => {
      checkPreset(paper, values.preset);
      if (values.name !== undefined) checkName(values.out, values.name);
      await checkWritable(values.out);
      const { seed } = values;
      const path = dataPath(task, values);
      const from = task.ownStart ? undefined : values.from;
      const start = from === undefined ? undefined : await readStart(from, paper.id);
      const data = await task.load(path, values, { seed, console: context.console, start });
      const assignments = [...assignmentsOf(config), ...values.set];
      const placement = await placementOf(paper, values);
      const given = { paper, task, data, values, assignments, start, placement };
      const { preset, recipe, extras, begun, undivided } = await resolvePlan(given);
      if (values.findLr) {
        await findRate(begun, context.console);
        return;
      }
      const folder = await toldToAll(placement?.world, () =>
        createRun(values.out, paper.id, values.name),
      );
      const { keep, saveEvery, weights, memory } = values;
      const training = {
        ...{ data: path, fingerprint: data.fingerprint, options: ownValues(task, values) },
        ...{ preset, recipe, extras, seed, keep, saveEvery, weights },
        ...(start && { from: start.folder }),
        metrics: begun.withPlan((plan) => plan.metrics),
      };
      const model = begun.system.description;
      if (!placement?.world.rank) {
        await writeConfig(folder, { model, training, words: context.words });
      }
      const running = { begun, undivided, config: training, paper, memory, placement };
      await trainInto(folder, running, context);
    },
  });
}

/** Where the data are; nowhere where an option of the task makes them. */
function dataPath(
  { data: { value, instead } }: Task,
  values: Readonly<Record<string, unknown>> & { readonly data: string | undefined },
): string {
  if (values.data !== undefined) return values.data;
  if (instead !== undefined && values[instead] !== undefined) return "";
  throw new UsageError(`train needs --data ${value}, or --${instead}; --help says more.`);
}

/** The values of the task's own options, as the run's configuration keeps them. */
function ownValues(
  task: Task,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.keys(task.options).map((name) => [name, values[name]]));
}

function assignmentsOf(config: ConfigFile | undefined): ConfigFile["assignments"] {
  return config?.assignments ?? [];
}

function optionTable(paper: Paper, task: Task) {
  const recipe: SettingTable = { ...recipeSettings, ...task.recipe };
  const published = paper.recipe as Readonly<Record<string, unknown>>;
  return {
    data: task.data.instead
      ? text(task.data.value, task.data.summary)
      : required(text(task.data.value, task.data.summary)),
    preset: text("NAME", "Size of the system; chosen by the data unless said"),
    from: text("RUN", "A run of the same paper whose weights this one begins with"),
    ...task.options,
    ...optionsOf(recipe, (name) => `the recipe's${valueText(published[name])}, cut to the data,`),
    ...optionsOf(extraSettings, (name) =>
      published[name] === undefined ? "none" : `the paper's${valueText(published[name])}`,
    ),
    ...optionsOf(paper.settings ?? {}, () => "the preset's"),
    findLr: flag("Train nothing: try ever higher learning rates and suggest one"),
    set: many(
      "PATH=VALUE",
      "Set anything of the recipe or the model, such as recipe.weightDecay=0.1; may come again",
      readAssignments,
    ),
    config: text("FILE", "A JSON file of options; those of the call come first"),
    ...runOptions,
    ...(paper.isDivisible ? divisionOptions : noDivision),
    weights: withDefault(
      choice("Which weights the run ends with: the best epoch's, or the last", ["best", "last"]),
      "best",
    ),
    name: text("NAME", "Name of the run; the paper's with a number unless said"),
    out: withDefault(text("FOLDER", "Folder of the runs"), RUNS),
  };
}

/** Papers whose systems cannot be divided do not offer it. */
const noDivision: Partial<typeof divisionOptions> = {};

function valueText(value: unknown): string {
  return typeof value === "number" ? ` ${value}` : "";
}

function checkPreset({ id, presets }: Paper, preset: string | undefined): void {
  const names = Object.keys(presets);
  if (preset === undefined || names.includes(preset)) return;
  const end = suggestion(preset, names, `"quire show ${id}" lists them.`);
  throw new UsageError(`unknown preset ${preset} for ${id}${end}`);
}
