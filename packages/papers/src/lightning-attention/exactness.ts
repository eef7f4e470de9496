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
import { compare } from "../comparison.ts";
import { MILLION, measurement, relativeDifference } from "../measurement.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";

/** Lengths, and tokens of a block: one that divides the length, ones that do not, and more blocks than tokens a block. */
const cases = {
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
} as const satisfies Record<Budget, readonly (readonly [length: number, block: number])[]>;

const [rows, heads, width] = [2, 4, 64];
const ALLOWED = 10;

/** Whether blocks give what all pairs give, in values and gradients. */
export const exactness: Experiment<Budget> = {
  claims: ["exact"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(budget),
  measure,
};

async function measure({
  data: budget,
  ...context
}: ExperimentContext<Budget>): Promise<ExperimentResult> {
  const contestants = cases[budget].map(([length, block]) =>
    measurement(`${length} tokens in blocks of ${block}`, async (seed) => {
      const [values = Number.NaN, ...slopes] = await differences(length, block, seed);
      return {
        metrics: { valuesInMillionths: values, gradientsInMillionths: Math.max(...slopes) },
      };
    }),
  );
  const { rows: found } = await compare(contestants, context);
  const all = found.flatMap(({ metrics }) => Object.values(metrics).flat());
  const worst = Math.max(...all);
  return {
    metrics: [
      { name: "valuesInMillionths", as: "number", better: "lower" },
      { name: "gradientsInMillionths", as: "number", better: "lower" },
    ],
    rows: found,
    verdicts: [
      {
        claim: "exact",
        holds: worst < ALLOWED,
        rule: "Every difference is below 10 millionths of the largest value.",
        found: `At most ${worst.toFixed(2)} millionths.`,
      },
    ],
  };
}

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
