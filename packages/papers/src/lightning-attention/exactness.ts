// B rows, H heads, T tokens, K width of a head

import { headSlopes, linearAttention } from "@quire/nn";
import {
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  sum,
  type Tensor,
} from "@quire/tensor";
import { formsExperiment, MILLION, relativeDifference } from "../measurement.ts";
import type { Budget } from "../paper.ts";

type Case = readonly [length: number, block: number];

/** Lengths, and tokens of a block: one that divides the length, ones that do not, and more blocks than tokens a block. */
const cases: Readonly<Record<Budget, readonly Case[]>> = {
  full: [
    [512, 64],
    [1000, 64],
    [2048, 32],
    [2048, 256],
  ],
  quick: [
    [130, 32],
    [128, 64],
  ],
};

const [rows, heads, width] = [2, 4, 64];

/** Whether blocks give what all pairs give, in values and gradients. */
export const exactness = formsExperiment({
  cases,
  nameOf: ([length, block]) => `${length} tokens in blocks of ${block}`,
  differences: ([length, block], seed) => differences(length, block, seed),
});

/** How far values and the three gradients of blocks are from those of all pairs, in millionths of the largest. */
async function differences(length: number, block: number, seed: number): Promise<number[]> {
  const random = new Random(seed);
  const drawn = (): HostTensor => {
    const data = new Float32Array(rows * heads * length * width).map(() => random.normal());
    return hostTensor(data, [rows, heads, length, width], "float32");
  };
  const operands = [drawn(), drawn(), drawn(), drawn()] as const;
  const results = await Promise.all(
    (["blocks", "quadratic"] as const).map(async (form) => {
      const run = compile((q: Tensor, k: Tensor, v: Tensor, weights: Tensor) => {
        const mixed = linearAttention([q, k, v], { slopes: headSlopes(heads), form, block });
        return [mixed, ...gradients(sum(mul(mixed, weights)), [q, k, v])];
      });
      const got = await run(...operands);
      await run.release();
      return got;
    }),
  );
  const [blocks, pairs] = results as [HostTensor[], HostTensor[]];
  return blocks.map((got, i) => MILLION * relativeDifference(got, pairs[i] as HostTensor));
}
