import { compile, gradients, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { expectNear } from "../testing/stored.ts";
import { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.ts";
import type { Reduction } from "./reduction.ts";
import { binaryCrossEntropy, meanAbsoluteError, meanSquaredError } from "./regression.ts";

type Loss = (prediction: Tensor, target: Tensor) => Tensor;

/** A loss and its gradient for the prediction. */
async function measured(
  loss: Loss,
  prediction: HostTensor,
  target: HostTensor,
): Promise<{ loss: number[]; slope: number[] }> {
  const value = await compile(loss)(prediction, target);
  if (value.shape.length > 0) return { loss: value.toArray(), slope: [] };
  const slope = compile((p: Tensor, t: Tensor) => gradients(loss(p, t), [p]));
  return {
    loss: value.toArray(),
    slope: ((await slope(prediction, target))[0] as HostTensor).toArray(),
  };
}

const scores = [
  [1, 2, 0.5],
  [-1, 0, 3],
  [100, -100, 0],
  [0.1, 0.2, 0.3],
];
const logits = hostTensor(scores.flat(), [4, 3]);
const classes = [2, 0, 1, 1];
const labels = hostTensor(classes, [4], "int32");

function logSoftmaxOf(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const sum = row.reduce((total, value) => total + Math.exp(value - top), 0);
  return row.map((value) => value - top - Math.log(sum));
}

/** -Σ target log softmax by row, and softmax - target. */
function byHand(targets: readonly (readonly number[])[]): { loss: number[]; slope: number[][] } {
  const rows = scores.map(logSoftmaxOf);
  return {
    loss: rows.map((row, i) =>
      row.reduce(
        (sum, log, k) =>
          sum - ((targets[i]?.[k] as number) === 0 ? 0 : log * (targets[i]?.[k] as number)),
        0,
      ),
    ),
    slope: rows.map((row, i) => row.map((log, k) => Math.exp(log) - (targets[i]?.[k] as number))),
  };
}

function hot(label: number): number[] {
  return [0, 1, 2].map((k) => Number(k === label));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("cross-entropy", () => {
  test("of labels, by every reduction", async () => {
    const { loss, slope } = byHand(classes.map(hot));
    const reduced: [Reduction, number[], number][] = [
      ["mean", [mean(loss)], 1 / 4],
      ["sum", [4 * mean(loss)], 1],
    ];
    for (const [reduction, wanted, share] of reduced) {
      const got = await measured((x, y) => crossEntropy(x, y, { reduction }), logits, labels);
      expectNear(got.loss, wanted, 1e-6, reduction);
      const shares = slope.flat().map((value) => value * share);
      expectNear(got.slope, shares, 1e-6, `${reduction}: gradient`);
    }
    const none = await measured(
      (x, y) => crossEntropy(x, y, { reduction: "none" }),
      logits,
      labels,
    );
    expectNear(none.loss, loss, 1e-6, "none");
  });

  test("of soft labels", async () => {
    const targets = [
      [0.2, 0.3, 0.5],
      [1, 0, 0],
      [0, 0, 1],
      [0.5, 0.5, 0],
    ];
    const { loss, slope } = byHand(targets);
    const soft = hostTensor(targets.flat(), [4, 3]);
    const got = await measured((x, y) => crossEntropy(x, y), logits, soft);
    expectNear(got.loss, [mean(loss)], 1e-6);
    expectNear(
      got.slope,
      slope.flat().map((value) => value / 4),
      1e-6,
    );
  });

  test("with labels smoothed, the same from classes and from probabilities", async () => {
    const targets = classes.map((label) => hot(label).map((value) => 0.9 * value + 0.1 / 3));
    const { loss, slope } = byHand(targets);
    for (const target of [labels, hostTensor(classes.flatMap(hot), [4, 3])]) {
      const got = await measured(
        (x, y) => crossEntropy(x, y, { labelSmoothing: 0.1 }),
        logits,
        target,
      );
      expectNear(got.loss, [mean(loss)], 1e-6);
      expectNear(
        got.slope,
        slope.flat().map((value) => value / 4),
        1e-6,
      );
    }
  });

  test("without the items of an ignored label", async () => {
    const ignoring = hostTensor([2, -1, 1, -1], [4], "int32");
    const { loss, slope } = byHand([2, 0, 1, 0].map(hot));
    const kept = [loss[0], loss[2]] as number[];
    const options: CrossEntropyOptions = { ignoreIndex: -1 };
    const got = await measured((x, y) => crossEntropy(x, y, options), logits, ignoring);
    expectNear(got.loss, [mean(kept)], 1e-6);
    const shares = slope.flatMap((row, i) => row.map((value) => (i % 2 === 0 ? value / 2 : 0)));
    expectNear(got.slope, shares, 1e-6);
    const none = await measured(
      (x, y) => crossEntropy(x, y, { ...options, reduction: "none" }),
      logits,
      ignoring,
    );
    expectNear(none.loss, [kept[0] as number, 0, kept[1] as number, 0], 1e-6);
  });

  test("of items in rows and columns", async () => {
    const grid = hostTensor(logits.data, [2, 2, 3]);
    const none = compile((x: Tensor, y: Tensor) => crossEntropy(x, y, { reduction: "none" }));
    const value = await none(grid, hostTensor(classes, [2, 2], "int32"));
    expect(value.shape).toEqual([2, 2]);
    expectNear(value.toArray(), byHand(classes.map(hot)).loss, 1e-6);
  });

  test("refuses labels that do not fit", async () => {
    const run = compile((x: Tensor, y: Tensor) => crossEntropy(x, y));
    await expect(run(logits, hostTensor([1, 2], [2], "int32"))).rejects.toThrow(
      "crossEntropy: needs logits [..., K] and labels [...] or [..., K], got [4, 3] and [2].",
    );
  });
});

describe("losses of values", () => {
  const prediction = hostTensor([1, -2, 0.5, 3], [2, 2]);
  const target = hostTensor([0, -1, 0.5, 1], [2, 2]);

  test("squared", async () => {
    const got = await measured(meanSquaredError, prediction, target);
    expectNear(got.loss, [1.5], 1e-6);
    expectNear(got.slope, [0.5, -0.5, 0, 1], 1e-6);
  });

  test("absolute", async () => {
    const got = await measured(meanAbsoluteError, prediction, target);
    expectNear(got.loss, [1], 1e-6);
    expectNear(got.slope, [0.25, -0.25, 0, 0.25], 1e-6);
  });

  test("binary cross-entropy, which large logits do not break", async () => {
    const large = hostTensor([0, 200, -200, 2]);
    const truth = hostTensor([1, 1, 1, 0.25]);
    const got = await measured(binaryCrossEntropy, large, truth);
    const sigmoid = 1 / (1 + Math.exp(-2));
    const last = -0.25 * Math.log(sigmoid) - 0.75 * Math.log(1 - sigmoid);
    expectNear(got.loss, [(Math.LN2 + 0 + 200 + last) / 4], 1e-6);
    expectNear(got.slope, [-0.125, 0, -0.25, (sigmoid - 0.25) / 4], 1e-6);
  });
});
