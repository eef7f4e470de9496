// B sequences, T places, L labels

import {
  type Compiled,
  type CompileOptions,
  compile,
  hostTensor,
  softmax,
  type Tensor,
} from "@quire/tensor";
import type { ExportedFunction, System, SystemFiles } from "../system.ts";
import { type EncodedSequences, encodeTokens, type SequenceCoding } from "./sequence-data.ts";
import type {
  LearnedProgram,
  SequenceModelDescription,
  SequenceNetwork,
} from "./sequence-target.ts";

/** What a labeller says of a sequence. */
export interface SequencePrediction {
  /** One a token, or a single one of the whole sequence. */
  readonly labels: readonly string[];
  /** How likely each of them is. */
  readonly probabilities: readonly number[];
}

/** How well sequences are labelled. */
export interface SequenceEvaluation {
  /** The share of labels that are right. */
  readonly accuracy: number;
  /** The share of sequences all of whose labels are right. */
  readonly wholeAccuracy: number;
  /** Mean over the sequences of minus the logarithm of their labels' probabilities. */
  readonly loss: number;
  /** Labels of each sequence, how many of them are right, and its loss. */
  readonly counts: readonly number[];
  readonly right: readonly number[];
  readonly losses: readonly number[];
  /** Place of each label that was given, -1 where there is none; `[N, T]` or `[N, 1]`. */
  readonly given: Int32Array;
}

/** Sequences that are run at once. */
const BATCH = 256;

/** A labeller of sequences with the names of its tokens and labels. */
export class SequenceLabeller implements System<SequenceModelDescription> {
  readonly model: SequenceNetwork;
  readonly description: SequenceModelDescription;
  readonly #run: Compiled<[Tensor], Tensor>;

  constructor(
    model: SequenceNetwork,
    description: SequenceModelDescription,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    this.#run = compile((ids: Tensor) => softmax(model.forward(ids)), {
      name: "label",
      ...options,
    });
  }

  /** How tokens and labels become numbers. */
  get coding(): SequenceCoding {
    const { tokens, labels, ends, target } = this.description;
    return { tokens, labels, ends, kind: target.kind, length: target.length };
  }

  /** The program that it is, for people to read beside its weights. */
  get files(): Promise<SystemFiles> {
    return this.program().then((program): SystemFiles => {
      return program ? { "program.ts": program.typescript } : {};
    });
  }

  /** A file of the model takes any number of sequences, filled up to their length. */
  get exported(): ExportedFunction {
    const { model, description } = this;
    const { length, labels, kind } = description.target;
    return {
      run: (ids) => ({ logits: model.forward(ids as Tensor) }),
      inputs: { ids: { shape: ["batch", length], dtype: "int32" } },
      outputs: { logits: ["batch", kind === "tagging" ? length : 1, labels] },
      metadata: {
        ...{ paper: description.paper, task: description.task },
        tokens: JSON.stringify(description.tokens),
        labels: JSON.stringify(description.labels),
        input: `token ids, 0 after the end of a sequence, which begins with ${description.tokens[1]}${description.ends ? ` and ends with ${description.tokens[2]}` : ""}`,
      },
    };
  }

  /** What the model does as a program, where it is one. */
  async program(): Promise<LearnedProgram | undefined> {
    return await this.model.program?.(this.description);
  }

  /**
   * Finds out whether sequences can be labelled.
   *
   * @throws QuireError when one is empty or too long, or a token is not known.
   */
  requireKnown(sequences: readonly (readonly string[])[]): void {
    encodeTokens(this.coding, sequences);
  }

  /**
   * Labels sequences of tokens.
   *
   * @throws QuireError when a sequence is empty or too long, or a token is not known.
   */
  async predict(sequences: readonly (readonly string[])[]): Promise<SequencePrediction[]> {
    const { labels, target } = this.description;
    const probabilities = await this.#probabilities(
      encodeTokens(this.coding, sequences),
      sequences.length,
    );
    const width = target.kind === "tagging" ? target.length : 1;
    return sequences.map((tokens, row) => {
      const count = target.kind === "tagging" ? tokens.length : 1;
      const first = target.kind === "tagging" ? 1 : 0;
      const likeliest = Array.from({ length: count }, (_, place) =>
        likeliestAt(probabilities, (row * width + place + first) * labels.length, labels.length),
      );
      return {
        labels: likeliest.map(({ label }) => labels[label] as string),
        probabilities: likeliest.map(({ probability }) => probability),
      };
    });
  }

  /** Measures how well sequences are labelled. */
  async evaluate({ ids, labels, size }: EncodedSequences): Promise<SequenceEvaluation> {
    const probabilities = await this.#probabilities(ids, size);
    const count = this.description.labels.length;
    const width = labels.length / size;
    const given = new Int32Array(labels.length).fill(-1);
    const [counts, right, losses]: [number[], number[], number[]] = [[], [], []];
    for (let row = 0; row < size; row++) {
      let [known, correct, loss] = [0, 0, 0];
      for (let place = row * width; place < (row + 1) * width; place++) {
        const wanted = labels[place] as number;
        if (wanted < 0) continue;
        given[place] = likeliestAt(probabilities, place * count, count).label;
        known += 1;
        correct += Number(given[place] === wanted);
        loss -= Math.log(Math.max(1e-30, probabilities[place * count + wanted] as number));
      }
      counts.push(known);
      right.push(correct);
      losses.push(loss / Math.max(1, known));
    }
    const total = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0);
    return {
      accuracy: total(right) / total(counts),
      wholeAccuracy: right.filter((value, row) => value === counts[row]).length / size,
      loss: total(losses) / size,
      ...{ counts, right, losses, given },
    };
  }

  /** Probabilities of labels, batch by batch; the last one is filled up, so that one model is compiled. */
  async #probabilities(ids: Int32Array, size: number): Promise<Float32Array> {
    const { target } = this.description;
    const width = (target.kind === "tagging" ? target.length : 1) * target.labels;
    const all = new Float32Array(size * width);
    const rows = Math.min(BATCH, size);
    for (let first = 0; first < size; first += rows) {
      const own = new Int32Array(rows * target.length);
      own.set(ids.subarray(first * target.length, Math.min(size, first + rows) * target.length));
      const found = await this.#run(hostTensor(own, [rows, target.length], "int32"));
      const kept = Math.min(rows, size - first) * width;
      all.set((found.data as Float32Array).subarray(0, kept), first * width);
    }
    return all;
  }

  /** Gives back the memory of what it compiled. */
  release(): Promise<void> {
    return this.#run.release();
  }
}

function likeliestAt(
  probabilities: Float32Array,
  start: number,
  count: number,
): { readonly label: number; readonly probability: number } {
  let label = 0;
  for (let other = 1; other < count; other++) {
    if ((probabilities[start + other] as number) > (probabilities[start + label] as number))
      label = other;
  }
  return { label, probability: probabilities[start + label] as number };
}
