import { Random } from "@quire/tensor";
import { expect, test } from "vitest";
import { BlockInverse, compileTakeIn, inverseBytes, partsOf } from "./block-inverse.ts";

/** The inverse of λI + (1/m) Σ g gᵀ by elimination, in double precision: it has pivots above 0. */
function denseInverse(gradients: readonly Float32Array[], damping: number): number[] {
  const size = gradients[0]?.length ?? 0;
  const rows = Array.from({ length: size }, (_, i) => {
    const mean = (j: number): number =>
      gradients.reduce((sum, g) => sum + (g[i] as number) * (g[j] as number), 0) / gradients.length;
    return Array.from({ length: 2 * size }, (_, j) =>
      j < size ? mean(j) + (i === j ? damping : 0) : Number(j - size === i),
    );
  });
  for (let c = 0; c < size; c++) {
    const pivot = rows[c] as number[];
    const by = pivot[c] as number;
    for (let j = 0; j < 2 * size; j++) pivot[j] = (pivot[j] as number) / by;
    for (const [r, row] of rows.entries()) {
      const factor = row[c] as number;
      if (r === c) continue;
      for (let j = 0; j < 2 * size; j++)
        row[j] = (row[j] as number) - factor * (pivot[j] as number);
    }
  }
  return rows.flatMap((row) => row.slice(size));
}

async function worstError(m: number, size: number, damping: number): Promise<number> {
  const random = new Random(1);
  const blocks = 3;
  const take = compileTakeIn({ gradients: m });
  const inverse = new BlockInverse(blocks, { blockSize: size, gradients: m, damping }, take);
  const draw = (): Float32Array =>
    Float32Array.from({ length: blocks * size }, () => 0.01 * random.normal());
  const all = Array.from({ length: m }, draw);
  for (const gradient of all) await inverse.add(gradient);
  let [worst, seen] = [0, 0];
  for await (const { first, inverse: part } of inverse.parts()) {
    for (let b = 0; b < (part.shape[0] as number); b++) {
      const [from, to] = [(first + b) * size, (first + b + 1) * size];
      const wanted = denseInverse(
        all.map((gradient) => gradient.subarray(from, to)),
        damping,
      );
      const largest = Math.max(...wanted.map(Math.abs));
      const got = part.data.subarray(b * size ** 2, (b + 1) * size ** 2) as Float32Array;
      const errors = wanted.map((value, i) => Math.abs(value - (got[i] as number)) / largest);
      worst = Math.max(worst, ...errors);
      seen += 1;
    }
  }
  await take.release();
  expect(seen).toBe(blocks);
  return worst;
}

test.each([
  ["fewer gradients than weights of a block", 7, 10, 1e-5],
  ["more, in passes that are not full", 41, 10, 1e-3],
  ["the published damping and block", 64, 50, 1e-7],
  ["damping that outweighs the gradients", 20, 8, 1],
])("the recursion gives the inverse: %s", async (_, m, size, damping) => {
  expect(await worstError(m, size, damping)).toBeLessThan(1e-4);
});

test("many blocks are worked on in parts of about one size", () => {
  expect(partsOf(3, 50)).toEqual([[0, 3]]);
  const parts = partsOf(1000, 50);
  expect(parts.length).toBe(5);
  expect(parts.map(([first, end]) => end - first)).toEqual([200, 200, 200, 200, 200]);
  expect(partsOf(1, 4096)).toEqual([[0, 1]]);
});

test("BERT's 85 million weights take 17 GB in blocks of 50, and their gradients 5 more", () => {
  expect(inverseBytes(84_934_656 / 48, 48) / 84_934_656).toBe(4 * (48 + 16));
  expect(inverseBytes(Math.ceil(84_934_656 / 50), 50) / 1e9).toBeCloseTo(22.4, 1);
});
