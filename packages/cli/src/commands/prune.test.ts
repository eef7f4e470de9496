import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shapes } from "@quire/data";
import { readSafetensors } from "@quire/train";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AnyCommand } from "../command.ts";
import { Console } from "../console.ts";
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

async function run<T = Result>(
  given: AnyCommand,
  name: string,
  options: Record<string, string>,
): Promise<T> {
  const command = (await given.resolve?.([name])) ?? given;
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await command.run([name], options, {
      console: new Console({ quiet: true, json: true }),
      words: [],
      interruptible: () => new AbortController().signal,
      fail: () => undefined,
    });
    return JSON.parse(write.mock.calls.map(([text]) => text).join(""));
  } finally {
    write.mockRestore();
  }
}

beforeAll(async () => {
  const { images, labels, classes, imageBytes } = shapes({ count: 90, size: SIZE, seed: 4 });
  const raw = { width: SIZE, height: SIZE, channels: 3 as const };
  for (const [place, label] of labels.entries()) {
    if (label > 2) continue;
    mkdirSync(join(data, classes[label] as string), { recursive: true });
    const path = join(data, classes[label] as string, `${place}.png`);
    await sharp(images.subarray(place * imageBytes, (place + 1) * imageBytes), { raw })
      .png()
      .toFile(path);
  }
  const options = { data, epochs: "2", size: String(SIZE), out: runs, validation: "0.3" };
  await run(trainCommand, "cct", options);
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
  const { written, sparsity, predicted, stages, layers } = await run(pruneCommand, dense, given);
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
  const measured = await run<{ metrics: readonly { name: string; value: number }[] }>(
    evaluateCommand,
    written,
    { data },
  );
  expect(measured).toBeDefined();
}, 60_000);

test("what is pruned stays 0 while it is trained on, and what is left learns", async () => {
  const given = { ...few, sparsity: "0.95", out: runs, method: "magnitude" };
  const once = await run(pruneCommand, dense, given);
  const gradual = await run(pruneCommand, dense, { ...given, gradual: "true", epochs: "2" });
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
  const { written, stages } = await run(pruneCommand, file, { ...few, data, sparsity: "0.5" });
  expect(written).toBe(join(folder, "others.pruned.onnx"));
  expect(stages[1]?.evaluation?.metrics.map(({ name }) => name)).toContain("accuracy");
  const bare = { sparsity: "0.5", method: "magnitude", out: join(folder, "small.onnx") };
  const small = await run(pruneCommand, file, bare);
  expect(small.sparsity).toBeCloseTo(0.5, 3);
  expect(small.stages[0]?.evaluation).toBeUndefined();
}, 60_000);
