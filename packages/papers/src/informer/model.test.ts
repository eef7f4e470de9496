import { readFileSync } from "node:fs";
import { countParameters, initialize } from "@quire/nn";
import {
  compile,
  constant,
  estimateMemory,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  RandomStream,
  scaledDotProductAttention,
  sizeOf,
  sum,
  type Tensor,
} from "@quire/tensor";
import { adamW, meanSquaredError } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { ForecastTarget } from "../tasks/forecast-target.ts";
import { build, type InformerOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { fixedSamples, probSparseAttention, selectedCount } from "./prob-sparse.ts";

const { counts } = JSON.parse(
  readFileSync(new URL("../../references/informer.json", import.meta.url), "utf8"),
) as { readonly counts: Readonly<Record<string, number>> };

function draws(shape: readonly number[], seed: number): HostTensor<"float32"> {
  const random = new Random(seed);
  const data = new Float32Array(sizeOf(shape)).map(() => random.normal());
  return hostTensor(data, shape, "float32");
}

function nearest(got: readonly number[], wanted: readonly number[]): number {
  expect(got.length).toBe(wanted.length);
  return Math.max(...wanted.map((value, i) => Math.abs(value - (got[i] as number))));
}

const target: ForecastTarget = {
  ...{ context: 20, horizon: 6, channels: 3, known: 1, outputs: 2, unit: "day" },
};
const tiny: InformerOptions = {
  ...{ width: 8, heads: 2, encoders: [2, 1], decoder: 1, hidden: 16, start: 10 },
  variant: { factor: 2 },
};

function inputs(batch: number): [past: HostTensor, calendar: HostTensor, known: HostTensor] {
  const calendar = draws([batch, 26, 8], 8);
  const fields = hostTensor(
    calendar.data.map((value) => 3 + value),
    calendar.shape,
    "float32",
  );
  return [draws([batch, 20, 3], 7), fields, draws([batch, 6, 1], 9)];
}

test("the presets have the parameters that the official code has", () => {
  const published = Object.entries(paper.presets).filter(([name]) => name !== "small");
  expect(published.map(([name]) => name).sort()).toEqual(Object.keys(counts).sort());
  for (const [name, preset] of published) {
    const counted = countParameters(build(preset.options, preset.target));
    expect([name, counted, preset.parameters]).toEqual([name, counts[name], counts[name]]);
  }
  expect(Math.round((paper.presets["ett"]?.parameters ?? 0) / 1e4) / 100).toBe(11.33);
});

describe("ProbSparse attention", () => {
  const [q, k, v] = [1, 2, 3].map((seed) => draws([2, 3, 40, 4], seed)) as [
    HostTensor,
    HostTensor,
    HostTensor,
  ];
  const attend = (factor: number, causal: boolean, dense = 0): Promise<HostTensor> =>
    compile((...qkv: [Tensor, Tensor, Tensor]) =>
      probSparseAttention(qkv, constant(fixedSamples(40, 40, factor)), { factor, causal, dense }),
    )(q, k, v);
  const full = (causal: boolean): Promise<HostTensor> =>
    compile((a: Tensor, b: Tensor, c: Tensor) => scaledDotProductAttention(a, b, c, { causal }))(
      ...[q, k, v],
    );

  test("is full attention where all queries are selected", async () => {
    expect(selectedCount(40, 10)).toBe(40);
    for (const causal of [false, true]) {
      const [sparse, whole] = [await attend(10, causal), await full(causal)];
      expect(nearest(sparse.toArray(), whole.toArray())).toBeLessThan(1e-5);
    }
  });

  test("c ⌈ln L⌉ queries attend, and the others get the mean or the sum of what came", async () => {
    for (const causal of [false, true]) {
      const [sparse, whole] = [await attend(2, causal), await full(causal)];
      const values = new Map([sparse, whole, v].map((of) => [of, of.toArray()]));
      for (let head = 0; head < 6; head++) {
        const row = (of: HostTensor, t: number): number[] =>
          (values.get(of) ?? []).slice((head * 40 + t) * 4, (head * 40 + t + 1) * 4);
        const active = Array.from({ length: 40 }, (_, t) => t).filter(
          (t) => nearest(row(sparse, t), row(whole, t)) < 1e-4,
        );
        // With causal attention the first query's sum is its only value, as in full attention.
        const others = active.filter((t) => !(causal && t === 0));
        expect(others.length).toBeGreaterThanOrEqual(selectedCount(40, 2) - 1);
        expect(others.length).toBeLessThanOrEqual(selectedCount(40, 2));
        for (let t = 0; t < 40; t++) {
          if (active.includes(t)) continue;
          const seen = causal ? t + 1 : 40;
          const total = [0, 1, 2, 3].map((column) =>
            Array.from({ length: seen }, (_, s) => row(v, s)[column] as number).reduce(
              (a, b) => a + b,
            ),
          );
          const wanted = total.map((value) => (causal ? value : value / 40));
          expect(nearest(row(sparse, t), wanted)).toBeLessThan(1e-4);
        }
      }
    }
  });

  test("measures the same one sample after the other as out of all products", async () => {
    const [onebyone, dense] = [await attend(2, false), await attend(2, false, 512)];
    expect(nearest(onebyone.toArray(), dense.toArray())).toBeLessThan(1e-5);
  });

  test("needs memory that grows far slower than the square of the length", () => {
    const needed = (length: number, dense: number): number => {
      const type = { shape: [1, 2, length, 8], dtype: "float32" } as const;
      return estimateMemory(
        (...qkv: [Tensor, Tensor, Tensor]) =>
          probSparseAttention(qkv, constant(fixedSamples(length, length, 5)), {
            ...{ factor: 5, causal: false, dense },
          }),
        ...[type, type, type],
      ).working;
    };
    expect(needed(4096, 0) / needed(1024, 0)).toBeLessThan(6);
    expect(needed(4096, 4096) / needed(1024, 1024)).toBeGreaterThan(12);
  });
});

describe("the system", () => {
  test("encoders halve the length after each layer but the last, and align", () => {
    const model = build({ ...tiny, encoders: [3, 2, 1] }, target);
    const run = compile((past: Tensor, calendar: Tensor) => model.encode({ past, calendar }));
    const [past, calendar] = inputs(2);
    return expect(run(past, calendar).then(({ shape }) => shape)).resolves.toEqual([2, 15, 8]);
  });

  test("every parameter gets a gradient, in training with drawn keys too", async () => {
    const model = build(tiny, target);
    initialize(model, 5);
    const random = new RandomStream(1);
    const [past, calendar, known] = inputs(3);
    const norms = compile((p: Tensor, c: Tensor, k: Tensor, y: Tensor) => {
      const said = model.forward({ past: p, calendar: c, known: k }, { training: true, random });
      return gradients(sum(mul(said, y)), model.parameters()).map((g) => sum(mul(g, g)));
    });
    const found = await norms(past, calendar, known, draws([3, 6, 2], 4));
    const paths = model.namedParameters().map(([path]) => path);
    // No gradient but rounding: softmax does not change when all keys move by one vector, nor batch normalisation when
    // its channels move, be it by a convolution's own vector or by one that all of its inputs share.
    const silent = paths.filter((_, i) => (found[i] as HostTensor).item() < 1e-9);
    const moved = /key\.bias$|convolution\.convolution\.bias$|layers\.0\.feedForwardNorm\.bias$/;
    expect(silent.filter((path) => !moved.test(path))).toEqual([]);
  });

  test("the drawn keys and dropout follow the seed", async () => {
    const model = build(tiny, target);
    initialize(model, 5);
    const [past, calendar, known] = inputs(2);
    const drawn = (seed: number): Promise<HostTensor> => {
      const random = new RandomStream(seed);
      return compile((p: Tensor, c: Tensor, k: Tensor) =>
        model.forward({ past: p, calendar: c, known: k }, { training: true, random }),
      )(past, calendar, known);
    };
    const first = await drawn(1);
    expect(await drawn(1)).toEqual(first);
    expect(await drawn(2)).not.toEqual(first);
  });

  test("it learns one batch by heart", async () => {
    const model = build({ ...tiny, encoders: [2], variant: { factor: 2, dropout: 0 } }, target);
    initialize(model, 2);
    const optimizer = adamW(model.parameters(), { learningRate: 1e-2 });
    const step = compile((p: Tensor, c: Tensor, k: Tensor, y: Tensor) => {
      const loss = meanSquaredError(model.forward({ past: p, calendar: c, known: k }), y);
      optimizer.minimize(loss);
      return { loss };
    });
    const [past, calendar, known] = inputs(2);
    const truth = draws([2, 6, 2], 11);
    let loss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 150; i++) loss = (await step(past, calendar, known, truth)).loss.item();
    expect(loss).toBeLessThan(0.1);
  });

  test("its ONNX file gives the same forecasts for batches of 1 and 3", async () => {
    const model = build(tiny, target);
    initialize(model, 4);
    const exported = await exportOnnx(
      (past, calendar, known) => ({
        forecast: model.forward({
          ...{ past: past as Tensor, calendar: calendar as Tensor, known: known as Tensor },
        }),
      }),
      {
        inputs: {
          past: { shape: ["batch", 20, 3] },
          calendar: { shape: ["batch", 26, 8] },
          known: { shape: ["batch", 6, 1] },
        },
      },
    );
    const session = await InferenceSession.create(exported.model);
    const run = compile((past: Tensor, calendar: Tensor, known: Tensor) =>
      model.forward({ past, calendar, known }),
    );
    for (const batch of [1, 3]) {
      const given = inputs(batch);
      const fed = given.map(
        ({ data, shape }) => new OrtTensor("float32", data as Float32Array, [...shape]),
      );
      const [past, calendar, known] = fed as [OrtTensor, OrtTensor, OrtTensor];
      const { forecast } = await session.run({ past, calendar, known });
      const wanted = (await run(...given)).toArray();
      expect(
        nearest(Array.from((forecast as OrtTensor).data as Float32Array), wanted),
      ).toBeLessThan(1e-5);
    }
  });

  test("a width that heads do not divide, and a past too short to halve, are refused", () => {
    expect(() => build({ ...tiny, heads: 3 }, target)).toThrow(
      /^informer: the width 8 does not divide into 3 heads; change one\.$/,
    );
    expect(() => build({ ...tiny, encoders: [4] }, { ...target, context: 6 })).toThrow(
      /^informer: 4 encoder layers halve the past too often for a context of 6; give at least 8 steps\.$/,
    );
  });
});
