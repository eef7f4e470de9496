import { compile, hostTensor, Random, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import references from "../../references/obert.json" with { type: "json" };
import { BlockInverse, compileTakeIn } from "./block-inverse.ts";
import { movedApart, movedTogether, saliency } from "./surgeon.ts";

/** Filled up to whole blocks, and 0 where a weight is pruned. */
function blocksOf(values: readonly number[], size: number, gone: readonly number[]): Float32Array {
  const filled = new Float32Array(Math.ceil(values.length / size) * size);
  filled.set(values.map((value, i) => (gone.includes(i) ? 0 : value)));
  return filled;
}

function near(got: ArrayLike<number>, wanted: readonly number[], tolerance = 1e-4): void {
  const scale = Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - (got[i] as number))));
  expect(worst / scale).toBeLessThan(tolerance);
}

describe("the official code", () => {
  test.each(references.map((reference) => [reference.block, reference.group, reference] as const))(
    "gives the same inverse, scores and weights: blocks of %d, groups of %d",
    async (size, group, { weight, gradients, damping, before, ...wanted }) => {
      const values = blocksOf(weight, size, before);
      const count = values.length / size;
      const fisher = { blockSize: size, gradients: gradients.length, damping };
      const inverse = new BlockInverse(count, fisher, compileTakeIn(fisher));
      for (const gradient of gradients) await inverse.add(blocksOf(gradient, size, before));
      const { value: part } = await inverse.parts().next();
      near(part.inverse.data, wanted.inverse);
      const given = hostTensor(values, [count, size], "float32");
      const judge = compile((w: Tensor, f: Tensor) => saliency(w, f, group));
      const scores = (await judge(given, part.inverse)).data;
      near(
        wanted.alive.map((place) => scores[place] as number),
        wanted.scores,
      );
      const gone = new Float32Array(values.length / group);
      for (const place of wanted.chosen) gone[place] = 1;
      const pruned = hostTensor(gone, [count, size / group], "float32");
      const moved = (await compile(movedApart)(given, part.inverse, pruned)).data;
      const kept = weight.map((_, i) => (gone[Math.floor(i / group)] === 1 ? 0 : moved[i]));
      near(kept as number[], wanted.after);
    },
  );
});

describe("a loss that is quadratic", () => {
  const size = 12;
  const random = new Random(5);
  const draw = (count: number): number[] => Array.from({ length: count }, () => random.normal());
  const gradients = Array.from({ length: 30 }, () => draw(size));
  const damping = 0.1;
  const fisher = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      const sum = gradients.reduce((s, g) => s + (g[i] as number) * (g[j] as number), 0);
      return sum / gradients.length + (i === j ? damping : 0);
    }),
  );
  const weights = draw(size);
  const given = hostTensor(weights, [1, size]);

  async function inverseOf() {
    const options = { blockSize: size, gradients: gradients.length, damping };
    const inverse = new BlockInverse(1, options, compileTakeIn(options));
    for (const gradient of gradients) await inverse.add(Float32Array.from(gradient));
    return (await inverse.parts().next()).value.inverse;
  }

  /** The slope of the loss after a move, and how much it rose: F δ and ½ δᵀ F δ. */
  function risen(moved: ArrayLike<number>): { slope: number[]; rise: number } {
    const move = weights.map((weight, i) => (moved[i] as number) - weight);
    const slope = fisher.map((row) => row.reduce((sum, f, j) => sum + f * (move[j] as number), 0));
    return { slope, rise: slope.reduce((sum, s, i) => sum + 0.5 * s * (move[i] as number), 0) };
  }

  test.each([1, 4])("rises by a group's score when the group of %d is pruned", async (group) => {
    const inverse = await inverseOf();
    const judge = compile((w: Tensor, f: Tensor) => saliency(w, f, group));
    const scores = await judge(given, inverse);
    const gone = new Float32Array(size / group);
    gone[1] = 1;
    const moved = await compile(movedApart)(given, inverse, hostTensor(gone, [1, size / group]));
    const { slope, rise } = risen(moved.data as Float32Array);
    expect(rise).toBeCloseTo(scores.data[1] as number, 4);
    for (let i = 0; i < size; i++) {
      if (Math.floor(i / group) === 1) expect(moved.data[i]).toBeCloseTo(0, 4);
      else expect(slope[i]).toBeCloseTo(0, 4);
    }
  });

  test("is least where all that is pruned of a block is pruned together", async () => {
    const inverse = await inverseOf();
    const gone = Float32Array.from({ length: size }, (_, i) => Number(i % 3 !== 1));
    const pruned = hostTensor(gone, [1, size], "float32");
    const together = (await compile(movedTogether)(given, inverse, pruned)).data as Float32Array;
    const apart = (await compile(movedApart)(given, inverse, pruned)).data as Float32Array;
    const cut = (moved: Float32Array) => moved.map((value, i) => (gone[i] === 1 ? 0 : value));
    const least = risen(cut(together));
    for (let i = 0; i < size; i++) {
      if (gone[i] === 1) expect(together[i]).toBeCloseTo(0, 4);
      else expect(least.slope[i]).toBeCloseTo(0, 4);
    }
    expect(least.rise).toBeLessThan(risen(cut(apart)).rise);
    expect(least.rise).toBeLessThan(risen(cut(Float32Array.from(weights))).rise);
  });
});
