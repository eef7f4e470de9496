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
import { mean, relu, type Tensor } from "@quire/tensor";
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
  full: { train: 1000, validation: 200, test: 4000, epochs: 26 },
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

/// 49 tokens for each of an image of 28: one convolution of 7 with a stride of 2 and pooling, or patches of 4. So
/// depth and width are the same, and what the convolution adds to the parameters is a thirtieth.
const size = { width: 48, depth: 2, heads: 2, ratio: 2, positions: "learned" } as const;

const convolutional: CompactTransformerOptions = {
  ...size,
  summary: "sequence pooling",
  tokenizer: { layers: 1, kernel: 7, stride: 2, padding: 3 },
};
const pooled: CompactTransformerOptions = {
  ...size,
  summary: "sequence pooling",
  tokenizer: { patch: 4 },
};
const lite: CompactTransformerOptions = { ...pooled, summary: "class token" };

const widths = [32, 56, 48] as const;

/**
 * Three convolutions with batch normalisation, two of them with a stride of 2, and the mean over all places: as many
 * parameters and products as the transformers have.
 */
class SmallConvolutionalNetwork extends Module implements Layer {
  readonly convolutions: Convolution[];
  readonly norms: BatchNorm[];
  readonly head: Linear;

  constructor({ channels, classes }: ImageTarget) {
    super();
    const before = [channels, ...widths];
    this.convolutions = widths.map((out, i) => {
      const shape = { in: before[i] as number, out, kernel: [3, 3], bias: false };
      const stride = i < 2 ? 2 : 1;
      return new Convolution({ ...shape, initial: kaimingNormal }, { stride, padding: 1 });
    });
    this.norms = widths.map((width) => new BatchNorm({ channels: width }));
    this.head = new Linear({ in: widths[2], out: classes });
  }

  /** `[B, C, H, W] -> [B, K]` */
  forward(images: Tensor, mode: Mode = inference): Tensor {
    let x = images;
    this.convolutions.forEach((convolution, i) => {
      x = relu((this.norms[i] as BatchNorm).forward(convolution.forward(x), mode));
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
  learningRate: 4e-3,
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
