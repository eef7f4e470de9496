import { hostTensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { Accuracy, ConfusionMatrix, TopK } from "./classification.ts";
import { Mean } from "./metric.ts";
import { Mixed } from "./mixed.ts";

// Called 1, 0, 2, 0, 1; the last row's scores are equal.
const logits = hostTensor([0, 5, 1, 3, 2, 1, -3, -2, -1, 9, 8, 7, 0, 1, 1], [5, 3]);
const labels = hostTensor([1, 1, 2, 2, 2], [5], "int32");
const outputs = { logits, labels };

test("accuracy and top k over batches, soft labels by their largest class", () => {
  const soft = hostTensor([0, 0.8, 0.2, 0, 1, 0, 0.1, 0.2, 0.7, 0, 0, 1, 0.2, 0.2, 0.6], [5, 3]);
  for (const truth of [labels, soft]) {
    const [one, two] = [new Accuracy(), new TopK(2)];
    for (const metric of [one, two]) {
      metric.add({ logits, labels: truth });
      metric.add({ logits: hostTensor([1, 0, 0], [1, 3]), labels: hostTensor([0], [1], "int32") });
    }
    expect(one.value()).toBe(3 / 6);
    expect(two.value()).toBe(5 / 6);
  }
});

test("the confusion matrix and what follows from it", () => {
  const matrix = new ConfusionMatrix(3);
  matrix.add(outputs);
  expect([...matrix.counts]).toEqual([0, 0, 0, 1, 1, 0, 1, 1, 1]);
  expect(matrix.perClass()).toEqual([
    { precision: 0, recall: 0, f1: 0, count: 0 },
    { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, count: 2 },
    { precision: 1, recall: 1 / 3, f1: 1 / 2, count: 3 },
  ]);
  expect(matrix.value()).toBe(1 / 3);
});

test("the mean of an output weighs every value alike", () => {
  const mean = new Mean("loss");
  mean.add({ loss: hostTensor([1, 2, 3]) });
  mean.add({ loss: hostTensor([10]) });
  expect(mean.value()).toBe(4);
  expect(() => mean.add(outputs)).toThrow(
    'There is no output "loss" to measure; there are logits, labels.',
  );
});

test("a mix of metrics is their weighted sum", () => {
  const mixed = new Mixed([
    [new Accuracy(), 2],
    [new Mean("loss"), -0.5],
  ]);
  mixed.add({ ...outputs, loss: hostTensor([1, 3]) });
  mixed.add({ ...outputs, loss: hostTensor([5]) });
  expect(mixed.value()).toBe(2 * (2 / 5) - 0.5 * 3);
  expect(() => new Mixed([])).toThrow("Mixed: give at least one metric and its weight.");
});
