import { Linear, Module } from "@quire/nn";
import { oneHot, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { encodeSequences, encodeTokens, partSequences, sequenceCoding } from "./sequence-data.ts";
import { SequenceLabeller } from "./sequence-system.ts";
import type { SequenceNetwork } from "./sequence-target.ts";
import {
  describeSequenceModel,
  sequenceBatches,
  sequenceRecipeFor,
  trainSequenceLabeller,
} from "./sequence-training.ts";

const sequences = [
  { tokens: ["b", "a"], labels: ["y", "x"] },
  { tokens: ["a", "a", "c"], labels: ["x", "x", "z"] },
  { tokens: ["b"], labels: ["y"] },
];
const coding = sequenceCoding(sequences, { kind: "tagging", ends: true });

describe("coding", () => {
  test("tokens and labels are sorted after the marks; sequences are as long as the longest", () => {
    expect(coding.tokens).toEqual(["<pad>", "<s>", "</s>", "a", "b", "c"]);
    expect(coding.labels).toEqual(["x", "y", "z"]);
    expect(coding.length).toBe(5);
    const { ids, labels, lengths } = encodeSequences(coding, sequences.slice(0, 2));
    expect([...ids]).toEqual([1, 4, 3, 2, 0, 1, 3, 3, 5, 2]);
    expect([...labels]).toEqual([-1, 1, 0, -1, -1, -1, 0, 0, 2, -1]);
    expect([...lengths]).toEqual([2, 3]);
  });

  test("tokens that come once or too rarely are unknown", () => {
    const open = sequenceCoding(sequences, { kind: "tagging", ends: false, most: 1 });
    expect(open.tokens).toEqual(["<pad>", "<s>", "<unk>", "a"]);
    expect([...encodeTokens(open, [["a", "b", "q"]])]).toEqual([1, 3, 2, 2]);
  });

  test("a whole sequence's label stands at one place", () => {
    const rated = [
      { tokens: ["a", "b"], labels: ["good"] },
      { tokens: ["b"], labels: ["bad"] },
    ];
    const whole = sequenceCoding(rated, { kind: "classification", ends: true });
    expect([...encodeSequences(whole, rated).labels]).toEqual([1, 0]);
  });

  test("what cannot be coded is refused", () => {
    expect(() => encodeTokens(coding, [["a", "q"]])).toThrow(
      /^"q" is no token that the model learnt: it knows a, b, c\.$/,
    );
    expect(() => encodeTokens(coding, [["<pad>"]])).toThrow(/^"<pad>" is no token that/);
    expect(() => encodeTokens(coding, [["a", "a", "a", "a"]])).toThrow(
      /^a sequence of 4 tokens is longer than the 3 that the model reads: cut it\.$/,
    );
    expect(() => encodeTokens(coding, [[]])).toThrow(
      /^a sequence is empty: give it at least one token\.$/,
    );
    expect(() => encodeSequences(coding, [{ tokens: ["a"], labels: ["q"] }])).toThrow(
      /^"q" is no label that the model learnt: it knows x, y, z\.$/,
    );
    expect(() => partSequences([1], { share: 0.5, seed: 0 })).toThrow(
      /^1 sequences are too few to keep part of them apart: give more, or another share for validation\.$/,
    );
  });

  test("parts are the same for a seed, and share nothing", () => {
    const all = Array.from({ length: 50 }, (_, i) => i);
    const { train, apart } = partSequences(all, { share: 0.2, seed: 3 });
    expect(apart.length).toBe(10);
    expect([...train, ...apart].sort((a, b) => a - b)).toEqual(all);
    expect(partSequences(all, { share: 0.2, seed: 3 }).apart).toEqual(apart);
    expect(partSequences(all, { share: 0.2, seed: 4 }).apart).not.toEqual(apart);
  });
});

/** Labels each token by itself. */
class TokenLabeller extends Module implements SequenceNetwork {
  readonly linear = new Linear({ in: 6, out: 3 });

  forward(ids: Tensor): Tensor {
    return this.linear.forward(oneHot(ids, 6));
  }
}

describe("training", () => {
  const train = encodeSequences(coding, sequences);

  test("each sequence counts the same in a batch, and each of its labels", () => {
    const [batch] = [...sequenceBatches(train, { size: 3, seed: 1, epoch: 0, start: 0 })];
    if (!batch) throw new Error("a batch");
    const shares = batch.shares.toArray();
    const labels = batch.labels.toArray();
    for (let row = 0; row < 3; row++) {
      const own = shares.slice(row * 5, row * 5 + 5);
      expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1 / 3, 6);
      expect(own.map((share) => share > 0)).toEqual(
        labels.slice(row * 5, row * 5 + 5).map((label) => label >= 0),
      );
    }
    const again = [...sequenceBatches(train, { size: 3, seed: 1, epoch: 0, start: 0 })];
    expect(again[0]?.ids.toArray()).toEqual(batch.ids.toArray());
    expect([...sequenceBatches(train, { size: 2, seed: 1, epoch: 0, start: 1 })]).toEqual([]);
  });

  test("a labeller learns, predicts and is measured", async () => {
    const description = describeSequenceModel({
      paper: "none",
      options: {},
      data: { coding, causal: false },
    });
    const system = new SequenceLabeller(new TokenLabeller(), description);
    const recipe = { epochs: 60, batchSize: 3, learningRate: 0.3, warmUp: 0, weightDecay: 0 };
    await trainSequenceLabeller(system, { data: { train, validation: train }, recipe, seed: 1 });
    const [first] = await system.predict([["c", "b"]]);
    expect(first?.labels).toEqual(["z", "y"]);
    expect(Math.min(...(first?.probabilities ?? []))).toBeGreaterThan(0.8);
    const wrong = encodeSequences(coding, [
      { tokens: ["a", "b"], labels: ["x", "y"] },
      { tokens: ["a", "b"], labels: ["x", "z"] },
    ]);
    const { accuracy, wholeAccuracy, right, counts, losses, loss } = await system.evaluate(wrong);
    expect([accuracy, wholeAccuracy]).toEqual([0.75, 0.5]);
    expect([right, counts]).toEqual([
      [2, 1],
      [2, 2],
    ]);
    expect(loss).toBeCloseTo(((losses[0] as number) + (losses[1] as number)) / 2, 6);
    expect(await system.program()).toBeUndefined();
    await system.release();
  });

  test("a recipe is cut to the data", () => {
    const recipe = { epochs: 250, batchSize: 512, learningRate: 0.05, warmUp: 0, weightDecay: 0 };
    expect(sequenceRecipeFor(recipe, 18_000)).toMatchObject({ epochs: 167, batchSize: 512 });
    expect(sequenceRecipeFor(recipe, 1000)).toMatchObject({ epochs: 250, batchSize: 32 });
    expect(sequenceRecipeFor(recipe, 50)).toMatchObject({ epochs: 250, batchSize: 16 });
  });
});
