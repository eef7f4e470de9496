import { readFileSync } from "node:fs";
import { countParameters, initialize } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  sizeOf,
  sum,
  type Tensor,
} from "@quire/tensor";
import { adamW, loadModel } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { ForecastTarget } from "../tasks/forecast-target.ts";
import { build, type TsMixerOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { patchesOf } from "./patches.ts";

function draws(shape: readonly number[], seed: number): HostTensor<"float32"> {
  const random = new Random(seed);
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.normal()),
    shape,
    "float32",
  );
}

const target: ForecastTarget = {
  ...{ context: 20, horizon: 6, channels: 3, known: 0, outputs: 2, unit: "day" },
};
const ahead: ForecastTarget = { ...target, known: 1 };
const tiny: TsMixerOptions = {
  ...{ width: 6, depth: 2, patch: 4, channels: "independent", gated: true },
};
const variants: Readonly<Record<string, TsMixerOptions>> = {
  "CI(G)": tiny,
  "CI(H)": { ...tiny, gated: false, reconcile: "hierarchy" },
  "CI(G, CC)": { ...tiny, reconcile: "channels" },
  "IC(G, H, CC)": { ...tiny, channels: "mixed", reconcile: "both" },
  "V(G, H, CC), overlapping": {
    ...{ ...tiny, channels: "joint", reconcile: "both", variant: { stride: 2 } },
  },
};

type Run = (past: HostTensor) => Promise<number[]>;

function runOf(options: TsMixerOptions, seed = 3): Run {
  const model = build(options, target);
  initialize(model, seed);
  const run = compile((past: Tensor) => model.forward({ past, calendar: past }));
  return async (past) => (await run(past)).toArray();
}

function moved(past: HostTensor, by: (value: number, channel: number) => number): HostTensor {
  const data = Float32Array.from(past.data as Float32Array, (value, i) => by(value, i % 3));
  return hostTensor(data, past.shape, "float32");
}

function furthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
}

const shapes = { past: [3, 20, 3], truth: [3, 6, 2], known: [3, 6, 1] } as const;

test("the presets have the parameters that their layers have by the paper's description", () => {
  const linear = (from: number, to: number): number => (from + 1) * to;
  const mixer = (length: number, expansion: number, width: number): number =>
    2 * width +
    linear(length, expansion * length) +
    linear(expansion * length, length) +
    linear(length, length);
  const counted = (name: string): number => {
    const preset = paper.presets[name];
    if (!preset) throw new Error(`no preset ${name}`);
    return countParameters(build(preset.options, preset.target));
  };
  const wanted = (sizes: { patch: number; n: number; width: number; depth: number; by: number }) =>
    linear(sizes.patch, sizes.width) +
    sizes.depth *
      (mixer(sizes.n, sizes.by, sizes.width) + mixer(sizes.width, sizes.by, sizes.width));
  expect(counted("etth1")).toBe(
    wanted({ patch: 16, n: 32, width: 48, depth: 2, by: 3 }) + linear(32 * 48, 96),
  );
  expect(counted("default")).toBe(
    wanted({ patch: 8, n: 4, width: 8, depth: 3, by: 2 }) + linear(4 * 8, 16),
  );
});

test("forecast and loss are those that PyTorch gives with the same parameters", async () => {
  const wanted = JSON.parse(
    readFileSync(new URL("../../references/tsmixer.json", import.meta.url), "utf8"),
  ) as { readonly paths: string[]; readonly forecast: number[]; readonly loss: number };
  const options: TsMixerOptions = {
    ...{ ...tiny, width: 5, depth: 1, channels: "mixed", reconcile: "both" },
  };
  const model = build(options, { ...target, context: 13 });
  const shapesOf = new Map(model.namedParameters().map(([path, { shape }]) => [path, shape]));
  expect([...shapesOf.keys()]).toEqual(wanted.paths);
  const filled = (shape: readonly number[], value: (i: number) => number): HostTensor =>
    hostTensor(
      Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
      shape,
      "float32",
    );
  const weights = wanted.paths.map((path, p): [string, HostTensor] => [
    path,
    filled(shapesOf.get(path) ?? [], (i) => 0.3 * Math.sin(0.7 * i + p)),
  ]);
  await loadModel(model, new Map(weights));
  const given = (i: number): number => Math.sin(0.37 * i + 1) + 0.1 * (i % 3);
  const run = compile((past: Tensor, truth: Tensor) => ({
    forecast: model.forward({ past, calendar: past }),
    loss: model.loss({ past, calendar: past }, truth, { training: false }),
  }));
  const { forecast, loss } = await run(filled([2, 13, 3], given), filled([2, 6, 2], given));
  expect(furthest(forecast.toArray(), wanted.forecast)).toBeLessThan(1e-5);
  expect(Math.abs(loss.item() - wanted.loss)).toBeLessThan(1e-5);
});

test("patches are runs of steps, and the newest ends where the past ends", async () => {
  const past = hostTensor(
    Array.from({ length: 14 }, (_, i) => i),
    [1, 7, 2],
    "float32",
  );
  const cut = (patch: number, stride: number) =>
    compile((x: Tensor) => patchesOf(x, { patch, stride }))(past);
  const apart = await cut(3, 3);
  expect(apart.shape).toEqual([1, 2, 2, 3]);
  expect(apart.toArray()).toEqual([2, 4, 6, 8, 10, 12, 3, 5, 7, 9, 11, 13]);
  const overlapping = await cut(3, 2);
  expect(overlapping.shape).toEqual([1, 2, 3, 3]);
  expect(overlapping.toArray().slice(0, 9)).toEqual([0, 2, 4, 4, 6, 8, 8, 10, 12]);
});

describe("what the variants may see", () => {
  const past = draws(shapes.past, 7);
  const others = moved(past, (value, channel) => (channel === 2 ? value * value : value));
  const reads = async (options: TsMixerOptions): Promise<boolean> => {
    const run = runOf(options);
    return furthest(await run(past), await run(others)) > 1e-4;
  };

  test("a channel-independent mixer reads no other channel, all others do", async () => {
    expect(await reads(tiny)).toBe(false);
    expect(await reads({ ...tiny, reconcile: "hierarchy" })).toBe(false);
    expect(await reads({ ...tiny, reconcile: "channels" })).toBe(true);
    expect(await reads({ ...tiny, channels: "mixed" })).toBe(true);
    expect(await reads({ ...tiny, channels: "joint" })).toBe(true);
  });

  test.each(Object.entries(variants))("%s follows a series' level and size", async (_, options) => {
    const run = runOf(options);
    const plain = await run(past);
    const larger = await run(moved(past, (value) => 50 * value + 30));
    expect(
      furthest(
        larger,
        plain.map((value) => 50 * value + 30),
      ),
    ).toBeLessThan(0.01);
  });

  test("the cross-channel head reads what is known ahead", async () => {
    const model = build({ ...tiny, reconcile: "channels" }, ahead);
    initialize(model, 3);
    const run = compile((x: Tensor, known: Tensor) =>
      model.forward({ past: x, calendar: x, known }),
    );
    const [one, two] = [
      await run(past, draws(shapes.known, 1)),
      await run(past, draws(shapes.known, 2)),
    ];
    expect(furthest(one.toArray(), two.toArray())).toBeGreaterThan(1e-4);
    expect(() => build(tiny, ahead)).toThrow(
      /^tsmixer: only the cross-channel head reads columns that are known ahead; give --reconcile channels, or name them under --covariates\.$/,
    );
  });
});

describe.each(Object.entries(variants))("%s", (_, options) => {
  const [past, truth] = [draws(shapes.past, 7), draws(shapes.truth, 4)];
  const still = { ...options, variant: { ...options.variant, dropout: 0, headDropout: 0 } };

  test("its gradients are the slope of its loss", async () => {
    const model = build(still, target);
    initialize(model, 5);
    const mode = { training: false } as const;
    const slope = compile((x: Tensor, y: Tensor) => {
      const loss = model.loss({ past: x, calendar: x }, y, mode);
      const norms = gradients(loss, model.parameters()).map((g) => sum(mul(g, g)));
      return { loss, dx: gradients(loss, [x])[0] as Tensor, norms };
    });
    const { dx, norms } = await slope(past, truth);
    const paths = model.namedParameters().map(([path]) => path);
    expect(paths.filter((__, i) => (norms[i] as HostTensor).item() === 0)).toEqual([]);
    const direction = draws(shapes.past, 9).toArray();
    const claimed = dx.toArray().reduce((all, g, i) => all + g * (direction[i] as number), 0);
    const at = async (step: number): Promise<number> => {
      const data = past.toArray().map((v, i) => v + step * (direction[i] as number));
      return (await slope(hostTensor(data, past.shape, "float32"), truth)).loss.item();
    };
    const measured = ((await at(3e-3)) - (await at(-3e-3))) / 6e-3;
    expect(Math.abs(claimed - measured)).toBeLessThan(0.02 * Math.abs(measured) + 2e-4);
  });

  test("it learns one batch by heart", async () => {
    const model = build({ ...still, width: 16 }, target);
    initialize(model, 2);
    const optimizer = adamW(model.parameters(), { learningRate: 1e-2 });
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = model.loss({ past: x, calendar: x }, y, { training: false });
      optimizer.minimize(loss);
      return { loss };
    });
    let loss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 200; i++) loss = (await step(past, truth)).loss.item();
    expect(loss).toBeLessThan(0.1);
  });

  test("its ONNX file gives the same forecasts for batches of 1 and 3", async () => {
    const model = build(options, target);
    initialize(model, 4);
    const exported = await exportOnnx(
      (x) => ({ forecast: model.forward({ past: x as Tensor, calendar: x as Tensor }) }),
      { inputs: { past: { shape: ["batch", 20, 3] } } },
    );
    const session = await InferenceSession.create(exported.model);
    const run = compile((x: Tensor) => model.forward({ past: x, calendar: x }));
    for (const batch of [1, 3]) {
      const given = draws([batch, 20, 3], 8);
      const fed = new OrtTensor("float32", given.data, [...given.shape]);
      const { forecast } = await session.run({ past: fed });
      const got = Array.from((forecast as OrtTensor).data as Float32Array);
      expect(furthest(got, (await run(given)).toArray())).toBeLessThan(1e-5);
    }
  });
});
