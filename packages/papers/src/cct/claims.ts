// B images, C channels, H rows, W columns, K classes

import type { Dataset } from "@quire/data";
import { mnist } from "@quire/data/files";
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
import { exceeds, exceedsRule, meanOf, metricOf, percentText } from "../statistics.ts";
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

function compact(
  name: string,
  options: CompactTransformerOptions,
  figure?: string,
): ComparedSystem {
  const system = { name, options, build: (target: ImageTarget) => build(options, target) };
  return figure === undefined ? system : { ...system, figure };
}

const names = {
  cct: "CCT",
  cvt: "CVT",
  vit: "ViT-Lite",
  network: "convolutional network",
  cctPlaceless: "CCT, no positions",
  vitPlaceless: "ViT-Lite, no positions",
} as const;

/// The figures: CIFAR-10 after 200 epochs, sizes of 64 tokens each, examples/README.md of the official code.
/** What is compared: equal parameters but for tables of positions left out, and equal tokens of the transformers. */
export const systems: readonly ComparedSystem[] = [
  compact(names.cct, convolutional, "93.83 % (CCT-7/3x2, CIFAR-10)"),
  compact(names.cvt, pooled, "92.43 % (CVT-7/4, CIFAR-10)"),
  compact(names.vit, lite, "91.38 % (ViT-Lite-7/4, CIFAR-10)"),
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
  const { rows, kept } = await compareImageClassifiers(
    { paper: paper.id, systems, ...data, recipe: { ...recipe, epochs: counts[budget].epochs } },
    context,
  );
  return {
    metrics: [{ name: "accuracy", as: "share", better: "higher" }],
    ...{ rows, verdicts: verdictsOf(rows), trained: kept },
  };
}

/** Whether each claim holds, by differences seed by seed. */
function verdictsOf(rows: readonly Row[]): ExperimentResult["verdicts"] {
  const of = (name: string): readonly number[] => metricOf(rows, name, "accuracy");
  const above = (claim: string, first: string, second: string) => ({
    claim,
    holds: exceeds(of(first), of(second)),
    rule: exceedsRule,
    found: `${first} ${percentText(meanOf(of(first)))}, ${second} ${percentText(meanOf(of(second)))}.`,
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
      holds:
        exceeds(of(names.vit), of(names.vitPlaceless)) &&
        exceeds(
          vitLost,
          cctLost.map((loss) => 2 * loss),
        ),
      rule: "ViT-Lite loses, and more than twice what CCT loses, each by more than two standard errors over the seeds.",
      found: `Without positions ViT-Lite loses ${points(vitLost)}, CCT ${points(cctLost)} points.`,
    },
    above("convolutional-network", names.cct, names.network),
  ];
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
