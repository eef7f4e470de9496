import {
  describeSegmentationModel,
  Patches,
  partCases,
  planSegmentationTraining,
  type SegmentationBatch,
  type SegmentationData,
  type SegmentationModelDescription,
  type SegmentationNetwork,
  type SegmentationRecipe,
  Segmenter,
  segmentationRecipeFor,
  segmentationTarget,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { choice, number, whole, withDefault } from "../option.ts";
import { segmentationSections } from "../report/segmentation-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { readMasked } from "./segmentation-files.ts";
import {
  evaluateSegmentation,
  type PredictSegmentationOptions,
  predictSegmentation,
  segmentationEvaluation,
} from "./segmentation-use.ts";
import { task } from "./task.ts";

/** The side of a patch, with whose places patches of other forms make do, unless the user gives one. */
const SIDES = { 2: 96, 3: 32 } as const;

const options = {
  side: whole(
    "Side of a square or cube that has as many places as a patch at most; 96 of pictures, 32 of volumes unless said",
    { from: 8, to: 1024 },
  ),
  validation: withDefault(
    number("Share of the pictures or volumes that is kept apart to measure", { above: 0, to: 0.9 }),
    0.2,
  ),
  augment: withDefault(
    choice("Random changes of the training patches: the paper's, mirroring alone, or none", [
      "paper",
      "mirror",
      "none",
    ]),
    "paper",
  ),
};

const changes = {
  mirror: { mirror: true, turn: false, values: false },
  none: { mirror: false, turn: false, values: false },
} as const;

/** Pictures or volumes in, the class of each place out. */
export const segmentation = task<
  typeof options,
  SegmentationData,
  Segmenter,
  SegmentationBatch,
  PredictSegmentationOptions
>({
  name: "segmentation",
  title: "segmentation",
  data: {
    value: "FOLDER",
    summary:
      "A folder with two folders: images, which holds pictures or NIfTI volumes, and masks, which holds a mask for each by the same name",
  },
  options,
  recipe: {
    batchesPerEpoch: {
      kind: "whole",
      summary: "Batches of random patches that make an epoch",
      from: 1,
      to: 100_000,
    },
    foreground: {
      kind: "number",
      summary: "Share of the patches that are cut around a place that is no background",
      from: 0,
      to: 1,
    },
  },
  examples: [
    "quire train xlstm-unet --data cells",
    "quire train xlstm-unet --data scans --preset enc-3d --side 48 --epochs 100",
  ],
  read: async (path, { validation: share }, { seed, console, start }) => {
    const progress = console.progress("reading");
    const known = start && (start.description as SegmentationModelDescription).classes;
    const { cases, ...rest } = await readMasked(path, {
      known,
      onRead: (done) => progress.update(done, "pictures and masks"),
    }).finally(progress.finish);
    if (cases.length < 2) {
      throw new UsageError(
        `"${path}" holds one ${rest.axes === 2 ? "picture" : "volume"}, which cannot be both learnt from and measured on: add more.`,
      );
    }
    return { ...partCases(cases, { share, seed }), ...rest };
  },
  fingerprint: ({ train, validation, classes }) =>
    fingerprintOf(
      classes.join("\n"),
      ...[...train, ...validation].flatMap(({ values, labels }) => [values, labels]),
    ),
  presetFor: ({ presets }) => Object.keys(presets)[0] ?? "",
  recipeFor: ({ recipe }, { axes }) => segmentationRecipeFor(recipe as SegmentationRecipe, axes),
  begin: ({ paper, build, preset, settings, data, ...making }) => {
    const { axes, classes, train, validation } = data;
    const places = (making.options.side ?? SIDES[axes]) ** axes;
    const target = segmentationTarget(data, places);
    const what = { paper: paper.id, preset, options: settings };
    const description = describeSegmentationModel({ ...what, target, classes });
    const model = build(settings, target) as SegmentationNetwork;
    const system = new Segmenter(model, description);
    const given = making.recipe as SegmentationRecipe;
    const { augment } = making.options;
    const recipe = augment === "paper" ? given : { ...given, augment: changes[augment] };
    const { extras, seed } = making;
    return {
      ...{ system, plan: planSegmentationTraining(system, { data, recipe, extras, seed }) },
      facts: [
        [
          axes === 2 ? "pictures" : "volumes",
          `${count(train.length)} to train, ${count(validation.length)} to measure`,
        ],
        ["of", `${classes.length} classes, read in patches of ${target.patch.join(" x ")}`],
      ],
    };
  },
  open: ({ description, build, compile = {} }) => {
    const model = build(description.options, description.target) as SegmentationNetwork;
    return new Segmenter(model, description as SegmentationModelDescription, compile);
  },
  measure: (segmenter, { validation }, seed) => segmentationEvaluation(segmenter, validation, seed),
  inputs: segmentationInputs,
  report: (segmenter, { validation }) => segmentationSections(segmenter, validation),
  predict: predictSegmentation,
  evaluate: evaluateSegmentation,
});

/** So many patches show between which values a model's inputs stand. */
const EXAMPLES = 100;

function* segmentationInputs({ description }: Segmenter, { train }: SegmentationData) {
  const { classes } = description.target;
  const recipe = {
    ...{ epochs: 1, batchSize: 1, batchesPerEpoch: EXAMPLES, learningRate: 0, warmUp: 0 },
    ...{ weightDecay: 0, foreground: 0.33, augment: changes.none },
  };
  const drawn = new Patches(train, classes).batches({
    ...{ target: description.target, recipe, seed: 0, epoch: 0, start: 0 },
  });
  for (const { images } of drawn) yield [images];
}
