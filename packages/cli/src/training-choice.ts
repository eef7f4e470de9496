import {
  type Build,
  extraSettings,
  type Paper,
  type Recipe,
  recipeSettings,
  type SettingTable,
  type TrainingExtras,
} from "@quire/papers";
import type { ProcessGroup } from "@quire/train";
import { type Assignment, assigned, type Tree } from "./overrides.ts";
import { loadBuild } from "./papers.ts";
import { givenOf } from "./settings.ts";
import type { BegunTraining, LoadedData, Task } from "./tasks/task.ts";

/** All that a user, a preset and the data leave of choices. */
export interface TrainingChoice {
  readonly paper: Paper;
  readonly task: Task;
  readonly data: LoadedData;
  readonly preset: string;
  readonly recipe: Recipe;
  readonly extras: TrainingExtras;
  readonly seed: number;
  readonly begun: BegunTraining;
}

/** What a choice is made from. */
interface Choosing {
  readonly paper: Paper;
  readonly task: Task;
  readonly data: LoadedData;
  /** Values of all options. */
  readonly values: Readonly<Record<string, unknown>> & {
    readonly preset: string | undefined;
    readonly seed: number;
  };
  readonly assignments: readonly Assignment[];
  /** Processes that share each batch. */
  readonly group: ProcessGroup | undefined;
}

/** Makes the system: the preset's options and the paper's recipe, with what the user set. */
export async function resolvePlan(given: Choosing): Promise<TrainingChoice> {
  const { paper, task, data, values, assignments, group } = given;
  const preset = values.preset ?? data.presetFor(paper);
  const settings: SettingTable = { ...recipeSettings, ...task.recipe };
  const own: SettingTable = paper.settings ?? {};
  const tree = assigned(
    {
      recipe: { ...data.recipeFor(paper), ...givenOf(settings, values) },
      model: { ...paper.presets[preset]?.options, ...givenOf(own, values) },
    } as Tree & { recipe: Recipe; model: object },
    assignments,
    { ...prefixed("recipe", settings), ...prefixed("model", own) },
  );
  const extras = givenOf(extraSettings, values) as TrainingExtras;
  const build: Build<object, object> = await loadBuild(paper.id);
  const { recipe, model } = tree;
  const { seed } = values;
  const begun = await data.begin({
    ...{ paper, build, preset, settings: model, recipe, seed },
    extras: { ...extras, ...(group && { group }) },
  });
  return { paper, task, data, preset, recipe, extras, seed, begun };
}

function prefixed(prefix: string, settings: SettingTable): SettingTable {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [`${prefix}.${name}`, setting]),
  );
}
