import { countParameters, initialize } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  sum,
  type Tensor,
} from "@quire/tensor";
import { adamW, supervisedContrastive } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { accuracies, byEditDistance, byNgrams } from "./matching.ts";
import { build, type EncoderLayout, type SentenceEncoderOptions } from "./model.ts";
import { misspellingTask, placeTask, scriptOf } from "./names.ts";

const layouts: readonly EncoderLayout[] = ["bert", "roberta", "mpnet", "plain"];
const target = { vocabulary: 20, length: 12, padding: 1 };

function optionsOf(layout: EncoderLayout): SentenceEncoderOptions {
  return { layout, width: 8, depth: 2, heads: 2, ratio: 2, pooling: "mean", dropout: 0 };
}

function ids(rows: readonly (readonly number[])[]): HostTensor {
  return hostTensor(rows.flat(), [rows.length, rows[0]?.length ?? 0], "int32");
}

describe.each(layouts)("an encoder of the layout %s", (layout) => {
  test("gives vectors of length 1 that do not change when a batch is filled up", async () => {
    const model = build(optionsOf(layout), target);
    initialize(model, 1);
    const run = compile((x: Tensor) => model.forward(x));
    const short = (await run(ids([[5, 6, 7]]))).toArray();
    const filled = (
      await run(
        ids([
          [5, 6, 7, 1, 1],
          [8, 9, 10, 11, 12],
        ]),
      )
    ).toArray();
    expect(Math.hypot(...short)).toBeCloseTo(1, 5);
    const off = short.map((value, i) => Math.abs(value - (filled[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-5);
    const turned = (await run(ids([[7, 6, 5]]))).toArray();
    expect(
      Math.max(...turned.map((value, i) => Math.abs(value - (short[i] as number)))),
    ).toBeGreaterThan(1e-4);
    await run.release();
  });

  test("learns a batch by heart", async () => {
    const model = build(optionsOf(layout), target);
    initialize(model, 2);
    const optimizer = adamW(model.parameters(), { learningRate: 0.01 });
    const step = compile((x: Tensor, groups: Tensor) => {
      const loss = supervisedContrastive(model.forward(x), groups, { temperature: 0.2 });
      optimizer.minimize(loss);
      return loss;
    });
    const batch = ids([
      [5, 6, 1],
      [7, 1, 1],
      [8, 9, 10],
      [11, 12, 1],
    ]);
    const groups = hostTensor([0, 0, 1, 1], [4], "int32");
    const first = (await step(batch, groups)).item();
    let last = first;
    for (let i = 0; i < 60; i++) last = (await step(batch, groups)).item();
    expect(last).toBeLessThan(first / 10);
    await step.release();
  });

  test("its gradient is the slope", async () => {
    const model = build(optionsOf(layout), target);
    initialize(model, 3);
    const random = new Random(4);
    const weights = hostTensor(
      Float32Array.from({ length: 16 }, () => random.normal()),
      [2, 8],
    );
    const batch = ids([
      [5, 6, 7],
      [8, 9, 1],
    ]);
    const parameters = model.parameters();
    const value = (x: Tensor, w: Tensor): Tensor => sum(mul(model.forward(x), w));
    const slopes = await compile((x: Tensor, w: Tensor) => gradients(value(x, w), parameters))(
      batch,
      weights,
    );
    const measure = compile(value);
    const starts = await Promise.all(parameters.map((variable) => variable.get()));
    const at = async (step: number): Promise<number> => {
      for (const [i, variable] of parameters.entries()) {
        const data = (starts[i] as HostTensor).data as Float32Array;
        const slope = slopes[i]?.data as Float32Array;
        const moved = data.map((start, j) => start + step * (slope[j] as number));
        await variable.set(hostTensor(moved, variable.shape));
      }
      return (await measure(batch, weights)).item();
    };
    const square = slopes.reduce(
      (all, slope) => all + slope.toArray().reduce((s, v) => s + v * v, 0),
      0,
    );
    const step = 1e-3 / Math.sqrt(square);
    const measured = ((await at(step)) - (await at(-step))) / (2 * step);
    expect(Math.abs(measured / square - 1)).toBeLessThan(0.02);
  });

  test("its ONNX file gives the same in a plain session, for other sizes too", async () => {
    const model = build(optionsOf(layout), target);
    initialize(model, 5);
    const { model: bytes } = await exportOnnx((x: Tensor) => model.forward(x), {
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      outputs: ["vectors"],
      samples: { length: [12, 11, 10] },
    });
    const session = await InferenceSession.create(bytes);
    const run = compile((x: Tensor) => model.forward(x));
    for (const batch of [
      ids([[5, 6, 1]]),
      ids([
        [5, 6, 7, 8, 9, 10, 11],
        [5, 6, 7, 8, 9, 1, 1],
      ]),
    ]) {
      const feed = new OrtTensor("int32", batch.data as Int32Array, [...batch.shape]);
      const vectors = (await session.run({ ids: feed }))["vectors"] as OrtTensor;
      const wanted = (await run(batch)).toArray();
      const got = [...(vectors.data as Float32Array)];
      const off = got.map((v, i) => Math.abs(v - (wanted[i] as number)));
      expect([got.length, Math.max(...off) < 1e-5]).toEqual([wanted.length, true]);
    }
    await run.release();
  });
});

test("a head takes the projection's place, and the pooler reads the first token", () => {
  const projected = { ...optionsOf("bert"), projection: { width: 3, activation: "tanh" } } as const;
  const plain = countParameters(build(optionsOf("bert"), target));
  expect(countParameters(build(projected, target))).toBe(plain + 8 * 3 + 3);
  const model = build(projected, { ...target, classes: 5 });
  expect([countParameters(model), model.outputs]).toEqual([plain + 8 * 5 + 5, 5]);
});

describe("names", () => {
  test("the script of a name", () => {
    const found = [
      "Zürich",
      "Вена",
      "東京",
      "トーキョー",
      "お台場",
      "서울",
      "القاهرة",
      "Αθήνα",
      "Wien Вена",
      "12",
    ];
    expect(found.map(scriptOf)).toEqual([
      ...[
        "Latin",
        "Cyrillic",
        "Han",
        "Kana",
        "Kana",
        "Hangul",
        "Arabic",
        "Greek",
        undefined,
        undefined,
      ],
    ]);
  });

  const place = (id: number, country: string, name: string, ...otherNames: string[]) => ({
    ...{ id, country, name, otherNames, latitude: 0, longitude: 0, population: 0 },
  });
  const cities = [
    place(1, "AT", "Wien", "Вена", "Vienna", "Wien"),
    place(2, "AT", "Graz", "Грац"),
    place(3, "RU", "Tver", "Тверь"),
    place(4, "DE", "Bonn", "Bonna"),
    place(5, "GR", "Athina", "Αθήνα"),
  ];

  test("no place of the test is trained on; places with Latin names alone are left out", () => {
    const task = placeTask(cities, { train: 2, validation: 1, test: 1 }, 3);
    const all = [...task.train.records, ...task.validation.records].flat();
    expect(all).not.toContain(task.candidates[0]);
    expect([...all, ...task.candidates]).not.toContain("Bonn");
    expect(task.queries.every(({ answer }) => answer === 0)).toBe(true);
  });

  test("string matching stays within a block", async () => {
    const task = {
      ...placeTask(cities, { train: 1, validation: 1, test: 1 }, 3),
      ...{ candidates: ["Wien", "Wienn", "Graz"], blocks: ["AT", "DE", "AT"] },
      queries: [
        { name: "wiem", answer: 0, kind: "Latin" },
        { name: "Грац", answer: 2, kind: "Cyrillic" },
      ],
    };
    const plain = await byEditDistance()(task);
    expect(accuracies(task, plain)).toEqual({ accuracy: 0.5, Latin: 1, Cyrillic: 0 });
    expect(accuracies(task, await byEditDistance(true)(task))["accuracy"]).toBe(1);
    expect([...(await byNgrams(task))]).toEqual([0, -1]);
  });

  test("misspellings find their organism's scientific name", () => {
    const names = [
      { organism: 1, name: "Homo sapiens", kind: "scientific name" },
      { organism: 1, name: "Homo sapeins", kind: "misspelling" },
      { organism: 2, name: "Pan paniscus", kind: "scientific name" },
    ];
    const task = misspellingTask(names, { train: 0, validation: 0, test: 1 }, 1);
    expect(task.candidates).toEqual(["Homo sapiens"]);
    expect(task.queries).toEqual([{ name: "Homo sapeins", answer: 0, kind: "misspelling" }]);
  });
});
