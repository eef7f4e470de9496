import { compile, hostTensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { Attention } from "./attention.ts";
import { maskedMax, maskedMean, unitVectors } from "./masked-pooling.ts";
import { RelativePositions } from "./relative-positions.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

/** Which bucket every distance has, read off a table whose rows are their own numbers. */
async function buckets(model: RelativePositions, queries: number, keys: number): Promise<number[]> {
  const [rows = 0, heads = 0] = model.weight.shape;
  const numbers = Float32Array.from({ length: rows * heads }, (_, i) => Math.floor(i / heads));
  await model.weight.set(hostTensor(numbers, [rows, heads]));
  const bias = await compile(() => model.forward({ heads, queries, keys }))();
  expect(bias.shape).toEqual([heads, queries, keys]);
  return bias.toArray().slice(0, queries * keys);
}

test("single distances first, then ever wider ranges; keys after the query have the second half", async () => {
  const model = new RelativePositions({ heads: 2, buckets: 8, furthest: 16 });
  const row = (await buckets(model, 40, 40)).slice(20 * 40, 21 * 40);
  const at = (distance: number): number => row[20 + distance] as number;
  expect([0, -1, -2, -3, -5, -6, -15, -16, -19].map(at)).toEqual([0, 1, 2, 2, 2, 3, 3, 3, 3]);
  expect([1, 2, 5, 6, 19].map(at)).toEqual([5, 6, 6, 7, 7]);
});

test("one direction: keys after the query count as at its place; the last query is level with the last key", async () => {
  const model = new RelativePositions({
    ...{ heads: 1, buckets: 8, furthest: 16, bidirectional: false },
  });
  expect(await buckets(model, 2, 4)).toEqual([2, 1, 0, 0, 3, 2, 1, 0]);
});

test("as the bias of attention it has a gradient", async () => {
  const relative = new RelativePositions({ heads: 2, buckets: 4, furthest: 4 });
  const attention = new Attention({ width: 4, heads: 2, bias: relative });
  expect(attention.namedParameters().map(([path]) => path)).toContain("bias.weight");
  await checkSlopes(attention, (x) => attention.forward(x), draws([2, 5, 4]));
});

test("pooling passes over what does not count", async () => {
  const x = hostTensor([1, -2, 3, -4, 100, 100, 5, -6, 7, 8, 9, 10], [2, 3, 2]);
  const counts = hostTensor(Uint8Array.from([1, 1, 0, 1, 0, 0]), [2, 3], "bool");
  expectNear(await compile(maskedMean)(x, counts), [2, 2], [2, -3, 5, -6]);
  expectNear(await compile(maskedMax)(x, counts), [2, 2], [3, -2, 5, -6]);
  const none = hostTensor(Uint8Array.from([0, 0, 0, 1, 1, 1]), [2, 3], "bool");
  expectNear(await compile(maskedMean)(x, none), [2, 2], [0, 0, 7, 4]);
});

test("vectors of length 1, and a vector of zeros stays", async () => {
  expectNear(
    await compile(unitVectors)(hostTensor([3, 4, 0, 0], [2, 2])),
    [2, 2],
    [0.6, 0.8, 0, 0],
  );
});
