import { compile, gradients, hostTensor, sum, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { expectNear, stored } from "../testing/stored.ts";
import { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.ts";

interface StoredLoss {
  readonly labels: readonly number[] | readonly (readonly number[])[];
  readonly options: CrossEntropyOptions;
  readonly loss: readonly number[];
  readonly slope: readonly number[];
}

const { logits, classWeights, cases } = stored<{
  readonly logits: readonly (readonly number[])[];
  readonly classWeights: readonly number[];
  readonly cases: readonly StoredLoss[];
}>("losses");

describe("cross-entropy with class weights gives PyTorch's loss and gradient", () => {
  for (const { labels, options, loss, slope } of cases) {
    const isSoft = Array.isArray(labels[0]);
    test(`${isSoft ? "probabilities" : "labels"} ${JSON.stringify(options)}`, async () => {
      const run = compile((x: Tensor, y: Tensor) => {
        const value = crossEntropy(x, y, { ...options, classWeights });
        return { value, slope: gradients(sum(value), [x]) };
      });
      const target = isSoft
        ? hostTensor(labels.flat(), [4, 3])
        : hostTensor(labels.flat(), [4], "int32");
      const got = await run(hostTensor(logits.flat(), [4, 3]), target);
      expectNear(got.value.toArray(), loss, 1e-6, "loss");
      expectNear(
        got.slope.flatMap((x) => x.toArray()),
        slope,
        1e-6,
        "gradient",
      );
      await run.release();
    });
  }
});

test("as many weights as classes are needed", async () => {
  const run = compile((x: Tensor, y: Tensor) => crossEntropy(x, y, { classWeights: [1, 2] }));
  const labels = hostTensor([0], [1], "int32");
  await expect(run(hostTensor([1, 2, 3], [1, 3]), labels)).rejects.toThrow(
    "crossEntropy: 3 classes need as many classWeights, got 2.",
  );
});
