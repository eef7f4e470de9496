import type { Random } from "@quire/tensor";
import type { ChannelStatistics, Dataset } from "../dataset.ts";
import type { ImageSource } from "../image-source.ts";
import { normalizer, type PlaneWriter, planeWriter, valueTable } from "../image-tensor.ts";
import type { Augmentation, Sample } from "./augmentation.ts";

/**
 * Images changed at random on their way into a batch. What happens to an image depends on `random` and its
 * place in the data set, so neither the order nor the batch size matters.
 */
export function augmentedImages(
  dataset: Dataset,
  augment: Augmentation,
  random: Random,
  { normalize }: { readonly normalize?: ChannelStatistics | undefined },
): ImageSource {
  const samples = new SamplePool(dataset);
  const { offset, scale } = normalizer(dataset.channels, normalize);
  const partner = (draw: Random): Sample => samples.load(draw.integer(dataset.size));
  const { mixesLabels } = augment;
  return {
    mixesLabels,
    write: (index, slot, images, labels) => {
      samples.reset();
      const sample = samples.load(index);
      augment.apply(sample, random.fork(index), partner);
      writeNormalized(images, slot * dataset.imageBytes, sample, offset, scale);
      if (mixesLabels) labels.set(sample.target, slot * sample.target.length);
      else labels[slot] = dataset.labels[index] as number;
    },
  };
}

/** Samples that are filled again for every image: one, and one more for every partner in use. */
class SamplePool {
  readonly #dataset: Dataset;
  readonly #write: PlaneWriter;
  readonly #samples: Sample[] = [];
  #used = 0;

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
    this.#write = planeWriter(dataset.images, dataset, valueTable(dataset.channels));
  }

  reset(): void {
    this.#used = 0;
  }

  load(index: number): Sample {
    const dataset = this.#dataset;
    const sample = this.#next();
    this.#write(index, sample.pixels, 0);
    sample.target.fill(0);
    sample.target[dataset.labels[index] as number] = 1;
    return sample;
  }

  #next(): Sample {
    const { imageBytes, channels, height, width, classes } = this.#dataset;
    const sample = this.#samples[this.#used] ?? {
      pixels: new Float32Array(imageBytes),
      spare: new Float32Array(imageBytes),
      channels,
      height,
      width,
      target: new Float32Array(classes.length),
    };
    this.#samples[this.#used++] = sample;
    return sample;
  }
}

function writeNormalized(
  to: Float32Array,
  start: number,
  { pixels, channels }: Sample,
  offset: Float64Array,
  scale: Float64Array,
): void {
  const plane = pixels.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const subtract = offset[channel] as number;
    const times = scale[channel] as number;
    const end = (channel + 1) * plane;
    for (let i = channel * plane; i < end; i++) {
      to[start + i] = ((pixels[i] as number) - subtract) * times;
    }
  }
}
