import { readIconSet } from "@quire/data/files";
import {
  describeIconModel,
  type IconBatch,
  IconDrawer,
  type IconLearningData,
  type IconModelDescription,
  type IconNetwork,
  type IconRecipe,
  type IconTarget,
  iconBatches,
  iconLearningData,
  iconPresetFor,
  iconRecipeFor,
  planIconTraining,
} from "@quire/papers";
import { count } from "../numbers.ts";
import { choice, number, whole, withDefault } from "../option.ts";
import { iconSections } from "../report/icon-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import {
  drawCaptions,
  evaluateIcons,
  iconEvaluation,
  type PredictIconOptions,
} from "./icon-use.ts";
import { task } from "./task.ts";

const options = {
  grid: withDefault(
    whole("Places in each direction that icons are put on", { from: 8, to: 400 }),
    25,
  ),
  points: withDefault(
    choice("How a point is written: by one token, or by one for its column and one for its row", [
      "point",
      "coordinates",
    ]),
    "point",
  ),
  length: withDefault(
    whole("The most tokens of an icon; longer ones are left out", { from: 16, to: 4096 }),
    160,
  ),
  words: withDefault(
    whole("The most words of captions that are kept", { from: 1, to: 100_000 }),
    2000,
  ),
  caption: withDefault(whole("The most words of a caption", { from: 1, to: 64 }), 8),
  validation: withDefault(
    number("Share of the icons that is kept apart to measure", { above: 0, to: 0.9 }),
    0.05,
  ),
};

/** Words in, icons out. */
export const icon = task<
  typeof options,
  IconLearningData,
  IconDrawer,
  IconBatch,
  PredictIconOptions
>({
  name: "icon",
  title: "drawing of icons",
  data: {
    value: "FOLDER",
    summary:
      "A folder of SVG files named by what they show, or of a package of icons with its tags, such as node_modules/@mdi/svg",
  },
  options,
  recipe: {},
  examples: [
    "quire train iconshop --data node_modules/@mdi/svg",
    "quire train iconshop --data logos --grid 64 --length 256",
    'quire draw iconshop-1 "arrow left circle"',
  ],
  read: async (path, { points, words, caption, ...given }, { seed, console, start }) => {
    const set = await readIconSet(path);
    const known = start && (start.description as IconModelDescription);
    const other = set.isStroked ? "filled" : "drawn by lines";
    const left = set.leftOut > 0 ? `; ${count(set.leftOut)} that are ${other} are left out` : "";
    console.note(`Read ${set.describe()}${left}.`);
    const data = iconLearningData(set.icons, {
      ...{ ...given, scheme: points, mostWords: words, longestCaption: caption, seed },
      // Weights know their own words alone.
      ...(known && {
        known: { words: known.words, captionLength: known.target.captionLength },
      }),
    });
    if (data.tooLong > 0) {
      console.note(
        `${count(data.tooLong)} icons have more than ${given.length} tokens and are left out; --length takes more.`,
      );
    }
    return data;
  },
  fingerprint: ({ train, validation, ...rest }) =>
    fingerprintOf(
      JSON.stringify(rest),
      ...[...train, ...validation].flatMap(({ tokens, captions }) => [
        Int32Array.from(tokens),
        ...captions,
      ]),
    ),
  presetFor: ({ presets }, { train }) => iconPresetFor(presets, train.length),
  recipeFor: ({ recipe }, { train }) => iconRecipeFor(recipe as IconRecipe, train.length),
  begin: ({ paper, build, preset, settings, data, recipe, extras, seed }) => {
    const what = { paper: paper.id, preset, options: settings };
    const description = describeIconModel({ ...what, data });
    const model = build(settings, description.target) as IconNetwork;
    const system = new IconDrawer(model, description);
    const { grid, length, words } = data;
    const side = `${grid} x ${grid}`;
    return {
      ...{ system, plan: planIconTraining(system, { data, recipe, extras, seed }) },
      next: (run) => `draw ${run} "${data.words.at(-1)}"`,
      facts: [
        [
          "icons",
          `${count(data.train.length)} to train, ${count(data.validation.length)} to measure`,
        ],
        [
          "of",
          `at most ${length} tokens on ${side} places, after ${count(words.length - 1)} words`,
        ],
      ],
    };
  },
  open: ({ description, build, compile = {} }) => {
    const target = description.target as IconTarget;
    const model = build(description.options, target) as IconNetwork;
    return new IconDrawer(model, description as IconModelDescription, compile);
  },
  measure: (system, { validation }, seed) => iconEvaluation(system, validation, seed),
  inputs: iconInputs,
  report: (system, data) => iconSections(system, data),
  predict: drawCaptions,
  evaluate: evaluateIcons,
});

/** So many icons show between which values a model's inputs stand. */
const EXAMPLES = 100;

function* iconInputs({ shape }: IconDrawer, { train }: IconLearningData) {
  const some = train.slice(0, EXAMPLES);
  const given = { cut: 0, shift: 0, size: 1, seed: 0, epoch: 0, start: 0 };
  for (const { ids } of iconBatches(some, shape, given)) yield [ids];
}
