import { CaptionedPictures, Dataset } from "@quire/data";
import { type EmojiPictures, emojiPictures } from "@quire/data/files";
import { countParameters } from "@quire/nn";
import { Random } from "@quire/tensor";
import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import type { ImageClassifier } from "../tasks/image-classifier.ts";
import { pictureFigure, pictureGrid } from "../tasks/picture-grid.ts";
import { type TextToImageData, textToImageData } from "../tasks/text-to-image-data.ts";
import { TextToImageSystem } from "../tasks/text-to-image-system.ts";
import type { TextToImageRecipe } from "../tasks/text-to-image-target.ts";
import { describeTextToImage, trainTextToImage } from "../tasks/text-to-image-training.ts";
import type { Contestant } from "../turn.ts";
import { SIDE } from "./claim-data.ts";
import { trainGroupClassifier } from "./emoji-classifier.ts";
import { build, type PixArtOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Emoji to draw from, others that a classifier learns, and captions of these that are drawn. */
interface EmojiData {
  readonly drawing: TextToImageData;
  readonly classified: Dataset;
  readonly prompts: readonly string[];
  /** The group of each prompt. */
  readonly labels: readonly number[];
  /** Emoji that the system was trained on, with their groups: what the classifier reaches on real pictures. */
  readonly known: Dataset;
}

const sizes = {
  full: { epochs: 50, prior: 0, classifier: 10, prompts: 12 },
  quick: { epochs: 1, prior: 0, classifier: 2, prompts: 2 },
} as const;

/** Share of the emoji that the system is trained on. */
const DRAWN = 0.6;

const options: PixArtOptions = {
  ...{ width: 64, depth: 3, heads: 4, patch: 4, modulation: "single" },
  text: { width: 48, depth: 1, heads: 4 },
  latents: "pixels",
};

const recipe: TextToImageRecipe = {
  ...paper.recipe,
  ...{ batchSize: 64, learningRate: 3e-3, warmUp: 1, average: 0.98, autoencoderEpochs: 0 },
};

/** Emoji whose captions name their group too, such as "Food & Drink: red apple": a name is seldom seen twice. */
async function captioned(): Promise<EmojiPictures> {
  const { pictures, labels, groups } = await emojiPictures(SIDE);
  const { images, height, width, channels } = pictures;
  const captions = pictures.captions.map((name, i) => `${groups[labels[i] as number]}: ${name}`);
  const own = new CaptionedPictures({ images, height, width, channels, captions });
  return { pictures: own, labels, groups };
}

async function load(budget: Budget): Promise<EmojiData> {
  const { pictures, labels, groups } = await captioned();
  const order = Array.from(new Random(0).fork("emoji").permutation(pictures.size));
  const cut = Math.round(DRAWN * pictures.size);
  const [drawn, other] = [order.slice(0, cut), order.slice(cut)];
  const setOf = (places: readonly number[]): Dataset => {
    const { images, height, width, channels } = pictures.subset(places);
    const own = Int32Array.from(places, (place) => labels[place] as number);
    return new Dataset({ images, height, width, channels, labels: own, classes: groups });
  };
  const { prompts: each } = sizes[budget];
  const chosen = groups.flatMap((_, group) =>
    other.filter((place) => labels[place] === group).slice(0, each),
  );
  return {
    drawing: textToImageData(pictures.subset(drawn), {
      validation: 0.05,
      vocabulary: 1024,
      seed: 0,
    }),
    classified: setOf(other),
    known: setOf(drawn.slice(0, 400)),
    prompts: chosen.map((place) => pictures.captions[place] as string),
    labels: chosen.map((place) => labels[place] as number),
  };
}

/** What a seed's system and classifier are. */
interface Trained {
  readonly system: TextToImageSystem;
  readonly classifier: ImageClassifier;
  readonly seconds: number;
}

const names = {
  guided: "guidance 4.5",
  plain: "guidance 1",
  without: "without the caption",
  real: "real pictures of the groups",
} as const;

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<EmojiData>): Promise<ExperimentResult> {
  const made = new Map<number, Trained>();
  const drawings: Uint8Array[] = [];
  const trainedFor = async (seed: number, hooks: Parameters<Contestant<never>["run"]>[1]) => {
    const known = made.get(seed);
    if (known) return known;
    const own = await train(data, seed, budget, hooks);
    made.set(seed, own);
    return own;
  };
  const contestant = (
    name: string,
    score: (trained: Trained, seed: number) => Promise<number>,
  ): Contestant<TextToImageSystem> => ({
    name,
    run: async (seed, hooks) => {
      const trained = await trainedFor(seed, hooks);
      const accuracy = await score(trained, seed);
      return {
        ...{ parameters: countParameters(trained.system.model), metrics: { accuracy } },
        ...{ seconds: trained.seconds, curve: { seed, points: [] }, kept: trained.system },
      };
    },
  });
  const byGuidance = (guidance: number) => async (trained: Trained, seed: number) => {
    const images = await trained.system.drawings(data.prompts, { guidance, seed });
    if (guidance === GUIDANCE) drawings.push(images);
    return await followed(trained.classifier, images, data.labels);
  };
  const { rows, kept } = await compare(
    [
      contestant(names.guided, byGuidance(GUIDANCE)),
      contestant(names.plain, byGuidance(1)),
      contestant(names.without, byGuidance(0)),
      contestant(
        names.real,
        async ({ classifier }) => (await classifier.evaluate(data.known)).accuracy,
      ),
    ],
    context,
    { bySeed: true },
  );
  for (const { classifier, system } of made.values()) {
    await classifier.release();
    if (system !== kept) await system.release();
  }
  return {
    metrics: [{ name: "accuracy", as: "share", better: "higher" }],
    ...{ rows, trained: kept, verdicts: verdictsOf(rows) },
    figures: [drawingsFigure(drawings[0] ?? new Uint8Array(), data)],
  };
}

const GUIDANCE = 4.5;
/** What drawings with their captions must be ahead by, so that no accident of near chance counts. */
const LEAST = 0.05;

async function train(
  data: EmojiData,
  seed: number,
  budget: Budget,
  { signal, onProgress }: Parameters<Contestant<never>["run"]>[1],
): Promise<Trained> {
  const { epochs, prior, classifier: rounds } = sizes[budget];
  const given = { paper: paper.id, options, data: data.drawing };
  const description = describeTextToImage(given);
  const model = build(options, description.target);
  const system = new TextToImageSystem(model, description, data.drawing.tokenizer);
  const { seconds, plan } = await trainTextToImage(system, {
    ...{ data: data.drawing, recipe: { ...recipe, epochs, priorEpochs: prior }, seed },
    ...(signal && { signal }),
    onBatch: ({ share, loss }) => onProgress(share, loss),
  });
  signal?.throwIfAborted();
  if (plan.average) await plan.average.swap();
  const classifier = await trainGroupClassifier(data.classified, {
    ...{ epochs: rounds, seed },
    ...(signal && { signal }),
  });
  return { system, classifier, seconds };
}

/** The share of drawings that the classifier puts into their prompts' groups. */
async function followed(
  classifier: ImageClassifier,
  images: Uint8Array,
  labels: readonly number[],
): Promise<number> {
  const { classes } = classifier.description;
  const said = await classifier.predict(images);
  return meanOf(said.map(({ label }, i) => Number(label === classes[labels[i] as number])));
}

function verdictsOf(rows: readonly Row[]): ExperimentResult["verdicts"] {
  const of = (name: string): readonly number[] => metricOf(rows, name, "accuracy");
  const text = (name: string): string => `${(100 * meanOf(of(name))).toFixed(1)} %`;
  return [
    {
      claim: "prompt-following",
      holds: exceeds(of(names.guided), of(names.without), LEAST),
      rule: `With a margin of ${100 * LEAST} points: ${exceedsRule}`,
      found: `The classifier finds the prompt's group in ${text(names.guided)} of the drawings, in ${text(names.without)} of those without a caption, and in ${text(names.real)} of real pictures.`,
    },
    {
      claim: "guidance",
      holds: exceeds(of(names.guided), of(names.plain)),
      rule: exceedsRule,
      found: `${text(names.guided)} with guidance, ${text(names.plain)} without.`,
    },
  ];
}

/** Drawings of the first seed, a group a row. */
function drawingsFigure(images: Uint8Array, { labels, classified }: EmojiData): Figure {
  const each = labels.filter((label) => label === labels[0]).length;
  const grid = pictureGrid(images, { height: SIDE, width: SIDE, channels: 3 }, each);
  return pictureFigure(grid, 3, {
    title: "Drawn from captions it has not seen",
    caption: `A group a row: ${classified.classes.join(", ")}.`,
  });
}

/** Measures whether drawings of emoji follow their prompts. */
export const emoji: Experiment<EmojiData> = {
  claims: ["prompt-following", "guidance"],
  seeds: [1, 2, 3],
  load,
  measure,
};
