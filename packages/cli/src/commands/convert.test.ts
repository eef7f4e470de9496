import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type HostTensor, hostTensor } from "@quire/tensor";
import { saveSafetensors } from "@quire/train/node";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf } from "../testing/answer.ts";
import { writeShapes } from "../testing/pictures.ts";
import { convertCommand } from "./convert.ts";
import { evaluateCommand } from "./evaluate.ts";
import { trainCommand } from "./train.ts";

const SIZE = 16;
const folder = mkdtempSync(join(tmpdir(), "quire-convert-"));
const [data, runs] = [join(folder, "pictures"), join(folder, "runs")];
const stored = (name: string): string =>
  fileURLToPath(new URL(`../../../papers/references/${name}.onnx`, import.meta.url));

interface Result {
  readonly written: string;
  readonly norms: number;
  readonly left: readonly { readonly norm: string; readonly why: string }[];
  readonly before: { readonly weights: number };
  readonly after: { readonly weights: number };
  readonly differences: readonly {
    readonly inputs: string;
    readonly largest: number;
    readonly largestValue: number;
  }[];
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

beforeAll(async () => {
  await writeShapes(data, { count: 60, size: SIZE });
  await answerOf<Result>(trainCommand, "cct", { data, epochs: "1", size: String(SIZE), out: runs });
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function expectSame({ differences }: Result, kinds: readonly string[]): void {
  expect(differences.map(({ inputs }) => inputs)).toEqual(kinds);
  for (const { largest, largestValue } of differences) {
    expect(largest / largestValue).toBeLessThan(1e-5);
    expect(largestValue).toBeGreaterThan(0);
  }
}

test("a run becomes another run, which evaluates the same", async () => {
  const from = join(runs, "cct-1");
  const made = await answerOf<Result>(convertCommand, from, { to: "pre-crmsnorm", out: runs });
  expect(made.written).toBe(join(runs, "pre-rmsnorm-1"));
  expectSame(made, ["random", "real"]);
  expect(made.after.weights).toBeLessThan(made.before.weights);
  const { derived, model } = JSON.parse(readFileSync(join(made.written, "config.json"), "utf8"));
  expect(derived).toEqual([{ method: "pre-rmsnorm", from, options: { to: "pre-crmsnorm" } }]);
  expect(model.paper).toBe("cct");
  const [before, after] = [
    await answerOf<Result>(evaluateCommand, from, { data }),
    await answerOf<Result>(evaluateCommand, made.written, { data }),
  ];
  expect(after.metrics.map(({ value }) => value.toFixed(5))).toEqual(
    before.metrics.map(({ value }) => value.toFixed(5)),
  );
  const back = await answerOf<Result>(convertCommand, made.written, {
    to: "pre-ln",
    out: runs,
    name: "back",
  });
  expect(back.norms).toBe(made.norms);
  expectSame(back, ["random", "real"]);
}, 60_000);

async function scoresOf(file: string, ids: BigInt64Array): Promise<number[]> {
  const session = await InferenceSession.create(file);
  const given = new Tensor("int64", ids, [ids.length / 8, 8]);
  const { scores } = await session.run({ ids: given });
  await session.release();
  return Array.from((scores as Tensor).data as Float32Array);
}

test.each(["pre-ln-14", "pre-ln-17"])(
  "%s, which PyTorch made, gives the same numbers elsewhere",
  async (name) => {
    const ids = BigInt64Array.from({ length: 24 }, (_, i) => BigInt((i * 7) % 50));
    const inputs = join(folder, "ids.safetensors");
    const tensors = new Map<string, HostTensor>([["ids", hostTensor(ids, [3, 8], "int64")]]);
    await saveSafetensors(inputs, { tensors });
    for (const to of ["pre-rmsnorm", "pre-crmsnorm"]) {
      const out = join(folder, `${name}.${to}.onnx`);
      const made = await answerOf<Result>(convertCommand, stored(name), { to, out, data: inputs });
      expect(made).toMatchObject({ written: out, norms: 5, left: [] });
      expectSame(made, ["random", "real"]);
      const [before, after] = [await scoresOf(stored(name), ids), await scoresOf(out, ids)];
      for (const [i, value] of before.entries()) expect(after[i]).toBeCloseTo(value, 5);
      const again = join(folder, `${name}.back.onnx`);
      const back = await answerOf<Result>(convertCommand, out, { to: "pre-ln", out: again });
      expect(back).toMatchObject({ norms: 5, left: [] });
      const last = await scoresOf(again, ids);
      for (const [i, value] of before.entries()) expect(last[i]).toBeCloseTo(value, 5);
    }
  },
  60_000,
);

test("norms after the sums are refused, and it is said why", async () => {
  await expect(
    answerOf<Result>(convertCommand, stored("post-ln"), { to: "pre-rmsnorm" }),
  ).rejects.toThrow(
    '"post-ln" stays as it is, none of its 5 norms can become RMSNorm: /layers.0/norm1/LayerNormalization: ' +
      "what it normalises is also read by transpose in /layers.0/self_attn/Transpose, which needs the mean; " +
      "give a model whose norms stand before its blocks (Pre-LN).",
  );
  await expect(
    answerOf<Result>(convertCommand, stored("pre-ln-17"), {
      to: "pre-ln",
      out: join(folder, "same.onnx"),
    }),
  ).rejects.toThrow(
    '"pre-ln-17" has no norms but LayerNorm already, if it has any: choose another --to, or another model.',
  );
  await expect(
    answerOf<Result>(convertCommand, stored("pre-ln-17"), { to: "pre-rmsnorm", name: "new" }),
  ).rejects.toThrow("--name is for runs: say where the ONNX file goes with --out.");
});
