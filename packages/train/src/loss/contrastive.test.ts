import { readFileSync } from "node:fs";
import { unitVectors } from "@quire/nn";
import { compile, gradients, hostTensor, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { expectNear } from "../testing/stored.ts";
import { contrastive, infoNce, onlineContrastive, supervisedContrastive } from "./contrastive.ts";

interface StoredLoss {
  readonly labels: readonly number[];
  readonly loss: number;
  readonly slope: readonly number[];
}

const references = JSON.parse(
  readFileSync(new URL("../../references/contrastive.json", import.meta.url), "utf8"),
) as {
  readonly supervised: readonly (StoredLoss & {
    readonly embeddings: readonly number[];
    readonly temperature: number;
  })[];
  readonly online: readonly (StoredLoss & {
    readonly distances: readonly number[];
    readonly margin: number;
  })[];
};

async function measured(
  loss: (x: Tensor, labels: Tensor) => Tensor,
  x: readonly number[],
  shape: readonly number[],
  labels: readonly number[],
): Promise<{ readonly loss: number; readonly slope: readonly number[] }> {
  const run = compile((values: Tensor, classes: Tensor) => {
    const value = loss(values, classes);
    return { value, slope: gradients(value, [values]) };
  });
  const got = await run(hostTensor(x, shape), hostTensor(labels, [labels.length], "int32"));
  await run.release();
  return { loss: got.value.item(), slope: (got.slope[0] as (typeof got)["value"]).toArray() };
}

describe("the official code's losses and gradients", () => {
  // That code normalises what is normalised already, so its gradient is the one after that.
  test.each(references.supervised)(
    "supervised contrastive, temperature $temperature",
    async ({ embeddings, labels, temperature, ...wanted }) => {
      const loss = (x: Tensor, classes: Tensor): Tensor =>
        supervisedContrastive(unitVectors(x), classes, { temperature });
      const shape = [labels.length, embeddings.length / labels.length];
      const got = await measured(loss, embeddings, shape, labels);
      expect(got.loss).toBeCloseTo(wanted.loss, 4);
      expectNear(got.slope, wanted.slope, 2e-5, "gradient");
    },
  );

  test.each(references.online)(
    "online contrastive, labels $labels",
    async ({ distances, labels, margin, ...wanted }) => {
      const loss = (x: Tensor, same: Tensor): Tensor => onlineContrastive(x, same, { margin });
      const got = await measured(loss, distances, [distances.length], labels);
      expect(got.loss).toBeCloseTo(wanted.loss, 5);
      expectNear(got.slope, wanted.slope, 1e-5, "gradient");
    },
  );
});

test("an item alone with its label is no anchor, and a negative of the others", async () => {
  const points = [1, 0, 0.8, 0.6, 0, 1];
  const shared = await measured(
    (x, labels) => supervisedContrastive(x, labels, { temperature: 1, baseTemperature: 1 }),
    points,
    [3, 2],
    [0, 0, 7],
  );
  const byHand = [
    [0.8, 0],
    [0.8, 0.6],
  ].map(([own = 0, other = 0]) => -Math.log(Math.exp(own) / (Math.exp(own) + Math.exp(other))));
  expect(shared.loss).toBeCloseTo(((byHand[0] as number) + (byHand[1] as number)) / 2, 6);
});

test("InfoNCE is the cross-entropy of each query's own key, one way or both", async () => {
  const points = [1, 0, 0.6, 0.8];
  const cosines = [
    [1, 0.6],
    [0.6, 1],
  ];
  const loss = (symmetric: boolean) => (x: Tensor) =>
    infoNce(x, x, { temperature: 0.5, symmetric });
  const own = Math.exp(2) / (Math.exp(2) + Math.exp((cosines[0]?.[1] as number) / 0.5));
  for (const symmetric of [false, true]) {
    const got = await measured(loss(symmetric), points, [2, 2], [0, 0]);
    expect(got.loss).toBeCloseTo(-Math.log(own), 6);
  }
  const keys = hostTensor([0, 1, 1, 0], [2, 2]);
  const run = compile((q: Tensor, k: Tensor) => [
    infoNce(q, k, { temperature: 1 }),
    infoNce(q, k, { temperature: 1, symmetric: true }),
  ]);
  const [one, both] = await run(hostTensor(points, [2, 2]), keys);
  const nce = (right: number, wrong: number): number => Math.log(1 + Math.exp(wrong - right));
  const forth = (nce(0, 1) + nce(0.6, 0.8)) / 2;
  const back = (nce(0, 0.8) + nce(0.6, 1)) / 2;
  expect(one?.item()).toBeCloseTo(forth, 6);
  expect(both?.item()).toBeCloseTo((forth + back) / 2, 6);
});

test("pairs cost the square of their distance, or of what they lack to the margin", async () => {
  const got = await measured(contrastive, [0.3, 0.2, 0.9], [3], [1, 0, 0]);
  expect(got.loss).toBeCloseTo((0.09 + 0.09) / 6, 6);
  expectNear(got.slope, [0.1, -0.1, 0], 1e-6, "gradient");
});

test("what does not fit is refused", async () => {
  const [x, labels] = [hostTensor([1, 0, 0, 1], [2, 2]), hostTensor([1, 2, 3], [3], "int32")];
  await expect(
    compile((a: Tensor, b: Tensor) => supervisedContrastive(a, b))(x, labels),
  ).rejects.toThrow(
    "supervisedContrastive: needs embeddings [N, D] and labels [N], got [2, 2] and [3].",
  );
  await expect(
    compile((a: Tensor, b: Tensor) => onlineContrastive(a, b))(labels, x),
  ).rejects.toThrow("onlineContrastive: needs distances [N] and labels [N], got [3] and [2, 2].");
  await expect(compile((a: Tensor, b: Tensor) => infoNce(a, b))(x, labels)).rejects.toThrow(
    "infoNce: needs queries [N, D] and keys [N, D], got [2, 2] and [3].",
  );
});
