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
import { type MatrixLstmOptions, matrixLstm } from "./matrix-lstm.ts";
import { expectNear } from "./testing/near.ts";
import { draws } from "./testing/slopes.ts";

/** Keys and values of different widths; 21 tokens, which chunks of 8 do not divide. */
const [batch, heads, length, inner, width] = [2, 2, 21, 4, 5];

function scaled(x: HostTensor, factor: number, shift: number): HostTensor {
  return hostTensor(
    x.toArray().map((value) => factor * value + shift),
    x.shape,
  );
}

/**
 * Queries, keys, values, input gates, and forget gates that forget and that keep. Gates that reach further weigh so
 * differently that float32 itself, in any form, no longer gives gradients to 1e-5.
 */
const given: readonly HostTensor[] = [
  draws([batch, heads, length, inner], 1),
  draws([batch, heads, length, inner], 2),
  draws([batch, heads, length, width], 3),
  scaled(draws([batch, heads, length, 1], 4), 0.7, -1),
  scaled(draws([batch, heads, length, 1], 5), 2, 1.5),
];
const direction = draws([batch, heads, length, width], 6);

/** The recurrence with nothing scaled, number by number in double precision; what the divisor is added is, by e^m. */
function defined(): number[] {
  const [q, k, v, i, f] = given.map((x) => x.toArray()) as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  const found: number[] = [];
  for (let row = 0; row < batch * heads; row++) {
    const memory = new Float64Array(inner * width);
    const normalizer = new Float64Array(inner);
    let peak = 0;
    for (let t = row * length; t < (row + 1) * length; t++) {
      const kept = 1 / (1 + Math.exp(-(f[t] as number)));
      const written = Math.exp(i[t] as number) / Math.sqrt(inner);
      peak = Math.max(kept * peak, Math.exp(i[t] as number));
      let divisor = 0;
      const sums = new Float64Array(width);
      for (let a = 0; a < inner; a++) {
        const key = written * (k[t * inner + a] as number);
        const query = q[t * inner + a] as number;
        normalizer[a] = kept * (normalizer[a] as number) + key;
        divisor += query * (normalizer[a] as number);
        for (let b = 0; b < width; b++) {
          const place = a * width + b;
          memory[place] = kept * (memory[place] as number) + key * (v[t * width + b] as number);
          sums[b] = (sums[b] as number) + query * (memory[place] as number);
        }
      }
      found.push(
        ...[...sums].map((value) => value / (Math.max(Math.abs(divisor), 1) + 1e-6 * peak)),
      );
    }
  }
  return found;
}

type Inputs = readonly [q: Tensor, k: Tensor, v: Tensor, i: Tensor, f: Tensor];

function run([q, k, v, i, f]: Inputs, options: MatrixLstmOptions): Tensor {
  return matrixLstm({ query: q, key: k, value: v, inputGate: i, forgetGate: f }, options);
}

async function valuesAndGradients(options: MatrixLstmOptions): Promise<readonly HostTensor[]> {
  const compiled = compile((inputs: Tensor[], weights: Tensor) => {
    const mixed = run(inputs as unknown as Inputs, options);
    return [mixed, ...gradients(sum(mul(mixed, weights)), inputs)];
  });
  const results = await compiled([...given], direction);
  await compiled.release();
  return results;
}

const forms: readonly (readonly [name: string, options: MatrixLstmOptions])[] = [
  ["parallel", { form: "parallel" }],
  ["recurrent", { form: "recurrent" }],
  ["chunks that do not divide the length", { chunk: 8 }],
  ["chunks that divide it", { chunk: 7 }],
  ["a single chunk", { chunk: 64 }],
  ["chunks of one token", { chunk: 1 }],
];

describe.each(forms)("the matrix LSTM, %s", (_, options) => {
  test("gives what it is defined as", async () => {
    const [mixed] = await valuesAndGradients(options);
    expectNear(mixed as HostTensor, [batch, heads, length, width], defined(), 1e-5);
  });

  test("has the values and the gradients of the parallel form to 1e-5", async () => {
    const [wanted, got] = [
      await valuesAndGradients({ form: "parallel" }),
      await valuesAndGradients(options),
    ];
    for (const [i, tensor] of got.entries()) {
      expectNear(tensor, tensor.shape, (wanted[i] as HostTensor).toArray(), 1e-5);
    }
  });
});

/** How far values and gradients of the other forms are from the first one's, over the largest value of each. */
async function apartOf(inputs: readonly HostTensor[]): Promise<number[]> {
  const results: HostTensor[][] = [];
  const weights = draws((inputs[2] as HostTensor).shape, 9);
  for (const options of [{ form: "parallel" }, { form: "recurrent" }, { chunk: 64 }] as const) {
    const compiled = compile((read: Tensor[], by: Tensor) => {
      const mixed = run(read as unknown as Inputs, options);
      return [mixed, ...gradients(sum(mul(mixed, by)), read)];
    });
    results.push([...(await compiled([...inputs], weights))]);
    await compiled.release();
  }
  const [wanted, ...others] = results as [HostTensor[], ...HostTensor[][]];
  return wanted.flatMap((right, which) => {
    const values = right.toArray();
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return others.map((got) => {
      const said = (got[which] as HostTensor).toArray();
      const off = (value: number, i: number): number => Math.abs(value - (said[i] as number));
      return values.reduce((most, value, i) => Math.max(most, off(value, i)), 0) / largest;
    });
  });
}

test("what is kept does not lose digits behind what was forgotten long before", async () => {
  // The first half forgets nearly all, the second keeps nearly all: sums over the first are a thousand times larger than
  // those that the last tokens' weights are made of.
  const tokens = 400;
  const positive = (seed: number): HostTensor => {
    return hostTensor(
      draws([tokens * 2], seed)
        .toArray()
        .map(Math.abs),
      [1, 1, tokens, 2],
    );
  };
  const gates = Array.from({ length: tokens }, (_, t) => (t < tokens / 2 ? -12 : 7));
  const inputs = [
    ...[positive(1), positive(2), draws([1, 1, tokens, 2], 3)],
    hostTensor(new Array(tokens).fill(0), [1, 1, tokens, 1]),
    hostTensor(gates, [1, 1, tokens, 1]),
  ];
  expect(Math.max(...(await apartOf(inputs)))).toBeLessThan(2e-6);
});

test("a thousand tokens, gates as blocks begin: all forms give the same to 1e-5", async () => {
  const [rows, width, tokens] = [4, 32, 1000];
  const wide = [1, rows, tokens, width];
  const noise = draws([1, rows, tokens, 1], 5).toArray();
  const gates = noise.map((one, i) => 3 + Math.floor(i / tokens) + 0.3 * one);
  const inputs = [
    ...[draws(wide, 1), draws(wide, 2), draws(wide, 3)],
    scaled(draws([1, rows, tokens, 1], 4), 0.3, 0),
    hostTensor(gates, [1, rows, tokens, 1]),
  ];
  expect(Math.max(...(await apartOf(inputs)))).toBeLessThan(1e-5);
});

test("gates beyond float32's exponentials give finite values in every form", async () => {
  const shape = [1, 1, 6, 2];
  const far = hostTensor([90, -90, 120, 0, -150, 200], [1, 1, 6, 1]);
  const results: number[][] = [];
  for (const [, options] of forms) {
    const compiled = compile((q: Tensor, k: Tensor, v: Tensor, gate: Tensor) =>
      run([q, k, v, gate, gate], options),
    );
    const drawn = [draws(shape, 1), draws(shape, 2), draws(shape, 3)] as const;
    results.push((await compiled(...drawn, far)).toArray());
    await compiled.release();
  }
  for (const values of results) {
    expect(values.every(Number.isFinite)).toBe(true);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(results[0]?.[i] as number, 4);
    });
  }
});

test("the parallel form's gradients are those of finite differences", async () => {
  const compiled = compile((inputs: Tensor[], weights: Tensor) =>
    sum(mul(run(inputs as unknown as Inputs, { form: "parallel" }), weights)),
  );
  const at = async (which: number, step: number): Promise<number> => {
    const moved = given.map((x, n) => {
      if (n !== which) return x;
      const values = x.toArray().map((value, place) => value + step * Math.sin(place));
      return hostTensor(values, x.shape);
    });
    return (await compiled(moved, direction)).item();
  };
  const [, ...claimed] = await valuesAndGradients({ form: "parallel" });
  for (const [which, slope] of claimed.entries()) {
    const measured = ((await at(which, 5e-4)) - (await at(which, -5e-4))) / 1e-3;
    const wanted = slope.toArray().reduce((all, value, n) => all + value * Math.sin(n), 0);
    const off = Math.abs(wanted - measured) / Math.max(1, Math.abs(wanted));
    expect(off, `input ${which}`).toBeLessThan(2e-2);
  }
});

test("inputs and chunks that do not fit are refused", async () => {
  const traced = (options: MatrixLstmOptions, gate: number[]) =>
    compile((x: Tensor, g: Tensor) => run([x, x, x, g, g], options)).prepare(
      draws([1, 2, 3, 4]),
      draws(gate),
    );
  await expect(traced({}, [1, 2, 3, 2])).rejects.toThrow(
    /^matrixLstm: needs q and k \[B, H, T, K\], v \[B, H, T, V\] and gates \[B, H, T, 1\], got \[1, 2, 3, 4\], \[1, 2, 3, 4\], \[1, 2, 3, 4\], \[1, 2, 3, 2\], \[1, 2, 3, 2\]\./,
  );
  await expect(traced({ chunk: 0 }, [1, 2, 3, 1])).rejects.toThrow(
    /^matrixLstm: a chunk has a whole number of tokens from 1 up, got 0\./,
  );
});
