// B images, C channels, H rows, W columns, K classes

import { type Dataset, mnist } from "@quire/data";
import {
  BatchNorm,
  Convolution,
  inference,
  kaimingNormal,
  type Layer,
  Linear,
  type Mode,
  Module,
} from "@quire/nn";
import { maxPool, mean, relu, type Tensor } from "@quire/tensor";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, exceedsRule, meanOf } from "../statistics.ts";
import { type ComparedSystem, compareImageClassifiers } from "../tasks/image-comparison.ts";
import type { ImageRecipe, ImageTarget } from "../tasks/image-target.ts";
import { build, type CompactTransformerOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Digits: few to train on, thousands to test on. */
interface Digits {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

const counts = {
  full: { train: 1000, validation: 300, test: 4000, epochs: 30 },
  quick: { train: 200, validation: 100, test: 500, epochs: 3 },
} as const;

async function loadDigits(budget: Budget): Promise<Digits> {
  const { train, test } = await mnist();
  const count = counts[budget];
  const places = Array.from({ length: count.validation }, (_, i) => count.train + i);
  return {
    train: train.take(count.train),
    validation: train.subset(places),
    test: test.split({ fraction: count.test / test.size, seed: 0 }).test,
  };
}

/// 49 tokens for each: two convolutions with pooling, or patches of 4, of images of 28. The patch models have a block
/// more, which makes up for the convolutions' parameters.
const size = { width: 64, heads: 2, ratio: 2, positions: "learned" } as const;

const convolutional: CompactTransformerOptions = {
  ...size,
  depth: 2,
  summary: "sequence pooling",
  tokenizer: { layers: 2, kernel: 3, stride: 1, padding: 1 },
};
const pooled: CompactTransformerOptions = {
  ...size,
  depth: 3,
  summary: "sequence pooling",
  tokenizer: { patch: 4 },
};
const lite: CompactTransformerOptions = { ...pooled, summary: "class token" };

const widths = [40, 76, 104] as const;

/** Three convolutions with batch normalisation, and the mean over all places: the baseline of claim 4. */
class SmallConvolutionalNetwork extends Module implements Layer {
  readonly convolutions: Convolution[];
  readonly norms: BatchNorm[];
  readonly head: Linear;

  constructor({ channels, classes }: ImageTarget) {
    super();
    const before = [channels, ...widths];
    this.convolutions = widths.map((out, i) => {
      const shape = { in: before[i] as number, out, kernel: [3, 3], bias: false };
      return new Convolution({ ...shape, initial: kaimingNormal }, { padding: 1 });
    });
    this.norms = widths.map((width) => new BatchNorm({ channels: width }));
    this.head = new Linear({ in: widths[2], out: classes });
  }

  /** `[B, C, H, W] -> [B, K]` */
  forward(images: Tensor, mode: Mode = inference): Tensor {
    let x = images;
    this.convolutions.forEach((convolution, i) => {
      x = relu((this.norms[i] as BatchNorm).forward(convolution.forward(x), mode));
      if (i < 2) x = maxPool(x, { kernel: 2, stride: 2 });
    });
    return this.head.forward(mean(x, { axes: [2, 3] }));
  }
}

function compact(name: string, options: CompactTransformerOptions): ComparedSystem {
  return { name, options, build: (target) => build(options, target) };
}

const names = {
  cct: "CCT",
  cvt: "CVT",
  vit: "ViT-Lite",
  network: "convolutional network",
  cctPlaceless: "CCT, no positions",
  vitPlaceless: "ViT-Lite, no positions",
} as const;

const systems: readonly ComparedSystem[] = [
  compact(names.cct, convolutional),
  compact(names.cvt, pooled),
  compact(names.vit, lite),
  {
    name: names.network,
    options: { widths },
    build: (target) => new SmallConvolutionalNetwork(target),
  },
  compact(names.cctPlaceless, { ...convolutional, positions: "none" }),
  compact(names.vitPlaceless, { ...lite, positions: "none" }),
];

/** The same for every system: the paper's recipe, shorter, without what digits do not bear. */
const recipe: ImageRecipe = {
  ...paper.recipe,
  epochs: counts.full.epochs,
  batchSize: 50,
  learningRate: 1e-3,
  warmUp: 3,
  augment: { crop: 2 },
};

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<Digits>): Promise<ExperimentResult> {
  const { rows, trained } = await compareImageClassifiers(
    { paper: paper.id, systems, ...data, recipe: { ...recipe, epochs: counts[budget].epochs } },
    context,
  );
  const { model, description } = trained;
  return { metric: "accuracy", rows, verdicts: verdictsOf(rows), trained: { model, description } };
}

/** Whether each claim holds, by differences seed by seed. */
function verdictsOf(rows: readonly Row[]): ExperimentResult["verdicts"] {
  const of = (name: string): readonly number[] =>
    rows.find(({ system }) => system === name)?.metrics["accuracy"] ?? [];
  const above = (claim: string, first: string, second: string) => ({
    claim,
    holds: exceeds(of(first), of(second)),
    rule: exceedsRule,
    found: `${first} ${percent(meanOf(of(first)))}, ${second} ${percent(meanOf(of(second)))}.`,
  });
  const lost = (whole: string, without: string): number[] =>
    of(whole).map((accuracy, seed) => accuracy - (of(without)[seed] as number));
  const [vitLost, cctLost] = [
    lost(names.vit, names.vitPlaceless),
    lost(names.cct, names.cctPlaceless),
  ];
  return [
    above("convolutions", names.cct, names.cvt),
    above("pooling", names.cvt, names.vit),
    {
      claim: "positions",
      holds: exceeds(vitLost, cctLost),
      rule: exceedsRule,
      found: `Without positions ViT-Lite loses ${points(vitLost)}, CCT ${points(cctLost)} points.`,
    },
    above("convolutional-network", names.cct, names.network),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function points(differences: readonly number[]): string {
  return (100 * meanOf(differences)).toFixed(1);
}

/** Measures all four claims by the same runs. */
export const experiments: readonly Experiment<Digits>[] = [
  {
    claims: paper.claims.map(({ id }) => id),
    seeds: [1, 2, 3],
    load: loadDigits,
    measure,
  },
];
