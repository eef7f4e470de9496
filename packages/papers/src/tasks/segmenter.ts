// B windows, C channels, K classes

import {
  type Compiled,
  type CompileOptions,
  compile,
  hostTensor,
  QuireError,
  softmax,
  type Tensor,
} from "@quire/tensor";
import { borderDistance, Overlap } from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import { placesOf, type SegmentationCase, type Size } from "./segmentation-data.ts";
import { sizeOfPatch } from "./segmentation-patches.ts";
import type { SegmentationModelDescription, SegmentationNetwork } from "./segmentation-target.ts";
import { Blend, readWindow, windowsOf, windowWeights } from "./sliding-window.ts";

/** What a segmenter says of a picture or a volume. */
export interface SegmentationPrediction {
  /** The class of each place as an index, `[D, H, W]`. */
  readonly labels: Uint8Array;
  /** How likely each of them is. */
  readonly probabilities: Float32Array;
}

/** How a segmenter does on cases whose classes are known. */
export interface SegmentationEvaluation {
  /** Mean over all classes but the background of Dice's coefficient, over the places of all cases. */
  readonly dice: number;
  /** Mean over the same classes of intersection over union. */
  readonly iou: number;
  /** Each class's Dice's coefficient and intersection over union; no number where it is neither said nor there. */
  readonly classes: readonly { readonly dice: number; readonly iou: number }[];
  /** What was counted in each case. */
  readonly overlaps: readonly Overlap[];
  readonly predictions: readonly SegmentationPrediction[];
}

/** Windows that are run at once: as many as hold about as many places as a picture of 256 a side. */
const PLACES = 65_536;

/** A segmenter with all that is known of it: it reads any size window by window, and blends what they say. */
export class Segmenter implements System<SegmentationModelDescription> {
  readonly model: SegmentationNetwork;
  readonly description: SegmentationModelDescription;
  readonly #run: Compiled<[Tensor], Tensor>;

  constructor(
    model: SegmentationNetwork,
    description: SegmentationModelDescription,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    this.#run = compile((images: Tensor) => this.segment(images).probabilities, {
      name: "segment",
      ...options,
    });
  }

  /** The traced function that is run, and exported. `[B, C, ...patch] -> [B, K, ...patch], [B, K, ...patch]` */
  segment(images: Tensor): { logits: Tensor; probabilities: Tensor } {
    const [logits] = this.model.forward(images);
    return { logits, probabilities: softmax(logits, { axis: 1 }) };
  }

  /** A file of the segmenter takes any number of patches. */
  get exported(): ExportedFunction {
    const { target, classes, paper, task } = this.description;
    const { channels, patch } = target;
    const outputs = ["batch", classes.length, ...patch];
    return {
      run: (images) => this.segment(images as Tensor),
      inputs: { images: { shape: ["batch", channels, ...patch] } },
      outputs: { logits: outputs, probabilities: outputs },
      metadata: {
        ...{ paper, task, classes: JSON.stringify(classes) },
        input:
          "patches of a picture or volume whose values were centred and divided by their deviation, channel by channel",
      },
    };
  }

  /**
   * Says the class of each place of pictures or volumes.
   *
   * @throws QuireError when a case has other channels, or is a volume where pictures were learnt.
   */
  async predict(cases: readonly SegmentationCase[]): Promise<SegmentationPrediction[]> {
    for (const given of cases) this.#check(given);
    const { target, classes } = this.description;
    const window = sizeOfPatch(target.patch);
    const weights = windowWeights(window);
    const blends = cases.map(() => undefined as Blend | undefined);
    const queue = cases.flatMap((given, at) =>
      windowsOf(given.size, window).map((start) => ({ at, start })),
    );
    const left = cases.map((_, at) => queue.filter((one) => one.at === at).length);
    const results: SegmentationPrediction[] = [];
    const rows = Math.max(1, Math.min(queue.length, Math.floor(PLACES / placesOf(window))));
    for (let first = 0; first < queue.length; first += rows) {
      const taken = queue.slice(first, first + rows);
      const found = await this.#windows(cases, taken, rows);
      for (const [row, { at, start }] of taken.entries()) {
        const { size } = cases[at] as SegmentationCase;
        blends[at] ??= new Blend(size, classes.length);
        const own = found.subarray(row * (found.length / rows), (row + 1) * (found.length / rows));
        blends[at]?.add(own, start, { window, weights });
        left[at] = (left[at] as number) - 1;
        if (left[at] === 0) results[at] = (blends[at] as Blend).result();
        if (left[at] === 0) blends[at] = undefined;
      }
    }
    return results;
  }

  /** Compares predictions with what is known. */
  async evaluate(cases: readonly SegmentationCase[]): Promise<SegmentationEvaluation> {
    const { classes } = this.description;
    const predictions = await this.predict(cases);
    const all = new Overlap(classes.length);
    const overlaps = cases.map(({ labels }, at) => {
      const overlap = new Overlap(classes.length);
      const said = (predictions[at] as SegmentationPrediction).labels;
      overlap.add(said, labels);
      all.add(said, labels);
      return overlap;
    });
    const byClass = classes.map((_, label) => ({ dice: all.dice(label), iou: all.iou(label) }));
    return {
      ...{ dice: meanDice([all]), iou: meanOver(byClass.slice(1).map(({ iou }) => iou)) },
      ...{ classes: byClass, overlaps, predictions },
    };
  }

  /** Gives back the memory of what it compiled. */
  release(): Promise<void> {
    return this.#run.release();
  }

  /** Probabilities of windows, `[rows, K, ...window]`; a batch that is not full is filled up. */
  async #windows(
    cases: readonly SegmentationCase[],
    taken: readonly { readonly at: number; readonly start: Size }[],
    rows: number,
  ): Promise<Float32Array> {
    const { channels, patch } = this.description.target;
    const window = sizeOfPatch(patch);
    const length = channels * placesOf(window);
    const images = new Float32Array(rows * length);
    for (const [row, { at, start }] of taken.entries()) {
      const into = images.subarray(row * length, (row + 1) * length);
      readWindow(cases[at] as SegmentationCase, start, { window, into });
    }
    const found = await this.#run(hostTensor(images, [rows, channels, ...patch]));
    return found.data as Float32Array;
  }

  #check({ name, channels, size }: SegmentationCase): void {
    const { target } = this.description;
    if (channels !== target.channels) {
      throw new QuireError(
        `${name} has ${channels} channels, and what was learnt has ${target.channels}: convert it.`,
      );
    }
    if (target.patch.length === 2 && size[0] > 1) {
      throw new QuireError(`${name} is a volume, and pictures were learnt: give pictures.`);
    }
  }
}

/** Mean over all classes but the background of Dice's coefficient, over the places of several cases. */
export function meanDice(overlaps: readonly Overlap[]): number {
  const classes = overlaps[0]?.both.length ?? 0;
  const all = new Overlap(classes);
  for (const one of overlaps) {
    for (let label = 0; label < classes; label++) {
      for (const part of ["both", "said", "wanted"] as const) {
        all[part][label] = (all[part][label] as number) + (one[part][label] as number);
      }
    }
  }
  return meanOver(Array.from({ length: classes - 1 }, (_, i) => all.dice(i + 1)));
}

/** The mean of what are numbers. */
function meanOver(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}

/**
 * Mean over cases and classes of the distance between borders that 95 % of them do not exceed, in the spacing's unit;
 * where a class is not said at all, the whole case's diagonal.
 */
export function meanBorderDistance(
  cases: readonly SegmentationCase[],
  predictions: readonly SegmentationPrediction[],
  { classes, spacing }: { readonly classes: number; readonly spacing: readonly number[] },
): number {
  const apart = spacing.length === 2 ? [1, ...spacing] : spacing;
  const found = cases.flatMap(({ labels, size }, at) => {
    const said = (predictions[at] as SegmentationPrediction).labels;
    const diagonal = Math.hypot(...size.map((length, axis) => length * (apart[axis] as number)));
    return Array.from({ length: classes - 1 }, (_, i) => {
      const isOwn = (of: Uint8Array): Uint8Array => of.map((label) => Number(label === i + 1));
      const [one, other] = [isOwn(said), isOwn(labels)];
      if (!other.includes(1)) return Number.NaN;
      const distance = borderDistance(one, other, { size, spacing: apart, share: 0.95 });
      return Number.isNaN(distance) ? diagonal : distance;
    });
  });
  return meanOver(found);
}
