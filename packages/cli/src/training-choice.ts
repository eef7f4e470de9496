import {
  type Build,
  extraSettings,
  type Paper,
  type Recipe,
  recipeSettings,
  type SettingTable,
  type TrainingExtras,
} from "@quire/papers";
import { UsageError } from "./errors.ts";
import { type Assignment, assigned, type Tree } from "./overrides.ts";
import { loadBuild } from "./papers.ts";
import { type Placement, placed } from "./placement.ts";
import { givenOf } from "./settings.ts";
import { beginWith, isKnownTo, type Start } from "./start.ts";
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
  /** The same system in one piece, where processes divide it. */
  readonly undivided: () => Promise<BegunTraining>;
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
  /** The run whose weights it begins with. */
  readonly start: Start | undefined;
  /** How processes share the training. */
  readonly placement: Placement | undefined;
}

/** Makes the system: the preset's options and the paper's recipe, with what the user set. */
export async function resolvePlan(given: Choosing): Promise<TrainingChoice> {
  const { paper, task, data, values, assignments, start, placement } = given;
  const { description } = start ?? {};
  const preset = values.preset ?? description?.preset ?? data.presetFor(paper);
  const published = preset === description?.preset ? description.options : undefined;
  const settings: SettingTable = { ...recipeSettings, ...task.recipe };
  const own: SettingTable = paper.settings ?? {};
  const asked: Partial<Recipe> = givenOf(settings, values);
  const tree = assigned(
    {
      recipe: { ...data.recipeFor(paper, asked.epochs), ...asked },
      model: { ...(published ?? paper.presets[preset]?.options), ...givenOf(own, values) },
    } as Tree & { recipe: Recipe; model: object },
    assignments,
    { ...prefixed("recipe", settings), ...prefixed("model", own) },
  );
  const extras = givenOf(extraSettings, values) as TrainingExtras;
  if (extras.lora !== undefined && values["from"] === undefined) {
    throw new UsageError(
      "--lora learns beside weights that are known: name their run with --from.",
    );
  }
  const build: Build<object, object> = await loadBuild(paper.id);
  const { recipe, model } = tree;
  const { seed } = values;
  const making = { paper, preset, settings: model, recipe, seed };
  const begun = await begin(data, { ...making, ...placed(build, extras, placement) }, start);
  const undivided = (): Promise<BegunTraining> => begin(data, { ...making, build, extras }, start);
  return { paper, task, data, preset, recipe, extras, seed, begun, undivided };
}

/** Makes a system for data, with a run's weights where there is one to begin with. */
export async function begin(
  data: LoadedData,
  making: Parameters<LoadedData["begin"]>[0],
  start: Start | undefined,
): Promise<BegunTraining> {
  if (!start) return await data.begin(making);
  const extras = { ...making.extras, isKnown: isKnownTo(start) };
  return await beginWith(start, await data.begin({ ...making, extras }));
}

function prefixed(prefix: string, settings: SettingTable): SettingTable {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [`${prefix}.${name}`, setting]),
  );
}
