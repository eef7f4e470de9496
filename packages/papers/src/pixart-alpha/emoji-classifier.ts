// B images, C channels, H rows, W columns, K classes

import type { Dataset } from "@quire/data";
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
import { ImageClassifier } from "../tasks/image-classifier.ts";
import { describeImageModel } from "../tasks/image-comparison.ts";
import type { ImageTarget } from "../tasks/image-target.ts";
import { trainImageClassifier } from "../tasks/image-training.ts";

const widths = [32, 64, 64] as const;

/** Three convolutions with batch normalisation, and the mean over all places. `[B, C, H, W] -> [B, K]` */
class GroupClassifier extends Module implements Layer {
  readonly convolutions: readonly Convolution[];
  readonly norms: readonly BatchNorm[];
  readonly head: Linear;

  constructor({ channels, classes }: ImageTarget) {
    super();
    const before = [channels, ...widths];
    this.convolutions = widths.map((out, i) => {
      const shape = { in: before[i] as number, out, kernel: [3, 3], bias: false };
      return new Convolution(
        { ...shape, initial: kaimingNormal },
        { stride: i === 0 ? 1 : 2, padding: 1 },
      );
    });
    this.norms = widths.map((width) => new BatchNorm({ channels: width }));
    this.head = new Linear({ in: widths.at(-1) as number, out: classes });
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

/** Trains a classifier that says which group an emoji is of; what draws never saw its pictures. */
export async function trainGroupClassifier(
  train: Dataset,
  {
    epochs,
    seed,
    signal,
  }: {
    readonly epochs: number;
    readonly seed: number;
    readonly signal?: AbortSignal;
  },
): Promise<ImageClassifier> {
  const description = describeImageModel({ paper: "pixart-alpha", options: { widths }, train });
  const classifier = new ImageClassifier(new GroupClassifier(description.target), description);
  // Measured on a few, since nothing is chosen by it.
  await trainImageClassifier(classifier, {
    ...{ train, validation: train.take(32), seed },
    recipe: {
      ...{ epochs, batchSize: 50, learningRate: 5e-3, warmUp: 1, weightDecay: 0.05 },
      ...{ labelSmoothing: 0.1, augment: { crop: 2 } },
    },
    ...(signal && { signal }),
  });
  return classifier;
}
