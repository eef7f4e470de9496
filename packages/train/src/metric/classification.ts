// N items, K classes

import type { HostTensor } from "@quire/tensor";
import { type Metric, named } from "./metric.ts";

/** Rows of scores and the classes they should have found. */
interface Scored {
  readonly scores: ArrayLike<number>;
  readonly labels: readonly number[];
  readonly classes: number;
}

/** The outputs `logits [N, K]` and `labels [N]`; soft labels `[N, K]` count as their largest class. */
function scoredOf(outputs: Readonly<Record<string, HostTensor>>): Scored {
  const logits = named(outputs, "logits");
  const labels = named(outputs, "labels");
  const classes = logits.shape.at(-1) as number;
  const values = labels.toArray();
  const isSoft = labels.shape.length === logits.shape.length;
  const count = values.length / classes;
  return {
    scores: logits.data as Float32Array,
    labels: isSoft ? Array.from({ length: count }, (_, i) => largest(values, i, classes)) : values,
    classes,
  };
}

/** The class with the largest score in a row; the first of equal ones. */
function largest(scores: ArrayLike<number>, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) {
    const [score, top] = [scores[row * classes + k], scores[row * classes + best]];
    if ((score as number) > (top as number)) best = k;
  }
  return best;
}

/** The share of items whose class is among the k with the largest scores, of `logits [N, K]` and `labels`. */
export class TopK implements Metric {
  readonly #k: number;
  #right = 0;
  #count = 0;

  constructor(k: number) {
    this.#k = k;
  }

  add(outputs: Readonly<Record<string, HostTensor>>): void {
    const { scores, labels, classes } = scoredOf(outputs);
    for (const [row, label] of labels.entries()) {
      const own = scores[row * classes + label] as number;
      let better = 0;
      for (let k = 0; k < classes; k++) {
        const score = scores[row * classes + k] as number;
        if (score > own || (score === own && k < label)) better++;
      }
      if (better < this.#k) this.#right++;
    }
    this.#count += labels.length;
  }

  value(): number {
    return this.#right / this.#count;
  }
}

/** The share of items whose class has the largest score, of `logits [N, K]` and `labels`. */
export class Accuracy extends TopK {
  constructor() {
    super(1);
  }
}

/** How well a class is found. */
export interface ClassScores {
  /** Share of the items called so that are so. */
  readonly precision: number;
  /** Share of the items that are so that are called so. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
  /** Items that are so. */
  readonly count: number;
}

/** How often items of each class were called each class; its value is the mean F1 over classes. */
export class ConfusionMatrix implements Metric {
  /** Rows are true classes, columns what they were called: `[K * K]`. */
  readonly counts: Float64Array;
  readonly classes: number;

  constructor(classes: number) {
    this.classes = classes;
    this.counts = new Float64Array(classes * classes);
  }

  add(outputs: Readonly<Record<string, HostTensor>>): void {
    const { scores, labels, classes } = scoredOf(outputs);
    for (const [row, label] of labels.entries()) {
      const place = label * this.classes + largest(scores, row, classes);
      this.counts[place] = (this.counts[place] as number) + 1;
    }
  }

  /** Each class's scores; a ratio of nothing is 0. */
  perClass(): ClassScores[] {
    const { classes, counts } = this;
    const at = (label: number, called: number): number =>
      counts[label * classes + called] as number;
    const all = Array.from({ length: classes }, (_, k) => k);
    return all.map((k) => {
      const count = all.reduce((sum, called) => sum + at(k, called), 0);
      const called = all.reduce((sum, label) => sum + at(label, k), 0);
      const precision = share(at(k, k), called);
      const recall = share(at(k, k), count);
      return { precision, recall, f1: share(2 * at(k, k), count + called), count };
    });
  }

  value(): number {
    const scores = this.perClass();
    return scores.reduce((sum, { f1 }) => sum + f1, 0) / scores.length;
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
