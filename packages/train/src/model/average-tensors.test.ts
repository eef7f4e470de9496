import { type HostTensor, hostTensor } from "@quire/tensor";
import { expect, test } from "vitest";
import type { NamedTensors } from "../safetensors.ts";
import { averageTensors } from "./average-tensors.ts";

const first: NamedTensors = new Map<string, HostTensor>([
  ["weight", hostTensor([1, 2, 3, 4], [2, 2])],
  ["count", hostTensor([5], [1], "int32")],
]);
const second: NamedTensors = new Map<string, HostTensor>([
  ["count", hostTensor([9], [1], "int32")],
  ["weight", hostTensor([3, 2, -3, 0.5], [2, 2])],
]);

test("floats are averaged, other values are the last ones", async () => {
  async function* files(): AsyncGenerator<NamedTensors> {
    yield await Promise.resolve(first);
    yield second;
    yield first;
  }
  expect(await averageTensors([first, second])).toEqual(
    new Map<string, HostTensor>([
      ["count", hostTensor([9], [1], "int32")],
      ["weight", hostTensor([2, 2, 0, 2.25], [2, 2])],
    ]),
  );
  const three = await averageTensors(files());
  expect(three.get("weight")).toEqual(hostTensor([5 / 3, 2, 1, 8.5 / 3], [2, 2]));
  expect(three.get("count")?.item()).toBe(5);
});

test("checkpoints of different models are told apart", async () => {
  await expect(averageTensors([])).rejects.toThrow("averageTensors: give at least one checkpoint.");
  const less = new Map([...first].slice(0, 1));
  await expect(averageTensors([first, second, less])).rejects.toThrow(
    "averageTensors: count is int32 [1] in checkpoint 2, nothing in checkpoint 3.",
  );
  const other = new Map<string, HostTensor>([...first, ["weight", hostTensor([1, 2])]]);
  await expect(averageTensors([first, other])).rejects.toThrow(
    "averageTensors: weight is float32 [2, 2] in checkpoint 1, float32 [2] in checkpoint 2.",
  );
});
