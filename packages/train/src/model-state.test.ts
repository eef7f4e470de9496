import { BatchNorm, Linear } from "@quire/nn";
import { type HostTensor, hostTensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { loadModel, modelTensors } from "./model-state.ts";

const weight = hostTensor([1, 2], [1, 2]);
const bias = hostTensor([3]);

test("a model's values go out and come back by path, running statistics too", async () => {
  const model = new Linear({ in: 2, out: 1 });
  await loadModel(
    model,
    new Map([
      ["weight", weight],
      ["bias", bias],
    ]),
  );
  expect(await modelTensors(model)).toEqual(
    new Map([
      ["weight", weight],
      ["bias", bias],
    ]),
  );
  const norm = await modelTensors(new BatchNorm({ channels: 1 }));
  expect([...norm.keys()]).toEqual(["weight", "bias", "runningMean", "runningVariance"]);
});

test("float16 becomes float32", async () => {
  const model = new Linear({ in: 2, out: 1, bias: false });
  await loadModel(model, new Map([["weight", hostTensor([1, 2], [1, 2], "float16")]]));
  expect(await model.weight.get()).toEqual(weight);
});

test("what does not fit is listed, and nothing is changed", async () => {
  const model = new Linear({ in: 2, out: 1 });
  await loadModel(
    model,
    new Map([
      ["weight", weight],
      ["bias", bias],
    ]),
  );
  const wrong = new Map<string, HostTensor>([
    ["weight", hostTensor([9, 9], [2, 1])],
    ["kernel", bias],
  ]);
  await expect(loadModel(model, wrong)).rejects.toThrow(
    "loadModel: the values do not fit the model: missing: bias; unexpected: kernel; " +
      "of another shape or type: weight (float32 [2, 1], the model has float32 [1, 2]).",
  );
  const many = new Map(["a", "b", "c", "d", "e", "f", "g"].map((name) => [name, bias]));
  await expect(loadModel(model, many)).rejects.toThrow(
    "missing: weight, bias; unexpected: a, b, c, d, e and 2 more.",
  );
  expect(await model.weight.get()).toEqual(weight);
});

test("without strictness what fits is taken", async () => {
  const model = new Linear({ in: 2, out: 1 });
  const other = new Map([
    ["weight", weight],
    ["kernel", bias],
  ]);
  await loadModel(model, other, { strict: false });
  expect(await model.weight.get()).toEqual(weight);
});
