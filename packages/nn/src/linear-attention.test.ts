import {
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  sum,
  type Tensor,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { headSlopes } from "./linear-attention/decay.ts";
import { type LinearAttentionOptions, linearAttention } from "./linear-attention.ts";
import { expectNear } from "./testing/near.ts";
import { draws } from "./testing/slopes.ts";

/** Keys and values of different widths; 21 tokens, which blocks of 8 do not divide. */
const [batch, heads, length, inner, width] = [2, 3, 21, 4, 5];
const given: readonly HostTensor[] = [
  draws([batch, heads, length, inner], 1),
  draws([batch, heads, length, inner], 2),
  draws([batch, heads, length, width], 3),
];
const direction = draws([batch, heads, length, width], 4);
const slopes = headSlopes(heads);

/** The definition, number by number in double precision. */
function defined(rates: readonly number[]): number[] {
  const [q, k, v] = given.map((x) => x.toArray()) as [number[], number[], number[]];
  const found: number[] = [];
  for (let row = 0; row < batch * heads; row++) {
    const rate = rates[row % heads] as number;
    for (let t = 0; t < length; t++) {
      for (let column = 0; column < width; column++) {
        let total = 0;
        for (let m = 0; m <= t; m++) {
          let product = 0;
          for (let i = 0; i < inner; i++) {
            product +=
              (q[(row * length + t) * inner + i] as number) *
              (k[(row * length + m) * inner + i] as number);
          }
          const value = v[(row * length + m) * width + column] as number;
          total += Math.exp(-rate * (t - m)) * product * value;
        }
        found.push(total);
      }
    }
  }
  return found;
}

async function valuesAndGradients(options: LinearAttentionOptions): Promise<readonly HostTensor[]> {
  const run = compile((q: Tensor, k: Tensor, v: Tensor, weights: Tensor) => {
    const mixed = linearAttention([q, k, v], options);
    return [mixed, ...gradients(sum(mul(mixed, weights)), [q, k, v])];
  });
  const results = await run(...(given as [HostTensor, HostTensor, HostTensor]), direction);
  await run.release();
  return results;
}

/** A tensor moved along sines. */
function moved(x: HostTensor, step: number): HostTensor {
  return hostTensor(
    x.toArray().map((value, n) => value + step * Math.sin(n)),
    x.shape,
  );
}

const forms: readonly (readonly [name: string, options: LinearAttentionOptions])[] = [
  ["quadratic", { form: "quadratic" }],
  ["recurrent", { form: "recurrent" }],
  ["blocks that do not divide the length", { block: 8 }],
  ["blocks that divide it", { block: 7 }],
  ["a single block", { block: 64 }],
  ["blocks of one token", { block: 1 }],
];

describe.each(forms)("linear attention, %s", (_, options) => {
  test("gives what it is defined as, with and without decay", async () => {
    const shape = [batch, heads, length, width];
    const [faded] = await valuesAndGradients({ ...options, slopes });
    expectNear(faded as HostTensor, shape, defined(slopes), 1e-5);
    const [whole] = await valuesAndGradients(options);
    expectNear(whole as HostTensor, shape, defined([0, 0, 0]), 1e-5);
  });

  test("has the gradients of the quadratic form", async () => {
    const [, ...wanted] = await valuesAndGradients({ slopes, form: "quadratic" });
    const [, ...got] = await valuesAndGradients({ ...options, slopes });
    for (const [i, slope] of got.entries()) {
      expectNear(slope, given[i]?.shape ?? [], (wanted[i] as HostTensor).toArray(), 1e-5);
    }
  });
});

test("the quadratic form's gradients are those of finite differences", async () => {
  const run = compile((q: Tensor, k: Tensor, v: Tensor, weights: Tensor) =>
    sum(mul(linearAttention([q, k, v], { slopes, form: "quadratic" }), weights)),
  );
  const at = async (which: number, step: number): Promise<number> => {
    const [q, k, v] = given.map((x, i) => (i === which ? moved(x, step) : x)) as [
      HostTensor,
      HostTensor,
      HostTensor,
    ];
    return (await run(q, k, v, direction)).item();
  };
  const [, ...claimed] = await valuesAndGradients({ slopes, form: "quadratic" });
  for (const [which, slope] of claimed.entries()) {
    const measured = ((await at(which, 1e-2)) - (await at(which, -1e-2))) / 2e-2;
    const wanted = slope.toArray().reduce((all, value, n) => all + value * Math.sin(n), 0);
    expect(Math.abs(wanted - measured) / Math.max(1, Math.abs(wanted))).toBeLessThan(5e-3);
  }
});

test("heads fade by powers of two, and by those between where they are no power of two", () => {
  expect(headSlopes(4)).toEqual([2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8]);
  const wanted = [2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8, 2 ** -1, 2 ** -3];
  expect(headSlopes(6)).toEqual(wanted);
  expect(headSlopes(1)).toEqual([2 ** -8]);
});

test("operands, slopes and blocks that do not fit are refused", () => {
  const traced = (options: LinearAttentionOptions, shapes: number[][]) =>
    compile((q: Tensor, k: Tensor, v: Tensor) => linearAttention([q, k, v], options)).prepare(
      ...(shapes.map((shape) => draws(shape)) as [HostTensor, HostTensor, HostTensor]),
    );
  const fit = [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [1, 2, 3, 5],
  ];
  return Promise.all([
    expect(
      traced({}, [
        [1, 2, 3, 4],
        [1, 2, 4, 4],
        [1, 2, 3, 4],
      ]),
    ).rejects.toThrow(
      /^linearAttention: needs q and k \[B, H, T, K\] and v \[B, H, T, V\], got \[1, 2, 3, 4\], \[1, 2, 4, 4\], \[1, 2, 3, 4\]\./,
    ),
    expect(traced({ slopes: [1] }, fit)).rejects.toThrow(
      /^linearAttention: needs a slope from 0 up for each of 2 heads, got 1\./,
    ),
    expect(traced({ block: 0 }, fit)).rejects.toThrow(
      /^linearAttention: a block has a whole number of tokens from 1 up, got 0\./,
    ),
  ]);
});
