// B rows, H heads, T tokens, K width of a head

import { type MatrixLstmOptions, matrixLstm } from "@quire/nn";
import {
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  sizeOf,
  sum,
  type Tensor,
} from "@quire/tensor";
import { formsExperiment, MILLION, relativeDifference } from "../measurement.ts";
import type { Budget } from "../paper.ts";

type Case = readonly [length: number, MatrixLstmOptions];

/** Lengths, and the form that is held against all pairs: chunks that divide the length or not, and step by step. */
const cases: Readonly<Record<Budget, readonly Case[]>> = {
  full: [
    [128, { form: "recurrent" }],
    [128, { chunk: 32 }],
    [256, { form: "recurrent" }],
    [256, { chunk: 64 }],
    [500, { form: "recurrent" }],
    [500, { chunk: 64 }],
    [1000, { form: "recurrent" }],
    [1000, { chunk: 64 }],
  ],
  quick: [
    [60, { form: "recurrent" }],
    [60, { chunk: 16 }],
  ],
};

/** Lengths are those of levels of the paper's networks. */
const [rows, heads, width] = [2, 4, 32];

/** Whether all forms of the matrix memory give the same, in values and gradients. */
export const exactness = formsExperiment({
  cases,
  nameOf: ([length, options]) => nameOf(length, options),
  differences: ([length, options], seed) => differences(length, options, seed),
});

function nameOf(length: number, { form, chunk }: MatrixLstmOptions): string {
  return form === "recurrent"
    ? `${length} tokens, step by step`
    : `${length} tokens in chunks of ${chunk}`;
}

/** How far values and the five gradients of a form are from those of all pairs, in millionths of the largest. */
async function differences(
  length: number,
  options: MatrixLstmOptions,
  seed: number,
): Promise<number[]> {
  const random = new Random(seed);
  const drawn = (last: number): HostTensor => {
    const shape = [rows, heads, length, last];
    return hostTensor(
      new Float32Array(sizeOf(shape)).map(() => random.normal()),
      shape,
    );
  };
  // Gates as blocks begin, and some noise: all write about 1, and each head keeps for longer than the one before.
  const gate = (middle: (head: number) => number): HostTensor => {
    const noise = drawn(1).toArray();
    const values = noise.map((one, i) => 0.3 * one + middle(Math.floor(i / length) % heads));
    return hostTensor(values, [rows, heads, length, 1]);
  };
  const operands = [
    ...[drawn(width), drawn(width), drawn(width)],
    ...[gate(() => 0), gate((head) => 3 + head)],
  ];
  const direction = drawn(width);
  const resultsOf = async (own: MatrixLstmOptions): Promise<readonly HostTensor[]> => {
    const run = compile((inputs: Tensor[], weights: Tensor) => {
      const [query, key, value, inputGate, forgetGate] = inputs as [
        ...[Tensor, Tensor, Tensor],
        ...[Tensor, Tensor],
      ];
      const mixed = matrixLstm({ query, key, value, inputGate, forgetGate }, own);
      return [mixed, ...gradients(sum(mul(mixed, weights)), inputs)];
    });
    const results = await run(operands, direction);
    await run.release();
    return results;
  };
  const [found, wanted] = [await resultsOf(options), await resultsOf({ form: "parallel" })];
  return found.map((got, i) => MILLION * relativeDifference(got, wanted[i] as HostTensor));
}
