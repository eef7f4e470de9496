import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors } from "@quire/train";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf } from "../testing/answer.ts";
import { writeShapes } from "../testing/pictures.ts";
import { evaluateCommand } from "./evaluate.ts";
import { pruneCommand } from "./prune.ts";
import { trainCommand } from "./train.ts";

const SIZE = 16;
const folder = mkdtempSync(join(tmpdir(), "quire-prune-"));
const [data, runs] = [join(folder, "pictures"), join(folder, "runs")];
const dense = join(runs, "cct-1");

interface Size {
  readonly plain: number;
  readonly packed: number;
}

interface Result {
  readonly written: string;
  readonly sparsity: number;
  readonly predicted?: number;
  readonly stages: readonly {
    readonly name: string;
    readonly evaluation?: {
      readonly metrics: readonly { readonly name: string; readonly value: number }[];
    };
    readonly float32: Size;
    readonly int8: Size;
  }[];
  readonly layers: Readonly<Record<string, number>>;
}

beforeAll(async () => {
  await writeShapes(data, { count: 90, size: SIZE, classes: 3 });
  const options = { data, epochs: "2", size: String(SIZE), out: runs, validation: "0.3" };
  await answerOf<Result>(trainCommand, "cct", options);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Shares of zeros of a run's weights, by path. */
function zerosOf(path: string): Map<string, number> {
  const { tensors } = readSafetensors(readFileSync(join(path, "model.safetensors")));
  return new Map(
    Array.from(tensors, ([name, { data: values }]) => {
      const zeros = Array.from(values as Float32Array).filter((value) => value === 0).length;
      return [name, zeros / values.length];
    }),
  );
}

const few = { gradients: "12", gradientBatch: "8", fisherBlock: "16" };

test("a run becomes a sparse run, in groups of four, that commands take as any other", async () => {
  const given = { ...few, sparsity: "0.8", block: "4", out: runs, name: "sparse" };
  const { written, sparsity, predicted, stages, layers } = await answerOf<Result>(
    pruneCommand,
    dense,
    given,
  );
  expect(written).toBe(join(runs, "sparse"));
  expect(sparsity).toBeCloseTo(0.8, 3);
  expect(predicted).toBeGreaterThan(0);
  const [before, pruned] = stages as [Result["stages"][number], Result["stages"][number]];
  expect(pruned.float32.plain).toBe(before.float32.plain);
  expect(pruned.float32.packed).toBeLessThan(0.6 * before.float32.packed);
  expect(pruned.int8.packed).toBeLessThan(0.6 * before.int8.packed);
  const zeros = zerosOf(written);
  for (const [path, share] of Object.entries(layers)) {
    expect(zeros.get(path), path).toBeCloseTo(share, 5);
  }
  expect(Object.keys(layers).some((path) => path.includes("head"))).toBe(false);
  const { tensors } = readSafetensors(readFileSync(join(written, "model.safetensors")));
  const [path] = Object.keys(layers) as [string];
  const values = (tensors.get(path) as { data: Float32Array }).data;
  for (let i = 0; i < values.length; i += 4) {
    const gone = Array.from(values.subarray(i, i + 4)).filter((value) => value === 0).length;
    expect([0, 4]).toContain(gone);
  }
  const config = JSON.parse(readFileSync(join(written, "config.json"), "utf8"));
  expect(config.derived).toEqual([
    {
      ...{ method: "obert", from: dense },
      options: { method: "obert", sparsity: 0.8, block: 4, gradual: false },
    },
  ]);
  const measured = await answerOf<{ metrics: readonly { name: string; value: number }[] }>(
    evaluateCommand,
    written,
    { data },
  );
  expect(measured).toBeDefined();
}, 60_000);

test("what is pruned stays 0 while it is trained on, and what is left learns", async () => {
  const given = { ...few, sparsity: "0.95", out: runs, method: "magnitude" };
  const once = await answerOf<Result>(pruneCommand, dense, given);
  const gradual = await answerOf<Result>(pruneCommand, dense, {
    ...given,
    gradual: "true",
    epochs: "2",
  });
  expect(gradual.sparsity).toBeCloseTo(0.95, 3);
  const zeros = zerosOf(gradual.written);
  for (const [path, share] of Object.entries(gradual.layers)) {
    expect(zeros.get(path), path).toBeCloseTo(share, 5);
  }
  const [headOnce, headGradual] = [once, gradual].map(({ written }) => {
    const file = readFileSync(join(written, "model.safetensors"));
    return readSafetensors(file).tensors.get("head.weight")?.data;
  });
  expect(headGradual).not.toEqual(headOnce);
}, 60_000);

test("a file that others made is pruned by labelled pictures, or without data by magnitude", async () => {
  const file = join(folder, "others.onnx");
  copyFileSync(join(dense, "model.onnx"), file);
  const { written, stages } = await answerOf<Result>(pruneCommand, file, {
    ...few,
    data,
    sparsity: "0.5",
  });
  expect(written).toBe(join(folder, "others.pruned.onnx"));
  expect(stages[1]?.evaluation?.metrics.map(({ name }) => name)).toContain("accuracy");
  const bare = { sparsity: "0.5", method: "magnitude", out: join(folder, "small.onnx") };
  const small = await answerOf<Result>(pruneCommand, file, bare);
  expect(small.sparsity).toBeCloseTo(0.5, 3);
  expect(small.stages[0]?.evaluation).toBeUndefined();
}, 60_000);
