import { countParameters, initialize } from "@quire/nn";
import { compile, hostTensor, Random, sizeOf, type Tensor } from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import { describe, expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { demonstration } from "./demonstration.ts";
import { distillationLoss } from "./distillation.ts";
import { fileSize, packedSize } from "./file-size.ts";
import { gradualSchedule, publishedTimes } from "./gradual-schedule.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";
import { PrunableWeights, prunablePaths } from "./prunable-weights.ts";
import { Pruner, type PruningOptions } from "./pruner.ts";
import { lowest } from "./selection.ts";

const target = { vocabulary: 30, length: 6, padding: 0, classes: 3 };
const options = { layout: "plain", width: 8, depth: 1, heads: 2, ratio: 2, dropout: 0 } as const;

/** A system of a small text classifier, as far as pruning asks for one. */
function small(seed = 1) {
  const model = build(options, target);
  initialize(model, seed);
  const exported = {
    run: (...inputs: Tensor[]) => ({ logits: model.forward(inputs[0] as Tensor) }),
    inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } as const },
    samples: { length: [6, 5, 4] as const },
    ...{ outputs: { logits: ["batch", 3] }, metadata: {} },
  };
  return { model, exported };
}

/** Batches of tokens, whose classes are anything. */
function* batches() {
  const random = new Random(3);
  for (let i = 0; i < 20; i++) {
    const ids = Int32Array.from({ length: 24 }, () => 1 + random.integer(29));
    const labels = Int32Array.from({ length: 4 }, () => random.integer(3));
    yield {
      ids: hostTensor(ids, [4, 6], "int32"),
      labels: hostTensor(labels, [4], "int32"),
    };
  }
}

describe("sizes", () => {
  test.each(Object.entries(paper.presets).filter(([, { parameters }]) => parameters))(
    "%s has the published count",
    (_, preset) => {
      expect(countParameters(build(preset.options, preset.target))).toBe(preset.parameters);
    },
  );

  test("85 million weights of BERT's blocks may be pruned", () => {
    const { options: base, target: read } = paper.presets[
      "bert-base"
    ] as (typeof paper.presets)[string];
    const model = build(base, read);
    const run = (...inputs: Tensor[]) => model.forward(inputs[0] as Tensor);
    const inputs = { ids: { shape: ["batch", "length"], dtype: "int32" } as const };
    const paths = prunablePaths({ model, exported: { run, inputs, outputs: {}, metadata: {} } });
    expect(paths.length).toBe(12 * 6);
    const sizes = new Map(
      model.namedParameters().map(([path, { shape }]) => [path, sizeOf(shape)]),
    );
    expect(paths.reduce((sum, path) => sum + (sizes.get(path) as number), 0)).toBe(84_934_656);
  });
});

describe("a pruner", () => {
  const usual: PruningOptions = {
    ...{ method: "obert", group: 1, gradients: 20, damping: 1e-4, update: "together" },
  };

  async function pruned(change: Partial<PruningOptions>, sparsity: number, steps = 1) {
    const system = small();
    const { model } = system;
    const weights = new PrunableWeights(model, prunablePaths(system), 12);
    const loss = (batch: { ids: Tensor; labels: Tensor }) =>
      crossEntropy(model.forward(batch.ids), batch.labels);
    const pruner = new Pruner(weights, { loss, batches }, { ...usual, ...change });
    const first = await pruner.pruneTo(sparsity / 2, steps);
    const before = await weights.kept();
    const result = await pruner.pruneTo(sparsity, steps);
    const [values, kept, shares] = [
      await weights.values(),
      await weights.kept(),
      await weights.shares(),
    ];
    await pruner.release();
    return { first, before, result, values, kept, shares, size: weights.size };
  }

  test.each([
    ["obert", 1, "together"],
    ["obert", 4, "together"],
    ["obert", 4, "apart"],
    ["magnitude", 1, "together"],
    ["first-order", 4, "together"],
  ] as const)(
    "%s, groups of %d, %s: as many weights as asked are 0, once and for all",
    async (...given) => {
      const [method, group, update] = given;
      const { first, before, result, values, kept, size } = await pruned(
        { method, group, update },
        0.6,
      );
      expect(first.sparsity).toBeCloseTo(Math.round((0.3 * size) / group) * (group / size), 6);
      expect(result.sparsity).toBeCloseTo(Math.round((0.6 * size) / group) * (group / size), 6);
      for (let i = 0; i < values.length; i++) {
        if (before[i] === 0) expect(kept[i]).toBe(0);
        if (kept[i] === 0) expect(values[i]).toBe(0);
      }
    },
  );

  test("steps of one pruning meet at the same share", async () => {
    const { result, shares } = await pruned({}, 0.8, 3);
    expect(result.sparsity).toBeCloseTo(0.8, 2);
    expect(Object.keys(shares).every((path) => path.startsWith("encoder.blocks."))).toBe(true);
  });

  test("magnitude leaves the largest weights as they are", async () => {
    const { values, kept } = await pruned({ method: "magnitude" }, 0.5);
    const system = small();
    const weights = new PrunableWeights(system.model, prunablePaths(system), 12);
    const original = await weights.values();
    const places = Array.from(original.keys());
    const left = places.filter((i) => kept[i] === 1);
    const least = Math.min(...left.map((i) => Math.abs(original[i] as number)));
    expect(left.every((i) => values[i] === original[i])).toBe(true);
    const gone = places.filter((i) => kept[i] === 0);
    expect(gone.every((i) => Math.abs(original[i] as number) <= least)).toBe(true);
  });

  test("a path that is none is refused", () => {
    expect(() => new PrunableWeights(small().model, ["encoder.weight"], 4)).toThrow(
      'the model has no weight "encoder.weight" that could be pruned.',
    );
    expect(() => new PrunableWeights(small().model, [], 4)).toThrow(
      "the model has no weights that could be pruned.",
    );
  });
});

test("the lowest scores are chosen, the first ones among equals", () => {
  const scores = Float32Array.of(3, 1, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 1);
  expect([...lowest(scores, 0)]).toEqual([0, 0, 0, 0, 0, 0]);
  expect([...lowest(scores, 3)]).toEqual([0, 1, 0, 1, 1, 0]);
  expect([...lowest(scores, 9)]).toEqual([1, 1, 0, 1, 1, 1]);
});

test("the published schedule: seven steps of thirty epochs, 70 to 90 %, rates rewound with each", async () => {
  const schedule = gradualSchedule({
    ...{ ...publishedTimes, updates: 300, sparsity: 0.9, learningRate: 8e-5, lowest: 8e-6 },
  });
  expect(schedule.steps.map(({ after }) => after)).toEqual([20, 60, 100, 140, 180, 220, 260]);
  const shares = schedule.steps.map(({ sparsity }) => sparsity);
  expect(shares[0]).toBeCloseTo(0.7, 9);
  expect(shares[3]).toBeCloseTo(0.9 - 0.2 / 8, 9);
  expect(shares[6]).toBeCloseTo(0.9, 9);
  const { learningRate } = schedule;
  if (typeof learningRate === "number") throw new TypeError("the rate falls");
  const at = compile((step: Tensor) => learningRate(step));
  const rates: number[] = [];
  for (const step of [0, 10, 20, 40, 60, 299]) rates.push((await at(step)).item());
  const wanted = [8e-5, 4.4e-5, 8e-5, 4.4e-5, 8e-5, 8e-6 + (1 / 40) * 7.2e-5];
  for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(wanted[i] as number, 9);
});

test("a student that says what its teacher says has nothing to learn", async () => {
  const loss = compile((a: Tensor, b: Tensor) => distillationLoss(a, b, 2));
  const teacher = hostTensor([2, 0, -1, 0.5, 0.5, 3], [2, 3]);
  expect((await loss(teacher, teacher)).item()).toBeCloseTo(0, 6);
  const student = [0, 1, 2, -1, 0, 1];
  const softmax = (row: number[]): number[] => {
    const powers = row.map((value) => Math.exp(value / 2));
    return powers.map((power) => power / powers.reduce((sum, one) => sum + one, 0));
  };
  const divergence = [0, 1].map((row) => {
    const p = softmax(teacher.toArray().slice(3 * row, 3 * row + 3));
    const q = softmax(student.slice(3 * row, 3 * row + 3));
    return p.reduce((sum, one, i) => sum + one * Math.log(one / (q[i] as number)), 0);
  });
  const wanted = 4 * (((divergence[0] as number) + (divergence[1] as number)) / 2);
  expect((await loss(hostTensor(student, [2, 3]), teacher)).item()).toBeCloseTo(wanted, 5);
});

test("zeros are packed to little", async () => {
  expect(await packedSize(new Uint8Array(100_000))).toBeLessThan(200);
  const { model, exported } = small();
  const system = { model, exported, release: () => Promise.resolve() } as never;
  const size = await fileSize(system);
  expect(size.plain).toBeGreaterThan(4 * countParameters(model));
  expect(size.packed).toBeLessThan(size.plain);
});

test("the demonstration trains, prunes, and shows what is left", async () => {
  const frames: Frame[] = [];
  const given = { values: { method: "magnitude", block: "4" }, seed: 1 };
  const { signal } = new AbortController();
  for await (const frame of demonstration.run({ ...given, signal })) frames.push(frame);
  expect(frames.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(frames.at(9)?.values["accuracy"]).toBeGreaterThan(0.6);
  expect(frames.at(-1)?.values["pruned"]).toBe(0.97);
  const picture = frames.at(-1)?.figures?.[1];
  if (picture?.kind !== "pixels") throw new TypeError("a picture of weights");
  const black = picture.bytes.filter((byte, i) => i % 4 === 0 && byte === 0).length;
  expect(black).toBeGreaterThan(0.8 * picture.width * picture.height);
});
