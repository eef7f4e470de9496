import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { BatchNorm } from "./batch-norm.ts";
import { GroupNorm } from "./group-norm.ts";
import { RMSNorm } from "./rms-norm.ts";
import { SimpleRMSNorm } from "./simple-rms-norm.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

test("rms normalisation divides rows by their root mean square and scales", async () => {
  const model = new RMSNorm({ width: 2, epsilon: 0 });
  await model.weight.set(hostTensor([1, 10]));
  const y = await compile((x: Tensor) => model.forward(x))(hostTensor([3, 4, 0, -2], [2, 2]));
  const root = Math.sqrt(12.5);
  expectNear(y, [2, 2], [3 / root, 40 / root, 0, -10 * Math.SQRT2]);
  const wide = new RMSNorm({ width: 4 });
  await checkSlopes(wide, (x) => wide.forward(x), draws([3, 4]));
});

test("simple rms normalisation only divides", async () => {
  const model = new SimpleRMSNorm({ width: 2, epsilon: 0 });
  const y = await compile((x: Tensor) => model.forward(x))(hostTensor([3, 4, 0, -2], [2, 2]));
  const root = Math.sqrt(12.5);
  expectNear(y, [2, 2], [3 / root, 4 / root, 0, -Math.SQRT2]);
  expect(model.parameters()).toEqual([]);
  const wide = new SimpleRMSNorm({ width: 4 });
  await checkSlopes(wide, (x) => wide.forward(x), draws([3, 4]));
});

test("group normalisation centres and divides groups of channels", async () => {
  const model = new GroupNorm({ channels: 2, groups: 1, epsilon: 0 });
  await model.weight.set(hostTensor([1, 2]));
  await model.bias.set(hostTensor([0, 1]));
  const y = await compile((x: Tensor) => model.forward(x))(hostTensor([1, 3, 5, 7], [1, 2, 2]));
  const deviation = Math.sqrt(5);
  expectNear(y, [1, 2, 2], [-3 / deviation, -1 / deviation, 1 + 2 / deviation, 1 + 6 / deviation]);
  const grouped = new GroupNorm({ channels: 4, groups: 2 });
  await checkSlopes(grouped, (x) => grouped.forward(x), draws([2, 4, 3]));
});

test("batch normalisation takes the batch's statistics in training and keeps their running mean", async () => {
  const model = new BatchNorm({ channels: 2, epsilon: 0, momentum: 0.5 });
  const train = compile((x: Tensor) => model.forward(x, { training: true }));
  const y = await train(hostTensor([1, 10, 3, 10, 1, 16, 3, 16], [4, 2]));
  expectNear(y, [4, 2], [-1, -1, 1, -1, -1, 1, 1, 1]);
  expectNear(await model.runningMean.get(), [2], [1, 6.5]);
  expectNear(await model.runningVariance.get(), [2], [0.5 + 2 / 3, 0.5 + 6]);
  expect(model.parameters()).toEqual([model.weight, model.bias]);

  const infer = compile((x: Tensor) => model.forward(x));
  const at = hostTensor([1, 6.5, 2, 7.5], [2, 2]);
  const wanted = [0, 0, 1 / Math.sqrt(0.5 + 2 / 3), 1 / Math.sqrt(6.5)];
  expectNear(await infer(at), [2, 2], wanted, 1e-5);
  expectNear(await infer(at), [2, 2], wanted, 1e-5);
});

test("batch normalisation's gradients are right", async () => {
  const model = new BatchNorm({ channels: 3 });
  await checkSlopes(model, (x) => model.forward(x, { training: true }), draws([4, 3, 2, 2]));
});
