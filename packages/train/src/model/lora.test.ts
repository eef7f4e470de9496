import { initialize, Transformer } from "@quire/nn";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { modelTensors } from "../model-state.ts";
import { adamW } from "../optimizer/adam.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import { expectNear } from "../testing/stored.ts";
import { unfreeze } from "./freeze.ts";
import { addLora, loadLora, loraTensors, removeLora } from "./lora.ts";
import { mergeLora, unmergeLora } from "./lora-merge.ts";

const ids = hostTensor([1, 4, 2, 0, 3, 3, 2, 1], [2, 4], "int32");
const labels = hostTensor([4, 2, 0, 3, 3, 2, 1, 0], [2, 4], "int32");
const match = /attention\.(query|value)$/;
const lora = { rank: 2, alpha: 4, match };

function newModel(): Transformer {
  const model = new Transformer({ vocabulary: 5, width: 8, depth: 2, heads: 2, length: 4 });
  initialize(model, 1);
  return model;
}

async function train(model: Transformer): Promise<void> {
  const optimizer = adamW(model.parameters(), { learningRate: 0.05 });
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.minimize(crossEntropy(model.forward(x), y));
  });
  for (let i = 0; i < 5; i++) await step(ids, labels);
  await step.release();
}

async function logitsOf(model: Transformer): Promise<number[]> {
  const run = compile((x: Tensor) => model.forward(x));
  const logits = await run(ids);
  await run.release();
  return logits.toArray();
}

function bytesOf(tensors: ReadonlyMap<string, HostTensor>): Map<string, unknown> {
  return new Map([...tensors].map(([name, { data }]) => [name, data]));
}

describe("low-rank updates", () => {
  let model: Transformer;
  beforeEach(() => {
    model = newModel();
  });

  test("are added to the layers that match, change nothing yet, and freeze the rest", async () => {
    const before = await logitsOf(model);
    expect(addLora(model, lora)).toEqual([
      "blocks.0.attention.query",
      "blocks.0.attention.value",
      "blocks.1.attention.query",
      "blocks.1.attention.value",
    ]);
    expect(await logitsOf(model)).toEqual(before);
    expect(model.namedParameters().map(([path, { shape }]) => `${path} ${shape}`)).toEqual(
      [0, 1].flatMap((i) =>
        ["query", "value"].flatMap((name) => [
          `blocks.${i}.attention.${name}.adapter.down 2,8`,
          `blocks.${i}.attention.${name}.adapter.up 8,2`,
        ]),
      ),
    );
    unfreeze(model, "head");
    expect(model.namedParameters().at(-1)?.[0]).toBe("head.weight");
  });

  test("are all that training changes", async () => {
    const before = bytesOf(await modelTensors(model));
    addLora(model, lora);
    await train(model);
    const after = bytesOf(await modelTensors(model));
    for (const [path, data] of before) expect(after.get(path), path).toEqual(data);
    expect(await logitsOf(model)).not.toEqual(await logitsOf(newModel()));
  });

  test("merge into the weights and out of them again", async () => {
    addLora(model, lora);
    await train(model);
    const compiled = compile((x: Tensor) => model.forward(x));
    const adaptedLogits = (await compiled(ids)).toArray();
    const before = bytesOf(await modelTensors(model));
    await mergeLora(model);
    const { layer, wanted } = await mergedByHand(model, before);
    expectNear(layer, wanted, 1e-6, "W + s B A");
    expectNear(await logitsOf(model), adaptedLogits, 1e-5, "merged");
    expectNear((await compiled(ids)).toArray(), adaptedLogits, 1e-5, "compiled before");
    await unmergeLora(model);
    expect(bytesOf(await modelTensors(model))).toEqual(before);
    expect((await compiled(ids)).toArray()).toEqual(adaptedLogits);
    await compiled.release();
  });

  test("once merged and removed, leave the model as it was built, with other weights", async () => {
    const paths = model.namedParameters().map(([path]) => path);
    addLora(model, lora);
    await train(model);
    const adaptedLogits = await logitsOf(model);
    await mergeLora(model);
    removeLora(model);
    expectNear(await logitsOf(model), adaptedLogits, 1e-5);
    expect(model.namedParameters().map(([path]) => path)).toEqual(paths);
  });

  test("are saved and loaded without the model", async () => {
    addLora(model, lora);
    await train(model);
    const tensors = await loraTensors(model);
    expect([...tensors.keys()].every((path) => /\.adapter\.(down|up)$/.test(path))).toBe(true);
    await mergeLora(model);
    expect(bytesOf(await loraTensors(model))).toEqual(bytesOf(tensors));
    await unmergeLora(model);
    const other = newModel();
    addLora(other, { ...lora, seed: 7 });
    await loadLora(other, readSafetensors(writeSafetensors({ tensors })).tensors);
    expect(await logitsOf(other)).toEqual(await logitsOf(model));
  });

  test("say what stands in their way", async () => {
    await expect(mergeLora(model)).rejects.toThrow(
      "mergeLora: the model has no low-rank updates; call addLora first.",
    );
    expect(() => addLora(model, { rank: 2, match: "decoder" })).toThrow(
      "addLora: nothing matches decoder; there are blocks.0.attention.query, " +
        "blocks.0.attention.key, blocks.0.attention.value and others.",
    );
    addLora(model, lora);
    expect(() => addLora(model, lora)).toThrow(
      "addLora: the model has updates already; call removeLora first.",
    );
    await expect(unmergeLora(model)).rejects.toThrow(
      "unmergeLora: the update of blocks.0.attention.query is not merged; call mergeLora first.",
    );
    await mergeLora(model);
    await expect(mergeLora(model)).rejects.toThrow(
      "mergeLora: the update of blocks.0.attention.query is merged; " +
        "call unmergeLora or removeLora first.",
    );
    await train(model);
    await expect(unmergeLora(model)).rejects.toThrow(
      "unmergeLora: the update of blocks.0.attention.query was trained after it was merged.",
    );
  });
});

/** A merged weight, and what it should be from the values before. */
async function mergedByHand(
  model: Transformer,
  before: ReadonlyMap<string, unknown>,
): Promise<{ layer: number[]; wanted: number[] }> {
  const path = "blocks.1.attention.value";
  const [w, a, b] = ["weight", "adapter.down", "adapter.up"].map(
    (name) => before.get(`${path}.${name}`) as Float32Array,
  ) as [Float32Array, Float32Array, Float32Array];
  const wanted = Array.from(w, (value, i) => {
    const [row, column] = [Math.floor(i / 8), i % 8];
    const at = (k: number): number => (b[2 * row + k] as number) * (a[8 * k + column] as number);
    return value + 2 * (at(0) + at(1));
  });
  const { data } = (await modelTensors(model)).get(`${path}.weight`) as HostTensor;
  return { layer: [...(data as Float32Array)], wanted };
}
