import { expect, test } from "vitest";
import * as data from "./index.ts";

test("the package trains no model, but feeds one: from pictures to batches", () => {
  const { train, test: held } = data
    .shapes({ size: 12, count: 40, seed: 1 })
    .split({ fraction: 0.2, seed: 1 });
  const [batch] = data.batches(train, {
    batchSize: 16,
    seed: 1,
    normalize: train.statistics(),
    augment: data.compose(data.randomCrop({ padding: 2 }), data.horizontalFlip()),
  });
  expect([train.size, held.size]).toEqual([32, 8]);
  expect([batch?.images.shape, batch?.labels.shape]).toEqual([[16, 3, 12, 12], [16]]);
});
