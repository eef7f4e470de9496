import { cities, organismNames } from "@quire/data/files";
import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult, Row, Verdict } from "../paper.ts";
import { exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import type { LinkageRecipe, LinkageTarget } from "../tasks/linkage-target.ts";
import { trainLinker } from "../tasks/linkage-training.ts";
import { Linker } from "../tasks/linker.ts";
import { trainRecordTokenizer } from "../tasks/record-tokenizer.ts";
import type { Contestant, Turn, TurnHooks } from "../turn.ts";
import { accuracies, byEditDistance, byNgrams, byVectors, type Matcher } from "./matching.ts";
import { build, type SentenceEncoderOptions } from "./model.ts";
import { misspellingTask, type NameTask, placeTask, scriptNames } from "./names.ts";
import { paper } from "./paper.ts";

/** An encoder that takes part, and how it is trained. */
interface Trained {
  readonly name: string;
  readonly recipe: LinkageRecipe;
}

const options: SentenceEncoderOptions = {
  ...{ layout: "plain", width: 64, depth: 2, heads: 4, ratio: 3, pooling: "mean", dropout: 0 },
};
/** Tokens: bytes and 254 of their most frequent pairs. */
const VOCABULARY = 512;
/** Tokens of a name that are read: nine tenths of the places' names have 13 at most, of the organisms' 18. */
const LENGTH = 24;

/** Learning from nothing bears larger steps than fine-tuning, and a temperature that is less strict. */
const recipe: LinkageRecipe = {
  ...paper.recipe,
  ...{ epochs: 3, batchSize: 128, learningRate: 4e-3, warmUp: 0.2, temperature: 0.15 },
};

/** Trains an encoder on the task's names, and has it link those of the test. */
function encoder(task: NameTask, { name, recipe: own }: Trained): Contestant<Linker> {
  return {
    name,
    run: async (seed, { signal, onProgress }: TurnHooks) => {
      const tokenizer = trainRecordTokenizer(task.train.records, VOCABULARY);
      const target: LinkageTarget = {
        ...{ vocabulary: tokenizer.size, length: LENGTH, padding: tokenizer.padding },
      };
      const linker = new Linker(build(options, target), tokenizer, {
        ...{ task: "linkage", paper: paper.id, options, target, fields: task.train.fields },
      });
      const { points, seconds, parameters } = await trainLinker(linker, {
        ...{ train: task.train, validation: task.validation, recipe: own, seed },
        ...(signal && { signal }),
        onBatch: ({ share, loss }) => onProgress(share, loss),
      });
      signal?.throwIfAborted();
      const metrics = accuracies(task, await byVectors(linker)(task));
      return {
        ...{ parameters, metrics, seconds, curve: { seed, points }, kept: linker },
        release: () => linker.release(),
      };
    },
  };
}

/** Links without learning: the same with every seed. */
function matcher(task: NameTask, name: string, match: Matcher): Contestant<Linker | undefined> {
  return {
    name,
    run: async (seed): Promise<Turn<undefined>> => {
      const started = performance.now();
      const metrics = accuracies(task, await match(task));
      const seconds = (performance.now() - started) / 1000;
      return { parameters: 0, metrics, seconds, curve: { seed, points: [] }, kept: undefined };
    },
  };
}

const names = {
  encoder: "encoder, supervised contrastive",
  online: "encoder, online contrastive",
  all: "encoder, online contrastive, all pairs",
  distance: "normalised edit distance",
  ngrams: "TF-IDF of n-grams",
  romanized: "edit distance, romanised",
} as const;

async function compared(
  contestants: readonly Contestant<Linker | undefined>[],
  context: Omit<ExperimentContext, "data">,
): Promise<{ readonly rows: readonly Row[]; readonly trained: Pick<ExperimentResult, "trained"> }> {
  const { rows, kept } = await compare(contestants, context);
  return { rows, trained: kept ? { trained: kept } : {} };
}

/** Whether the first system is above each of the others, seed by seed. */
function above(claim: string, rows: readonly Row[], others: readonly string[]): Verdict {
  const of = (name: string): readonly number[] => metricOf(rows, name, "accuracy");
  const all = [names.encoder, ...others];
  return {
    claim,
    holds: others.every((other) => exceeds(of(names.encoder), of(other))),
    rule: exceedsRule,
    found: `${all.map((name) => `${name} ${(100 * meanOf(of(name))).toFixed(1)} %`).join(", ")}.`,
  };
}

/** The string matching that the paper compares with. */
const strings = [names.distance, names.ngrams];

/** Judged against the paper's baselines; a stronger one of ours is told beside them. */
function aboveBeside(
  claim: string,
  rows: readonly Row[],
  others: readonly string[],
  beside: string,
): Verdict {
  const { found } = above(claim, rows, [...others, beside]);
  return { ...above(claim, rows, others), found };
}

const shown = { as: "share", better: "higher" } as const;

/** Accuracy by script, system by system. */
function scriptFigure(rows: readonly Row[]): Figure {
  return {
    kind: "heat",
    title: "Names found, by the script they are written in",
    caption: "The share of names whose place was found among its country's, means over the seeds.",
    rows: rows.map(({ system }) => system),
    columns: scriptNames,
    values: rows.map(({ metrics }) => scriptNames.map((script) => meanOf(metrics[script] ?? [0]))),
  };
}

const places = {
  full: { train: 9000, validation: 300, test: 3000 },
  quick: { train: 400, validation: 60, test: 200 },
} as const;

async function loadPlaces(budget: keyof typeof places): Promise<NameTask> {
  return placeTask(await cities(), places[budget], 20);
}

function recipeOf(budget: keyof typeof places, own: Partial<LinkageRecipe> = {}): LinkageRecipe {
  return { ...recipe, ...own, ...(budget === "quick" && { epochs: 2 }) };
}

const scripts: Experiment<NameTask> = {
  claims: ["scripts"],
  seeds: [1, 2, 3],
  load: loadPlaces,
  measure: async ({ data, ...context }) => {
    const { rows, trained } = await compared(
      [
        encoder(data, { name: names.encoder, recipe: recipeOf(context.budget) }),
        matcher(data, names.distance, byEditDistance()),
        matcher(data, names.ngrams, byNgrams),
        matcher(data, names.romanized, byEditDistance(true)),
      ],
      context,
    );
    return {
      metrics: ["accuracy", ...scriptNames].map((name) => ({ name, ...shown })),
      ...{ rows, verdicts: [aboveBeside("scripts", rows, strings, names.romanized)] },
      ...{ figures: [scriptFigure(rows)], ...trained },
    };
  },
};

const losses: Experiment<NameTask> = {
  claims: ["losses"],
  seeds: [1, 2, 3],
  load: loadPlaces,
  measure: async ({ data, ...context }) => {
    const short = { epochs: 1 };
    const online = { ...short, loss: "online-contrastive" } as const;
    const all = { ...short, loss: "online-contrastive-all" } as const;
    const { rows, trained } = await compared(
      [
        encoder(data, { name: names.encoder, recipe: recipeOf(context.budget, short) }),
        encoder(data, { name: names.online, recipe: recipeOf(context.budget, online) }),
        encoder(data, { name: names.all, recipe: recipeOf(context.budget, all) }),
      ],
      context,
    );
    return {
      metrics: [{ name: "accuracy", ...shown }],
      ...{ rows, verdicts: [aboveBeside("losses", rows, [names.online], names.all)], ...trained },
    };
  },
};

const organisms = {
  full: { train: 9000, validation: 300, test: 3000 },
  quick: { train: 400, validation: 60, test: 200 },
} as const;

/** Organisms have half the names that places have: as many steps take more epochs. */
const long = { epochs: 5 } as const;

const misspellings: Experiment<NameTask> = {
  claims: ["misspellings"],
  seeds: [1, 2, 3],
  load: async (budget) =>
    misspellingTask(await organismNames(["scientific name", "misspelling"]), organisms[budget], 20),
  measure: async ({ data, ...context }) => {
    const { rows, trained } = await compared(
      [
        encoder(data, { name: names.encoder, recipe: recipeOf(context.budget, long) }),
        matcher(data, names.distance, byEditDistance()),
        matcher(data, names.ngrams, byNgrams),
      ],
      context,
    );
    return {
      metrics: [{ name: "accuracy", ...shown }],
      ...{ rows, verdicts: [above("misspellings", rows, strings)] },
      ...trained,
    };
  },
};

/** Each measures one claim; all that take part in one have the same names, candidates and blocks. */
export const experiments: readonly Experiment<NameTask>[] = [scripts, losses, misspellings];
