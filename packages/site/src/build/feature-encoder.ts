// B texts, N features, D width

import { Embedding, initialize, Module, maskedMean, normal, unitVectors } from "@quire/nn";
import { add, compile, hostTensor, mul, notEqual, Random, type Tensor } from "@quire/tensor";
import { adamW, cosine, supervisedContrastive } from "@quire/train";
import { featuresOf } from "../search/features.ts";
import type { MeaningFile } from "../search/meaning.ts";

/** Texts on papers, of which the encoder learns what belongs together. */
export interface EncoderText {
  readonly paper: string;
  readonly family: string;
  readonly text: string;
}

const WIDTH = 24;
const STEPS = 80;
/** Features of a text in a step, at most. */
const MOST = 128;
/** The share of a text's features that a step does without, so that no single word decides. */
const DROPPED = 0.4;
/** How much it counts to find the family beside finding the paper. */
const FAMILY_SHARE = 0.3;
const TEMPERATURE = 0.1;

/** The mean of the vectors of a text's features, as a vector of length 1. `int32 [B, N] -> [B, D]` */
class FeatureEncoder extends Module {
  readonly table: Embedding;

  constructor(features: number) {
    super();
    this.table = new Embedding({ count: features + 1, width: WIDTH, initial: normal(0.3) });
  }

  /** Row 0 fills up a batch. `int32 [B, N] -> [B, D]` */
  forward(rows: Tensor): Tensor {
    return unitVectors(maskedMean(this.table.forward(rows), notEqual(rows, 0)));
  }
}

/**
 * Trains an encoder of texts by the supervised contrastive loss: texts on one paper lie together, those of one family
 * near. What it learnt is small enough for a page.
 */
export async function trainMeaning(texts: readonly EncoderText[], seed: number) {
  const seen = [...new Set(texts.flatMap(({ text }) => featuresOf(text)))];
  const rows = new Map(seen.map((feature, row) => [feature, row]));
  const features = texts.map(({ text }) => featuresOf(text).map((one) => rows.get(one) as number));
  const encoder = new FeatureEncoder(seen.length);
  initialize(encoder, seed);
  const learningRate = cosine({ from: 2e-2, steps: STEPS });
  const optimizer = adamW(encoder.parameters(), { learningRate, weightDecay: 0 });
  const step = compile((ids: Tensor, ofPapers: Tensor, ofFamilies: Tensor) => {
    const vectors = encoder.forward(ids);
    const of = (labels: Tensor): Tensor =>
      supervisedContrastive(vectors, labels, { temperature: TEMPERATURE });
    const loss = add(of(ofPapers), mul(of(ofFamilies), FAMILY_SHARE));
    optimizer.minimize(loss);
    return { loss };
  });
  const [papers, families] = [labelsOf(texts, "paper"), labelsOf(texts, "family")];
  const random = new Random(seed).fork("features");
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const { loss } = await step(batchOf(features, random), papers, families);
    losses.push(loss.item());
  }
  await step.release();
  const table = (await encoder.table.weight.get()).data as Float32Array;
  const file = fileOf(table.subarray(WIDTH), texts, features);
  return { losses, file: { ...file, features: base64(Uint32Array.from(seen)) } };
}

function labelsOf(texts: readonly EncoderText[], of: "paper" | "family") {
  const names = [...new Set(texts.map((text) => text[of]))];
  return hostTensor(
    Int32Array.from(texts, (text) => names.indexOf(text[of])),
    [texts.length],
    "int32",
  );
}

function batchOf(features: readonly (readonly number[])[], random: Random) {
  const rows = new Int32Array(features.length * MOST);
  features.forEach((own, text) => {
    const kept = own.filter(() => random.uniform() >= DROPPED);
    const taken = (kept.length > 0 ? kept : own).slice(0, MOST);
    taken.forEach((row, i) => {
      rows[text * MOST + i] = row + 1;
    });
  });
  return hostTensor(rows, [features.length, MOST], "int32");
}

function fileOf(
  rows: Float32Array,
  texts: readonly EncoderText[],
  features: readonly (readonly number[])[],
): Omit<MeaningFile, "features"> {
  const scale = rows.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9) / 127;
  const ids = [...new Set(texts.map(({ paper }) => paper))];
  const means = ids.map((id) => {
    const own = features.filter((_, text) => texts[text]?.paper === id);
    const sum = new Float64Array(WIDTH);
    for (const vector of own.map((of) => vectorOf(rows, of))) {
      vector.forEach((value, i) => {
        sum[i] = (sum[i] as number) + value;
      });
    }
    return unit(sum);
  });
  return {
    ...{ width: WIDTH, ids },
    table: base64(Int8Array.from(rows, (value) => Math.round(value / scale))),
    papers: base64(Int8Array.from(means.flatMap((mean) => mean.map((v) => Math.round(127 * v))))),
  };
}

function vectorOf(table: Float32Array, features: readonly number[]): number[] {
  const sum = new Float64Array(WIDTH);
  for (const row of features) {
    for (let i = 0; i < WIDTH; i++) {
      sum[i] = (sum[i] as number) + (table[row * WIDTH + i] as number);
    }
  }
  return unit(sum);
}

function unit(vector: Float64Array): number[] {
  const length = Math.hypot(...vector) || 1;
  return Array.from(vector, (value) => value / length);
}

function base64(values: Int8Array | Uint32Array): string {
  return Buffer.from(values.buffer).toString("base64");
}
