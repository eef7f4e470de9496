import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostTensor } from "@quire/tensor";
import { loadSafetensors } from "@quire/train/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quire } from "../testing/quire.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-from-"));
const train = [
  ...["train", "excelformer", "--target", "y", "--epochs", "1", "--batch-size", "32"],
  ...["--weights", "last"],
];

type Weights = ReadonlyMap<string, HostTensor>;

async function weightsOf(run: string): Promise<Weights> {
  return (await loadSafetensors(join("runs", run, "model.safetensors"))).tensors;
}

/** The largest change of each tensor. */
function changes(from: Weights, to: Weights): Map<string, number> {
  expect([...to.keys()]).toEqual([...from.keys()]);
  return new Map(
    [...from].map(([path, tensor]) => {
      const other = (to.get(path) as HostTensor).toArray();
      const distances = tensor.toArray().map((value, i) => Math.abs(value - (other[i] as number)));
      return [path, Math.max(...distances)];
    }),
  );
}

let base: Weights;
beforeAll(async () => {
  process.chdir(folder);
  const rows = Array.from({ length: 160 }, (_, i) => [i % 7, (i * i) % 11, i % 3 ? "yes" : "no"]);
  writeFileSync("rows.csv", ["a,b,y", ...rows.map((row) => row.join())].join("\n"));
  const three = rows.map(([a, b], i) => `${a},${b},${["yes", "no", "may"][i % 3]}`);
  writeFileSync("three.csv", ["a,b,y", ...three].join("\n"));
  expect((await quire(...train, "--data", "rows.csv", "--name", "base")).end).toBe("0");
  base = await weightsOf("base");
}, 30_000);
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("a run begins with another's weights; frozen ones stay, bit for bit", async () => {
  const words = [
    "--data",
    "rows.csv",
    "--from",
    "base",
    "--freeze",
    "embedding,blocks.*.attention",
  ];
  const { end, notes } = await quire(...train, ...words, "--name", "frozen");
  expect(end).toBe("0");
  expect(notes).toMatch(/\d+,\d+ parameters, \d+,\d+ of them trained\. /);
  expect(notes).toContain(`begun with: runs/base, ${base.size} of ${base.size} tensors.`);
  const found = [...changes(base, await weightsOf("frozen"))];
  const isFrozen = (path: string) => /^embedding\.|^blocks\.\d+\.attention\./.test(path);
  expect(found.filter(([path]) => isFrozen(path)).length).toBeGreaterThan(4);
  for (const [path, change] of found) expect(change > 0, path).toBe(!isFrozen(path));
}, 30_000);

test("blocks before learn less by a decay of the rate", async () => {
  const words = ["--data", "rows.csv", "--from", "base", "--layer-decay", "0.01"];
  expect((await quire(...train, ...words, "--name", "decay")).end).toBe("0");
  const found = changes(base, await weightsOf("decay"));
  const largest = (start: string): number =>
    Math.max(...[...found].flatMap(([path, change]) => (path.startsWith(start) ? change : [])));
  const [first, second] = [largest("blocks.0."), largest("blocks.1.")];
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(0.1 * second);
  expect(largest("embedding.")).toBeLessThan(0.1 * first);
}, 30_000);

test("low-rank updates are merged into a run like any other, which goes on bit for bit", async () => {
  const words = ["--data", "rows.csv", "--from", "base", "--lora", "2"];
  expect((await quire(...train, ...words, "--name", "lora")).end).toBe("0");
  const found = changes(base, await weightsOf("lora"));
  const changed = [...found].filter(([, change]) => change > 0).map(([path]) => path);
  expect(changed.length).toBeGreaterThan(4);
  for (const path of changed) expect(path).toMatch(/\.weight$/);
  expect((await quire("evaluate", "lora", "--data", "rows.csv")).end).toBe("0");
  const file = join("runs", "lora", "model.safetensors");
  const before = readFileSync(file);
  rmSync(file);
  expect((await quire("train", "--resume", "lora")).end).toBe("0");
  expect(readFileSync(file)).toEqual(before);
}, 30_000);

test("rows are read as the run read its own: a class that it does not know is refused", async () => {
  const target = ["--data", "three.csv", "--from", "base"];
  const { end } = await quire(...train, ...target, "--name", "three");
  expect(end).toBe(
    '2: three.csv, line 7, column "y": "may" is none of the model\'s classes "no", "yes": correct it or leave the row out.',
  );
}, 30_000);

test("--find-lr shows a curve, suggests a rate, and makes no run", async () => {
  const { end, out } = await quire(...train, "--data", "rows.csv", "--find-lr", "--json");
  expect(end).toBe("0");
  const { curve, suggestion } = JSON.parse(out);
  expect(curve.length).toBeGreaterThan(20);
  expect(curve[0].rate).toBeCloseTo(1e-7, 12);
  expect(curve.map(({ rate }: { rate: number }) => rate)).toContain(suggestion);
  const shown = await quire(...train, "--data", "rows.csv", "--find-lr");
  expect(shown.out).toMatch(/\n +[\d.]+e-\d+ +[\d.]+ +#+ falls fastest\n/);
  expect(shown.out).toContain(
    `The loss falls fastest at ${suggestion.toPrecision(2)}: --learning-rate ${suggestion.toPrecision(2)}\n`,
  );
  expect((await quire("runs", "--json")).out).not.toContain("excelformer-1");
}, 30_000);
