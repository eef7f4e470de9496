import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { env, InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node";
import { allocate, type DType } from "../dtype.ts";
import { QuireError } from "../errors.ts";
import { input } from "../graph/source.ts";
import { emit } from "../onnx/emit.ts";
import { exp } from "../ops/elementwise.ts";
import { type Device, type DeviceReport, deviceNames, type Platform } from "./device.ts";
import { nodeRuntime, nodeRuntimeOn } from "./node.ts";
import type { Runtime } from "./runtime.ts";

/** What to do where a device is missing. */
const advice: Readonly<Record<Device, string>> = {
  cpu: "Install onnxruntime-node again.",
  webgpu: "Install the GPU's driver (on Linux its Vulkan driver and libvulkan1), or use cpu.",
  cuda:
    "On Linux with CUDA 12, run " +
    "`ONNXRUNTIME_NODE_INSTALL=true node node_modules/onnxruntime-node/script/install.js`; " +
    "elsewhere use webgpu or cpu.",
};

/** What ONNX Runtime says, in words that a user knows. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/Failed to get a WebGPU adapter/, "no GPU was found that WebGPU can use."],
  [/Cuda: Failed to load shared library|libcu/, "a library of CUDA 12 or cuDNN 9 is missing."],
];

/** The device of the environment variable QUIRE_DEVICE, else the processor. */
function preferred(): Promise<Device> {
  const named = process.env["QUIRE_DEVICE"] ?? "";
  if (named === "") return Promise.resolve("cpu");
  const device = deviceNames.find((name) => name === named);
  if (device) return Promise.resolve(device);
  const known = deviceNames.join(", ");
  return Promise.reject(
    new QuireError(`QUIRE_DEVICE is "${named}", which is no device; it may be ${known}.`),
  );
}

const CUDA_LIBRARY = "libonnxruntime_providers_cuda.so";

const version = env.versions.node ?? env.versions.common;

async function report(device: Device): Promise<DeviceReport> {
  if (device === "cpu") {
    const threads = availableParallelism();
    const detail = `ONNX Runtime ${version}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
    return { device, available: true, detail };
  }
  const refusal = absenceOf(device) ?? (await refusalOf(device));
  return refusal === undefined
    ? { device, available: true, detail: `ONNX Runtime ${version}` }
    : { device, available: false, detail: `${refusal} ${advice[device]}` };
}

/** What of a device onnxruntime-node lacks here. The runtime would say so too, and print it besides. */
function absenceOf(device: Device): string | undefined {
  const { platform: system, arch } = process;
  if (!listSupportedBackends().some(({ name }) => name === device)) {
    return `onnxruntime-node has no part for it on ${system} ${arch}.`;
  }
  const main = createRequire(import.meta.url).resolve("onnxruntime-node");
  const library = system === "win32" ? "onnxruntime_providers_cuda.dll" : CUDA_LIBRARY;
  const place = join(main, "../../bin/napi-v6", system, arch, library);
  const isMissing = device === "cuda" && !existsSync(place);
  return isMissing ? "ONNX Runtime's CUDA libraries are not installed." : undefined;
}

/** Runs the smallest model on a device; gives the reason where that fails. */
async function refusalOf(device: Device, dtype: DType = "float32"): Promise<string | undefined> {
  const x = input("x", { shape: [1], dtype });
  const model = emit({ inputs: [x], outputs: [exp(x)] }, { inputs: ["x"], outputs: ["y"] });
  try {
    const session = await InferenceSession.create(model, {
      executionProviders: [device],
      logSeverityLevel: 4,
    });
    await session.run({ x: new Tensor(dtype, allocate(dtype, 1) as Float32Array, [1]) });
    await session.release();
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return reasons.find(([pattern]) => pattern.test(message))?.[1] ?? `${message}.`;
  }
}

async function open(device: Device): Promise<Runtime> {
  if (device === "cpu") return nodeRuntime;
  const hasHalf = (await refusalOf(device, "float16")) === undefined;
  return nodeRuntimeOn({ device, hasHalf });
}

/** The devices of Node: the processor always, GPUs where their drivers and libraries are. */
export const platform: Platform = { preferred, report, open };
