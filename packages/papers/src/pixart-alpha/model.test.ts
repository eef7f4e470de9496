import { countParameters, initialize, type Mode } from "@quire/nn";
import {
  cast,
  compile,
  constant,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  RandomStream,
  sum,
  type Tensor,
} from "@quire/tensor";
import { adamW } from "@quire/train";
import { describe, expect, test } from "vitest";
import type { TextToImageTarget } from "../tasks/text-to-image-target.ts";
import { build, KEPT_TIME, type PixArtOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { reparameterize } from "./reparameterize.ts";
import { DiffusionTransformer, type DiffusionTransformerOptions } from "./transformer.ts";

const target: TextToImageTarget = { height: 8, width: 8, channels: 3, vocabulary: 11, length: 4 };
const tiny: PixArtOptions = {
  ...{ width: 16, depth: 2, heads: 2, patch: 2, modulation: "single" },
  text: { width: 8, depth: 1, heads: 2 },
  latents: "pixels",
};

function draws(shape: readonly number[], seed: number): HostTensor<"float32"> {
  const random = new Random(seed);
  const size = shape.reduce((product, side) => product * side, 1);
  return hostTensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
    "float32",
  );
}

/** Gives every parameter a value that is not its first one, so that nothing is closed. */
async function scramble(model: ReturnType<typeof build> | DiffusionTransformer, seed: number) {
  for (const [i, variable] of model.parameters().entries()) {
    const value = draws(variable.shape, 100 * seed + i);
    await variable.set(
      hostTensor(
        (value.data as Float32Array).map((x) => 0.3 * x),
        variable.shape,
      ),
    );
  }
}

const ids = hostTensor(Int32Array.from([1, 2, 3, 4, 5, 6, 7, 8]), [2, 4], "int32");
const mask = hostTensor(Uint8Array.from([1, 1, 1, 0, 1, 1, 1, 1]), [2, 4], "bool");
const times = hostTensor(Float32Array.from([10, 700.5]), [2], "float32");

function denoiseOf(model: ReturnType<typeof build>) {
  return compile((x: Tensor, t: Tensor, i: Tensor, m: Tensor) =>
    model.denoise(x, { times: t, captions: model.captions(i, m) }),
  );
}

describe("parameters", () => {
  test.each(Object.entries(paper.presets).filter(([, { parameters }]) => parameters !== undefined))(
    "of %s are as published",
    (_, { options, target: own, parameters }) => {
      expect(countParameters(build(options, own))).toBe(parameters);
    },
  );

  test("of DiT-XL/2 are the published 674.8 million", () => {
    const prior = new DiffusionTransformer({
      ...{ width: 1152, depth: 28, heads: 16, ratio: 4, modulation: "block", stochasticDepth: 0 },
      condition: { kind: "classes", count: 1000, dropout: 0.1 },
      images: { channels: 4, out: 8, patch: 2, base: 16, scale: 1 },
    });
    expect(countParameters(prior)).toBe(674_834_720);
  });

  test("of adaLN-single are a quarter fewer than of an adaLN in each block", () => {
    const [single, block] = ["XL-2-256", "XL-2-adaLN"].map((name) => {
      const { options, target: own } = paper.presets[name] as (typeof paper.presets)[string];
      return countParameters(build(options, own));
    }) as [number, number];
    expect(1 - single / block).toBeGreaterThan(0.26);
    expect(1 - single / block).toBeLessThan(0.27);
  });
});

test("every parameter has a gradient, in each kind of modulation", async () => {
  for (const modulation of ["single", "block", "none"] as const) {
    const model = build({ ...tiny, modulation }, target);
    initialize(model, 1);
    await scramble(model, 2);
    const parameters = model.parameters();
    const stream = new RandomStream(1);
    const mode: Mode = { training: true, random: stream };
    const step = compile((x: Tensor, t: Tensor, i: Tensor, m: Tensor) => {
      const captions = model.captions(i, m, mode);
      const output = model.denoise(x, { times: t, captions, without: cast(t, "bool") }, mode);
      const kept = model.denoise(x, { times: t, captions }, { training: false });
      return gradients(sum(mul(output, output)), parameters).concat(
        gradients(sum(mul(kept, kept)), parameters),
      );
    });
    const slopes = await step(draws([2, 3, 8, 8], 3), times, ids, mask);
    for (const [i, [path]] of model.namedParameters().entries()) {
      const both = [slopes[i], slopes[i + parameters.length]] as HostTensor[];
      expect(
        both.some((one) => one.toArray().some((value) => value !== 0)),
        path,
      ).toBe(true);
    }
  }
});

test("the gradient is that of finite differences", async () => {
  const model = build(tiny, target);
  initialize(model, 1);
  await scramble(model, 2);
  const variable = model.transformer.blocks[1]?.modulation.namedParameters()[0]?.[1];
  if (!variable) throw new Error("There is a table.");
  const weights = draws([2, 6, 8, 8], 4);
  const value = compile((x: Tensor, t: Tensor, i: Tensor, m: Tensor, w: Tensor) =>
    sum(mul(model.denoise(x, { times: t, captions: model.captions(i, m) }), w)),
  );
  const slope = compile((x: Tensor, t: Tensor, i: Tensor, m: Tensor, w: Tensor) =>
    gradients(sum(mul(model.denoise(x, { times: t, captions: model.captions(i, m) }), w)), [
      variable,
    ]),
  );
  const given = [draws([2, 3, 8, 8], 3), times, ids, mask, weights] as const;
  const [claimed] = (await slope(...given)) as [HostTensor];
  const direction = draws(variable.shape, 5).toArray();
  const before = (await variable.get()).toArray();
  const at = async (step: number): Promise<number> => {
    const moved = before.map((v, i) => v + step * (direction[i] as number));
    await variable.set(hostTensor(Float32Array.from(moved), variable.shape));
    return (await value(...given)).item();
  };
  const found = ((await at(0.01)) - (await at(-0.01))) / 0.02;
  const wanted = claimed.toArray().reduce((all, s, i) => all + s * (direction[i] as number), 0);
  expect(found / wanted).toBeCloseTo(1, 2);
});

describe("re-parameterization", () => {
  const options: DiffusionTransformerOptions = {
    ...{ width: 16, depth: 3, heads: 2, ratio: 2, modulation: "block", stochasticDepth: 0 },
    condition: { kind: "classes", count: 5, dropout: 0 },
    images: { channels: 3, out: 6, patch: 2, base: 4, scale: 1 },
  };
  const captions = { kind: "captions", width: 8, length: 4, dropout: 0 } as const;
  const single: DiffusionTransformerOptions = {
    ...{ ...options, modulation: "single" },
    condition: { ...captions, nothing: "learned", micro: false },
  };

  async function gaps(classes: number) {
    const prior = new DiffusionTransformer({
      ...options,
      condition: { kind: "classes", count: classes, dropout: 0 },
    });
    const network = new DiffusionTransformer(single);
    initialize(prior, 1);
    initialize(network, 2);
    await scramble(prior, 3);
    await reparameterize(prior, network, KEPT_TIME);
    const run = compile((x: Tensor, t: Tensor, states: Tensor) => ({
      prior: prior.forward(x, { times: t }),
      network: network.forward(x, { times: t, captions: { states } }),
    }));
    const at = async (time: number): Promise<number> => {
      const when = hostTensor(Float32Array.from([time, time]), [2], "float32");
      const found = await run(draws([2, 3, 8, 8], 4), when, draws([2, 4, 8], 5));
      const [wanted, got] = [found.prior.toArray(), found.network.toArray()];
      const most = Math.max(...wanted.map(Math.abs));
      return Math.max(...wanted.map((v, i) => Math.abs(v - (got[i] as number)))) / most;
    };
    return { kept: await at(KEPT_TIME), other: await at(900) };
  }

  test.each([0, 5])(
    "says the same at the kept time, and only there (%d classes)",
    async (classes) => {
      const { kept, other } = await gaps(classes);
      expect(kept).toBeLessThan(1e-5);
      expect(other).toBeGreaterThan(0.01);
    },
  );

  test("refuses a pair that does not fit", async () => {
    const one = new DiffusionTransformer(single);
    await expect(reparameterize(one, one, KEPT_TIME)).rejects.toThrow(
      "reparameterize: takes a prior with an adaLN in each block and a transformer of adaLN-single of the same " +
        "width, depth, ratio and patches, without micro-conditions.",
    );
  });
});

test("captions change nothing at first, and padding never does", async () => {
  const model = build(tiny, target);
  initialize(model, 1);
  const run = denoiseOf(model);
  const other = hostTensor(Int32Array.from([1, 2, 3, 9, 5, 6, 7, 1]), [2, 4], "int32");
  const x = draws([2, 3, 8, 8], 3);
  expect((await run(x, times, ids, mask)).toArray().every((value) => value === 0)).toBe(true);
  await scramble(model, 2);
  const [first, second] = [await run(x, times, ids, mask), await run(x, times, other, mask)];
  const half = first.data.length / 2;
  expect(first.toArray().slice(0, half)).toEqual(second.toArray().slice(0, half));
  expect(first.toArray().slice(half)).not.toEqual(second.toArray().slice(half));
});

test("learns one batch by heart", async () => {
  const model = build(tiny, target);
  initialize(model, 1);
  const optimizer = adamW(model.parameters(), { learningRate: 1e-2 });
  const noise = draws([2, 3, 8, 8], 7);
  const step = compile((x: Tensor, e: Tensor, i: Tensor, m: Tensor) => {
    const when = hostTensor(Int32Array.from([300, 600]), [2], "int32");
    const values = { start: x, noise: e, times: constant(when) };
    const captions = model.captions(i, m);
    const noised = model.diffusion.noised(values);
    const output = model.denoise(noised, { times: cast(values.times, "float32"), captions });
    const loss = model.diffusion.loss(output, values);
    optimizer.minimize(loss);
    return loss;
  });
  let [first, last] = [0, 0];
  for (let i = 0; i < 150; i++) {
    last = (await step(draws([2, 3, 8, 8], 6), noise, ids, mask)).item();
    if (i === 0) first = last;
  }
  expect(last).toBeLessThan(0.3 * first);
});

test("sizes and aspect are told where the variant asks for it, and there is no prior then", async () => {
  const options = { ...tiny, width: 12, variant: { micro: true } };
  const outputs: number[][] = [];
  for (const height of [8, 16]) {
    const model = build(options, { ...target, height });
    initialize(model, 1);
    await scramble(model, 2);
    expect(model.prior()).toBeUndefined();
    outputs.push((await denoiseOf(model)(draws([2, 3, 8, 8], 3), times, ids, mask)).toArray());
  }
  expect(outputs[0]).not.toEqual(outputs[1]);
  expect(build({ ...tiny, modulation: "block" }, target).prior()).toBeUndefined();
});

test("pictures that do not divide are refused", () => {
  expect(() => build(tiny, { ...target, height: 9 })).toThrow(
    "pictures of 9 x 8 pixels do not divide into patches of 2: pass a --size that is a multiple of 2.",
  );
  expect(() => build({ ...tiny, heads: 3 }, target)).toThrow(
    "a width of 16 does not divide into 3 heads and into quarters for positions: pass another --width or --heads.",
  );
});
