// B batch, C channels, H height, W width, K classes

import { type ChannelStatistics, type Dataset, imageTensor } from "@quire/data";
import type { Layer } from "@quire/nn";
import {
  type Compiled,
  type CompileOptions,
  compile,
  constant,
  div,
  type HostTensor,
  hostTensor,
  softmax,
  sub,
  type Tensor,
} from "@quire/tensor";
import { ConfusionMatrix } from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import type { ImageModelDescription } from "./image-target.ts";

/** What a classifier says of one image. */
export interface ImagePrediction {
  /** The likeliest class's name. */
  readonly label: string;
  /** The probability of every class, in the order of the description's classes. */
  readonly probabilities: readonly number[];
}

/** How a classifier does on labelled images. */
export interface ImageEvaluation {
  /** The share of images whose likeliest class is the right one. */
  readonly accuracy: number;
  /** The mean of minus the logarithm of the right class's probability. */
  readonly loss: number;
  /** Each image's part of the loss, `[N]`. */
  readonly losses: Float64Array;
  /** `[K][K]`: how many images of a class (row) were taken for each class (column). */
  readonly confusion: readonly (readonly number[])[];
}

const LARGEST_BATCH = 200;
/** Keeps the logarithm of a probability that was rounded to 0 finite. */
const LEAST_PROBABILITY = 1e-12;

/** An image classifier with all that is known of it: it normalises, runs in batches and names classes. */
export class ImageClassifier implements System<ImageModelDescription> {
  readonly model: Layer;
  readonly description: ImageModelDescription;
  readonly #compiled: Compiled<[Tensor], { probabilities: Tensor }>;

  constructor(model: Layer, description: ImageModelDescription, options: CompileOptions = {}) {
    this.model = model;
    this.description = description;
    const run = (images: Tensor) => ({ probabilities: this.classify(images).probabilities });
    this.#compiled = compile(run, { name: "classify", ...options });
  }

  /**
   * The traced function that is run, and exported: images with values from 0 to 1 give each class's logit and
   * probability. `[B, C, H, W] -> [B, K], [B, K]`
   */
  classify(images: Tensor): { logits: Tensor; probabilities: Tensor } {
    const logits = this.model.forward(normalized(images, this.description.normalization));
    return { logits, probabilities: softmax(logits, { axis: 1 }) };
  }

  /** A file of the classifier takes pixels / 255 of any number of images. */
  get exported(): ExportedFunction {
    const { target, classes, paper, task } = this.description;
    const { channels, height, width } = target;
    return {
      run: (images) => this.classify(images as Tensor),
      inputs: { images: { shape: ["batch", channels, height, width] } },
      outputs: { logits: ["batch", classes.length], probabilities: ["batch", classes.length] },
      metadata: {
        ...{ paper, task, classes: JSON.stringify(classes) },
        input: "pixels / 255, channels first; the model normalises them",
      },
    };
  }

  /** Names and weighs the classes of images, `[N, H, W, C]` bytes of the description's size. */
  async predict(images: Uint8Array): Promise<ImagePrediction[]> {
    const { classes, target } = this.description;
    const count = images.length / (target.height * target.width * target.channels);
    const all = await this.#probabilities(images, count);
    return Array.from({ length: count }, (_, place) => {
      const probabilities = Array.from(
        all.subarray(place * classes.length, (place + 1) * classes.length),
      );
      return { label: classes[likeliest(probabilities)] ?? "", probabilities };
    });
  }

  /** Compares predictions with labels. */
  async evaluate(dataset: Dataset): Promise<ImageEvaluation> {
    const { size, labels, classes } = dataset;
    const all = await this.#probabilities(dataset.images, size);
    const matrix = new ConfusionMatrix(classes.length);
    matrix.add({
      logits: hostTensor(all, [size, classes.length], "float32"),
      labels: hostTensor(labels, [size], "int32"),
    });
    const confusion = classes.map((_, label) =>
      Array.from(matrix.counts.subarray(label * classes.length, (label + 1) * classes.length)),
    );
    const right = confusion.reduce((sum, row, label) => sum + (row[label] as number), 0);
    const losses = Float64Array.from(labels, (label, place) => {
      const probability = all[place * classes.length + label] as number;
      return -Math.log(Math.max(probability, LEAST_PROBABILITY));
    });
    const loss = losses.reduce((sum, one) => sum + one, 0) / size;
    return { accuracy: right / size, loss, losses, confusion };
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await this.#compiled.release();
  }

  /** `[N, K]`; batches have one size, the last one is filled up, so that one model is compiled. */
  async #probabilities(images: Uint8Array, count: number): Promise<Float32Array> {
    const { target, classes } = this.description;
    const bytes = target.height * target.width * target.channels;
    const results = new Float32Array(count * classes.length);
    const size = Math.ceil(count / Math.max(1, Math.ceil(count / LARGEST_BATCH)));
    for (let first = 0; first < count; first += size) {
      const taken = images.subarray(first * bytes, (first + size) * bytes);
      const batch = imageTensor(taken, target);
      const { probabilities } = await this.#compiled(filledTo(size, batch));
      const rows = (probabilities.data as Float32Array).subarray(
        0,
        (taken.length / bytes) * classes.length,
      );
      results.set(rows, first * classes.length);
    }
    return results;
  }
}

/** The place of the largest value. */
function likeliest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}

function normalized(images: Tensor, { mean, deviation }: ChannelStatistics): Tensor {
  const shape = [mean.length, 1, 1];
  const scale = deviation.map((value) => (value > 0 ? value : 1));
  const centred = sub(images, constant(hostTensor([...mean], shape)));
  return div(centred, constant(hostTensor(scale, shape)));
}

function filledTo(size: number, batch: HostTensor<"float32">): HostTensor<"float32"> {
  const [count = 0, ...rest] = batch.shape;
  if (count === size) return batch;
  const data = new Float32Array((batch.data.length / count) * size);
  data.set(batch.data);
  return hostTensor(data, [size, ...rest], "float32");
}
