import { afterEach, describe, expect, test } from "vitest";
import { Variable } from "../graph/variable.ts";
import { hostTensor } from "../host.ts";
import { defaultRuntime, devices, runtimeOn, setDevice } from "./default.ts";
import type { Device } from "./device.ts";
import { nodeRuntime, nodeRuntimeOn } from "./node.ts";
import { givenThreads, setThreads } from "./threads.ts";

const { QUIRE_DEVICE } = process.env;

afterEach(() => {
  setDevice("auto");
  process.env["QUIRE_DEVICE"] = QUIRE_DEVICE ?? "";
});

describe("the device of a program in Node", () => {
  test("is the processor unless something else is said", async () => {
    process.env["QUIRE_DEVICE"] = "";
    expect(await defaultRuntime()).toBe(nodeRuntime);
  });

  test("is what setDevice says rather than what QUIRE_DEVICE says", async () => {
    process.env["QUIRE_DEVICE"] = "nothing";
    setDevice("cpu");
    expect((await defaultRuntime()).name).toBe("node, cpu");
  });

  test("is refused by a wrong QUIRE_DEVICE, with the right ones", async () => {
    process.env["QUIRE_DEVICE"] = "gpu";
    await expect(defaultRuntime()).rejects.toThrow(
      /^QUIRE_DEVICE is "gpu", which is no device; it may be cpu, webgpu, cuda\.$/,
    );
  });

  test("is refused where setDevice names none", () => {
    expect(() => setDevice("gpu" as Device)).toThrow(
      /^setDevice: there is no device "gpu"; take cpu, webgpu, cuda or auto\.$/,
    );
  });

  test("is there, or the reason is said, with what to do", async () => {
    const reports = await devices();
    expect(reports.map(({ device }) => device)).toEqual(["cpu", "webgpu", "cuda"]);
    expect(reports[0]?.detail).toMatch(/^ONNX Runtime 1\.30\.0, \d+ threads?$/);
    for (const { device, available, detail } of reports) {
      const opened = runtimeOn(device).then(({ name }) => name);
      const outcome = await opened.catch(({ message }: Error) => message);
      const refusal = `The device "${device}" cannot be used here: ${detail}`;
      expect(outcome).toBe(available ? `node, ${device}` : refusal);
      expect(available || detail.endsWith("cpu.")).toBe(true);
    }
  });
});

test("threads are a count", () => {
  expect(() => setThreads(0.5)).toThrow(
    /^setThreads: 0\.5 is no count of threads; take 1 or more\.$/,
  );
  setThreads(3);
  expect(givenThreads()).toBe(3);
  setThreads(undefined);
  expect(givenThreads()).toBe(undefined);
});

test("a variable takes its value along to another runtime, and loses none that was set", async () => {
  const variable = new Variable([2], { name: "count", initial: 3 });
  const other = nodeRuntimeOn({ device: "cpu", hasHalf: true });
  await variable.moveTo(nodeRuntime);
  const first = variable.front(nodeRuntime);
  await variable.set(hostTensor([4, 5], [2]));
  await variable.moveTo(other);
  const second = variable.front(other);
  expect(second).not.toBe(first);
  expect([...(await second.read())]).toEqual([4, 5]);
  await variable.moveTo(other);
  expect(variable.front(other)).toBe(second);
  expect((await variable.get()).toArray()).toEqual([4, 5]);
});
