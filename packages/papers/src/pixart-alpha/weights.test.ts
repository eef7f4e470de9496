import { readFileSync } from "node:fs";
import { countParameters } from "@quire/nn";
import { compile, type HostTensor, hostTensor, Random, type Tensor } from "@quire/tensor";
import {
  type Denoise,
  Diffusion,
  mixtureDenoise,
  type SamplingStep,
  sample,
  sampling,
  spacedTimes,
} from "@quire/train";
import { describe, expect, test } from "vitest";
import { buildOfficial, loadOfficial, type OfficialArguments, officialState } from "./weights.ts";

interface Listed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface TransformerCase {
  readonly label: string;
  readonly arguments: OfficialArguments;
  readonly x: Listed;
  readonly times: Listed;
  readonly states: Listed;
  readonly lengths?: readonly number[];
  readonly sizes?: Listed;
  readonly aspect?: Listed;
  readonly weights: Readonly<Record<string, Listed>>;
  readonly output: Listed;
  readonly without: Listed;
}

interface Reference {
  readonly transformers: readonly TransformerCase[];
  readonly losses: Readonly<
    Record<"start" | "noise" | "output" | "noised" | "mse" | "vb", Listed>
  > & {
    readonly times: readonly number[];
  };
  readonly solvers: {
    readonly noise: Listed;
    readonly found: readonly {
      readonly foretells: "start" | "noise";
      readonly order: 1 | 2 | 3;
      readonly steps: number;
      readonly values: Listed;
    }[];
  };
  readonly spaced: {
    readonly x: Listed;
    readonly share: Listed;
    readonly times: readonly number[];
    readonly steps: readonly { readonly mean: Listed; readonly variance: Listed }[];
    readonly ddim: Listed;
  };
}

const path = new URL("../../references/pixart-alpha.json", import.meta.url);
const reference = JSON.parse(readFileSync(path, "utf8")) as Reference;

function tensor({ data, shape }: Listed): HostTensor<"float32"> {
  return hostTensor(Float32Array.from(data), shape, "float32");
}

/** The largest difference, as a share of the largest wanted value. */
function distance(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  const values = Array.from(wanted);
  const most = Math.max(...values.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs((got[i] as number) - value))) / most;
}

describe.each(reference.transformers)("the official transformer: $label", (given) => {
  const state = new Map(
    Object.entries(given.weights).map(([name, value]) => [name, tensor(value)]),
  );

  test("its weights give its outputs, with captions and without", async () => {
    const model = buildOfficial(given.arguments);
    await loadOfficial(model, state);
    const [batch = 0, length = 0] = given.states.shape;
    const allowed = Uint8Array.from({ length: batch * length }, (_, i) =>
      Number(i % length < (given.lengths?.[Math.floor(i / length)] ?? length)),
    );
    const run = compile(
      (x: Tensor, times: Tensor, states: Tensor, mask: Tensor, more: Tensor[]) => {
        const [without, size, aspect] = more as [Tensor, Tensor?, Tensor?];
        const micro = size && aspect ? { micro: { size, aspect } } : {};
        return model.forward(x, { times, captions: { states, mask }, without, ...micro });
      },
    );
    const call = (isWithout: number): Promise<HostTensor> => {
      const { sizes, aspect } = given;
      const flags = hostTensor(new Uint8Array(batch).fill(isWithout), [batch], "bool");
      const more = [flags, ...(sizes && aspect ? [tensor(sizes), tensor(aspect)] : [])];
      const mask = hostTensor(allowed, [batch, length], "bool");
      return run(tensor(given.x), tensor(given.times), tensor(given.states), mask, more);
    };
    const [output, without] = [await call(0), await call(1)];
    expect(output.shape).toEqual(given.output.shape);
    expect(distance(output.toArray(), given.output.data)).toBeLessThan(1e-4);
    expect(distance(without.toArray(), given.without.data)).toBeLessThan(1e-4);
  });

  test("its weights come back as they were", async () => {
    const model = buildOfficial(given.arguments);
    await loadOfficial(model, state);
    const back = await officialState(model);
    const kept = Object.keys(given.weights).filter((name) => !name.includes("rel_pos"));
    expect([...back.keys()].sort()).toEqual(kept.sort());
    for (const [name, value] of back) {
      expect(value.shape, name).toEqual(given.weights[name]?.shape);
      expect(value.toArray(), name).toEqual(state.get(name)?.toArray());
    }
  });
});

test("weights that do not fit are named", async () => {
  const [first] = reference.transformers as [TransformerCase];
  const state = new Map(
    Object.entries(first.weights).map(([name, value]) => [name, tensor(value)]),
  );
  state.delete("t_block.1.bias");
  state.set("t_block.2.bias", hostTensor([1]));
  await expect(loadOfficial(buildOfficial(first.arguments), state)).rejects.toThrow(
    "The official weights do not fit the model: t_block.1.bias is missing; t_block.2.bias is not expected.",
  );
});

test("the official XL/2 has 610,856,096 parameters", () => {
  expect(countParameters(buildOfficial({ class: "PixArt" }))).toBe(610_856_096);
});

test("noised values and both terms of the loss are the official code's", async () => {
  const { times, start, noise, output, noised, mse, vb } = reference.losses;
  const diffusion = new Diffusion({ variance: "learned" });
  const run = compile((...[x0, e, said, t]: Tensor[]) => {
    const values = { start: x0 as Tensor, noise: e as Tensor, times: t as Tensor };
    return { noised: diffusion.noised(values), loss: diffusion.loss(said as Tensor, values) };
  });
  const part = ({ shape, data }: Listed, i: number): HostTensor => {
    const size = data.length / (shape[0] as number);
    return tensor({ shape: [1, ...shape.slice(1)], data: data.slice(i * size, (i + 1) * size) });
  };
  for (const [i, time] of times.entries()) {
    const found = await run(
      ...[part(start, i), part(noise, i), part(output, i)],
      hostTensor(Int32Array.of(time), [1], "int32"),
    );
    expect(distance(found.noised.toArray(), part(noised, i).toArray())).toBeLessThan(1e-5);
    const wanted = (mse.data[i] as number) + (vb.data[i] as number);
    expect(Math.abs(found.loss.item() / wanted - 1), `time ${time}`).toBeLessThan(1e-4);
  }
});

const normal = { share: 1, mean: [0.7], deviation: 0.3 };

test.each(reference.solvers.found)(
  "DPM-Solver of order $order in $steps steps that foretells the $foretells",
  async ({ order, steps, foretells, values }) => {
    const diffusion = new Diffusion();
    const noise = Float64Array.from(reference.solvers.noise.data);
    const found = await sample(diffusion, mixtureDenoise(diffusion, [normal]), {
      ...{ size: noise.length, steps, noise, sampler: { kind: "dpm", order, foretells } },
    });
    expect(distance(found, values.data)).toBeLessThan(1e-6);
  },
);

describe("fewer steps", () => {
  const { x, share, times, steps, ddim } = reference.spaced;
  const diffusion = new Diffusion({ variance: "learned" });
  const known = mixtureDenoise(diffusion, [normal]);
  const noise = Float64Array.from(x.data);

  test("visit the official code's times", () => {
    expect(spacedTimes(1000, times.length).reverse()).toEqual(times);
  });

  test("DDIM ends where the official code's does", async () => {
    const given = { size: noise.length, steps: 5, noise, sampler: { kind: "ddim" } } as const;
    expect(distance(await sample(diffusion, known, given), ddim.data)).toBeLessThan(1e-4);
  });

  test("DDPM's first step has the official code's mean and variance", async () => {
    const denoise: Denoise = async (noised, time) => ({
      ...(await known(noised, time)),
      share: Float64Array.from(share.data),
    });
    const given = { size: noise.length, steps: 5, noise, sampler: { kind: "ddpm" } } as const;
    const first = await sampling(diffusion, denoise, { ...given, seed: 7 }).next();
    const drawn = new Random(7).fork("sampling").fork("steps").fork(0);
    const { mean, variance } = steps.at(-1) as (typeof steps)[number];
    const wanted = mean.data.map(
      (value, i) => value + Math.sqrt(variance.data[i] as number) * drawn.normal(),
    );
    expect(distance((first.value as SamplingStep).values, wanted)).toBeLessThan(1e-5);
  });
});
