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
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";

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
/** Differences are shown in millionths of the largest value. */
const MILLION = 1e6;
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
  seeds,
  signal,
  onProgress,
}: ExperimentContext<Budget>): Promise<ExperimentResult> {
  const found: Row[] = [];
  for (const [length, block] of cases[budget]) {
    const system = `${length} tokens in blocks of ${block}`;
    const values: number[] = [];
    const slopes: number[] = [];
    const seconds: number[] = [];
    for (const seed of seeds) {
      signal?.throwIfAborted();
      onProgress?.({
        doing: `${system}, seed ${seed}`,
        share: found.length / cases[budget].length,
      });
      const started = performance.now();
      const [value, ...slope] = await differences(length, block, seed);
      values.push(value as number);
      slopes.push(Math.max(...slope));
      seconds.push((performance.now() - started) / 1000);
    }
    const metrics = { valuesInMillionths: values, gradientsInMillionths: slopes };
    found.push({ system, parameters: 0, metrics, seconds, curves: [] });
  }
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
  return blocks.map((got, i) => MILLION * difference(got, pairs[i] as HostTensor));
}

function difference(got: HostTensor, wanted: HostTensor): number {
  const [values, other] = [got.data as Float32Array, wanted.data as Float32Array];
  let [largest, furthest] = [0, 0];
  for (const [i, value] of other.entries()) {
    largest = Math.max(largest, Math.abs(value));
    furthest = Math.max(furthest, Math.abs(value - (values[i] as number)));
  }
  return furthest / largest;
}
