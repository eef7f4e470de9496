import { describe, expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { print } from "../graph/print.ts";
import { record } from "../graph/record.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { expectClose } from "../testing/references.ts";
import { mul } from "./arithmetic.ts";
import { dropout, randomBernoulli, randomBits, randomNormal, randomUniform } from "./random.ts";
import { RandomStream } from "./random-stream.ts";
import { sum } from "./reduce.ts";

function key(seed: number, counter: number): HostTensor {
  return hostTensor([seed, counter], [2], "int32");
}

/** The hash of the comment in random.ts, written without looking at how it is lowered. */
function bitsOf(seed: number, counter: number, count: number): Uint32Array {
  const columns = Math.min(count, 1024);
  const rows = Math.ceil(count / columns);
  const table = (place: number): number => {
    const left = seed + Math.imul(place, 0x9e3779b9);
    let x = Math.imul(left, counter + Math.imul(place, 0x85ebca6b) + 0x632be5ab);
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return (x ^ (x >>> 16)) >>> 0;
  };
  return new Uint32Array(count).map((_, at) => {
    const i = Math.floor(at / columns);
    const j = at % columns;
    const even = 2 * table(rows + columns + i);
    const odd = table(2 * rows + columns + j) | 1;
    return Math.imul((table(i) + table(rows + j)) | 0, (even + odd) | 0);
  });
}

const uniform = compile((k: Tensor) => randomUniform(k, [512, 512]));

async function uniforms(seed: number, counter: number): Promise<Float64Array> {
  const { data } = await uniform(key(seed, counter));
  return Float64Array.from(data as Float32Array);
}

/** Correlation in standard deviations of what independent uniform draws would give. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += ((a[i] as number) - 0.5) * ((b[i] as number) - 0.5);
  return (12 * total) / Math.sqrt(a.length);
}

describe("randomBits", () => {
  for (const [seed, counter, count] of [
    [1, 2, 7],
    [0, 0, 1024],
    [-5, 2147483647, 2049],
  ] as const) {
    test(`gives the bits of its hash: ${count} of key ${seed}, ${counter}`, async () => {
      const got = await compile((k: Tensor) => randomBits(k, [count]))(key(seed, counter));
      const wanted = new Int32Array(bitsOf(seed, counter, count).buffer);
      expect(got.data).toEqual(wanted);
      expect(new Set(wanted).size).toBeGreaterThan(count - 2);
    });
  }

  test("refuses what is no key", async () => {
    await expect(() =>
      compile((x: Tensor) => randomBits(x, [3]))(hostTensor([1, 2, 3])),
    ).rejects.toThrow(
      /^randomBits: the key must be i32\[2\], got f32\[3\]; use RandomStream\.next\(\)\./,
    );
  });
});

describe("randomUniform", () => {
  test("is the upper 24 bits of the hash", async () => {
    const got = await compile((k: Tensor) => randomUniform(k, [3, 5]))(key(3, 4));
    const wanted = [...bitsOf(3, 4, 15)].map((bits) => (bits >>> 8) / 2 ** 24);
    expectClose(got, hostTensor(wanted, [3, 5]), 0);
  });

  test("takes a shape without values and a scalar one", async () => {
    const got = await compile((k: Tensor) => [randomUniform(k, [0, 3]), randomUniform(k, [])])(
      key(0, 1),
    );
    expect(got.map(({ shape }) => shape)).toEqual([[0, 3], []]);
  });

  test("has the mean, the variance and the evenness of uniform draws", async () => {
    const bound = 4.5;
    for (const counter of [0, 1, 2, 3]) {
      const values = await uniforms(11, counter);
      const n = values.length;
      const mean = values.reduce((total, value) => total + value, 0) / n;
      expect(Math.abs(mean - 0.5) * Math.sqrt(12 * n)).toBeLessThan(bound);
      const variance = values.reduce((total, value) => total + (value - 0.5) ** 2, 0) / n;
      expect(Math.abs(variance - 1 / 12) * Math.sqrt(180 * n)).toBeLessThan(bound);
      for (const scale of [2 ** 8, 2 ** 16, 2 ** 24]) {
        const counts = new Float64Array(256);
        for (const value of values) counts[Math.floor(value * scale) % 256]! += 1;
        const squares = counts.reduce((total, count) => total + (count - n / 256) ** 2, 0);
        const chi = squares / (n / 256);
        expect(Math.abs(chi - 255) / Math.sqrt(2 * 255)).toBeLessThan(bound);
      }
    }
  });

  test("does not correlate with its neighbours, with other keys, or over rectangles", async () => {
    const bound = 4.5;
    const values = await uniforms(1, 0);
    for (const lag of [1, 2, 512, 1024, 1025]) {
      expect(Math.abs(correlation(values.subarray(lag), values.subarray(0, -lag)))).toBeLessThan(
        bound,
      );
    }
    for (const [seed, counter] of [
      [2, 0],
      [1, 1],
      [0, 1],
      [1, 2 ** 20],
    ] as const) {
      const other = await uniforms(seed, counter);
      for (const lag of [0, 1, 1024, 1025]) {
        expect(
          Math.abs(correlation(values.subarray(lag), other.subarray(0, values.length - lag))),
        ).toBeLessThan(bound);
      }
    }
    const signs = Int8Array.from(values, (value) => (value < 0.5 ? -1 : 1));
    let total = 0;
    const corners = values.length - 1025;
    for (let i = 0; i < corners; i++) {
      total +=
        (signs[i] as number) *
        (signs[i + 1] as number) *
        (signs[i + 1024] as number) *
        (signs[i + 1025] as number);
    }
    expect(Math.abs(total) / Math.sqrt(corners)).toBeLessThan(bound);
  });
});

describe("randomNormal", () => {
  test("is Box and Muller's transform of the hash", async () => {
    const got = await compile((k: Tensor) => randomNormal(k, [5]))(key(8, 9));
    const u = [...bitsOf(8, 9, 6)].map((bits) => ((bits >>> 8) + 0.5) / 2 ** 24);
    const wanted = [0, 1, 2, 3, 4].map((i) => {
      const radius = Math.sqrt(-2 * Math.log(u[i % 3] as number));
      const angle = 2 * Math.PI * (u[3 + (i % 3)] as number);
      return radius * (i < 3 ? Math.cos(angle) : Math.sin(angle));
    });
    expectClose(got, hostTensor(wanted, [5]), 2e-6);
  });

  test("has the first four moments of the normal distribution", async () => {
    const { data } = await compile((k: Tensor) => randomNormal(k, [1 << 18]))(key(5, 6));
    const values = data as Float32Array;
    const moment = (power: number): number =>
      values.reduce((total, value) => total + value ** power, 0) / Math.sqrt(values.length);
    expect(Math.abs(moment(1))).toBeLessThan(4.5);
    expect(Math.abs(moment(2) - 512) / Math.sqrt(2)).toBeLessThan(4.5);
    expect(Math.abs(moment(3)) / Math.sqrt(15)).toBeLessThan(4.5);
    expect(Math.abs(moment(4) - 3 * 512) / Math.sqrt(96)).toBeLessThan(4.5);
  });
});

describe("randomBernoulli", () => {
  test("is true where the hash is below the probability", async () => {
    const got = await compile((k: Tensor) => randomBernoulli(k, 0.3, [2, 700]))(key(1, 1));
    const wanted = [...bitsOf(1, 1, 1400)].map((bits) => Number(bits < 0.3 * 2 ** 32));
    expectClose(got, hostTensor(wanted, [2, 700], "bool"), 0);
  });

  test("is never true at 0, always at 1, and refuses what is no probability", async () => {
    const got = await compile((k: Tensor) => [
      randomBernoulli(k, 0, [9]),
      randomBernoulli(k, 1, [9]),
    ])(key(1, 1));
    expect(got.map((tensor) => tensor.toArray())).toEqual([
      new Array(9).fill(0),
      new Array(9).fill(1),
    ]);
    expect(() => randomBernoulli(0, 1.5, [2])).toThrow(
      "randomBernoulli: the probability must be in [0, 1], got 1.5.",
    );
  });
});

describe("dropout", () => {
  test("scales what it keeps, and the gradient takes the same mask", async () => {
    const step = compile((x: Tensor, k: Tensor) => {
      const y = dropout(x, 0.25, k);
      const [dx] = gradients(sum(mul(y, y)), [x]) as [Tensor];
      return { y, dx };
    });
    const x = hostTensor(Array.from({ length: 4000 }, (_, i) => i - 1999.5));
    const { y, dx } = await step(x, key(4, 2));
    const kept = [...bitsOf(4, 2, 4000)].map((bits) => Number(bits < 0.75 * 2 ** 32));
    const scaled = x.toArray().map((value, i) => (value * (kept[i] as number)) / 0.75);
    expectClose(y, hostTensor(scaled), 1e-6);
    expectClose(dx, hostTensor(scaled.map((value) => (2 * value) / 0.75)), 1e-6);
  });

  test("draws its mask once for both ways", () => {
    const { graph } = record(
      (x: Tensor, k: Tensor) => gradients(sum(mul(dropout(x, 0.5, k), x)), [x]),
      [hostTensor([1, 2]), key(0, 0)],
    );
    expect(print(graph).split("randomBernoulli").length - 1).toBe(1);
  });

  test("keeps everything at rate 0, nothing at rate 1, and refuses other rates", async () => {
    const [all, none] = await compile((x: Tensor, k: Tensor) => [
      dropout(x, 0, k),
      dropout(x, 1, k),
    ])(hostTensor([1, 2, 3]), key(0, 0));
    expect([all?.toArray(), none?.toArray()]).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ]);
    expect(() => dropout(1, -0.1, 0)).toThrow("dropout: the rate must be in [0, 1], got -0.1.");
  });
});

describe("RandomStream", () => {
  const drawsOf = (stream: RandomStream) =>
    compile(() => [randomBits(stream.next(), [64]), randomBits(stream.next(), [64])]);

  test("draws differ between uses and runs, and repeat with the seed", async () => {
    const draw = drawsOf(new RandomStream(7));
    const again = drawsOf(new RandomStream(7));
    const first = [...(await draw()), ...(await draw())].map((bits) => bits.toArray());
    const second = [...(await again()), ...(await again())].map((bits) => bits.toArray());
    expect(second).toEqual(first);
    expect(new Set(first.flat()).size).toBe(4 * 64);
  });

  test("advances once a run, and resumes from its state", async () => {
    const stream = new RandomStream(2 ** 32 - 1);
    const draw = drawsOf(stream);
    await draw();
    await draw();
    const state = await stream.state.get();
    expect(state.toArray()).toEqual([-1, 2]);
    const third = await draw();
    const resumed = new RandomStream(0);
    await resumed.state.set(state);
    expect(await drawsOf(resumed)()).toEqual(third);
    expect(stream.state.trainable).toBe(false);
  });

  test("lanes draw differently and share their state", async () => {
    const streams = [0, 1, 2].map((lane) => new RandomStream(7, "random", lane));
    const draws = await Promise.all(streams.map((stream) => drawsOf(stream)()));
    expect(draws[0]).toEqual(await drawsOf(new RandomStream(7))());
    expect(new Set(draws.flat().flatMap((bits) => bits.toArray())).size).toBe(3 * 2 * 64);
    const states = await Promise.all(streams.map(({ state }) => state.get()));
    expect(states.map((state) => state.toArray())).toEqual([7, 7, 7].map((seed) => [seed, 1]));
  });

  test("refuses a seed that is no 32-bit whole number", () => {
    expect(() => new RandomStream(0.5)).toThrow(
      "RandomStream: the seed must be a whole number below 2^32, got 0.5.",
    );
  });
});
