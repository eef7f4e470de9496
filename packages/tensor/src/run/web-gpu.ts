import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web/wasm";
import { allocate, bytesPerElement, type DType, type TypedArray } from "../dtype.ts";
import { QuireError } from "../errors.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import { nodesInGaps } from "./gpu-gaps.ts";
import type { Runtime } from "./runtime.ts";
import {
  findAdapter,
  type GpuDevice,
  type GpuMemory,
  mostOperands,
  openDevice,
  usage,
} from "./web-gpu-api.ts";
import { type Guard, loadSession, type Ort, PageBuffer, type WebBuffer } from "./web-session.ts";

/** Kernels on the GPU take these dtypes; values of others stay in the page's memory. */
const onGpu: ReadonlySet<DType> = new Set<DType>(["float32", "float16", "int32"]);

/** The GPU's memory for state: read and written by the runtime in place. */
class GpuBuffer implements WebBuffer {
  readonly shape: TensorType["shape"];
  readonly dtype: TensorType["dtype"];
  readonly #device: GpuDevice;
  readonly #memory: GpuMemory;
  readonly onGpu: OrtTensor;

  constructor(ort: Ort, device: GpuDevice, type: TensorType, data?: TypedArray) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.#device = device;
    this.#memory = device.createBuffer({
      size: Math.ceil((sizeOf(type.shape) * bytesPerElement(type.dtype)) / 16) * 16,
      usage: usage.storage + usage.copyFrom + usage.copyTo,
    });
    this.onGpu = ort.Tensor.fromGpuBuffer(this.#memory as OrtTensor["gpuBuffer"], {
      dataType: type.dtype as "float32",
      dims: type.shape,
    });
    if (data) this.#upload(data);
  }

  accept(data: TypedArray): void {
    this.#upload(data);
  }

  async read(): Promise<TypedArray> {
    const { size } = this.#memory;
    const copy = this.#device.createBuffer({ size, usage: usage.mapRead + usage.copyTo });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#memory, 0, copy, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await copy.mapAsync(usage.mapRead);
    const data = allocate(this.dtype, sizeOf(this.shape));
    new Uint8Array(data.buffer).set(new Uint8Array(copy.getMappedRange(), 0, data.byteLength));
    copy.destroy();
    return data;
  }

  write(data: TypedArray): Promise<void> {
    this.#upload(data);
    return Promise.resolve();
  }

  /** The GPU takes whole words: the last one is filled up. */
  #upload({ buffer, byteOffset, byteLength }: TypedArray): void {
    const bytes = new Uint8Array(Math.ceil(byteLength / 4) * 4);
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength));
    this.#device.queue.writeBuffer(this.#memory, 0, bytes);
  }

  release(): void {
    this.#memory.destroy();
  }
}

/** Fails the call under way, and all later ones, when the browser takes the GPU away: it would never end. */
export function guardOf({ lost }: Pick<GpuDevice, "lost">): Guard {
  let gone: QuireError | undefined;
  let fail: (reason: QuireError) => void = () => undefined;
  void lost.then(({ message }) => {
    gone = new QuireError(
      `The browser took the GPU away (${message || "no reason given"}), and with it the state there; ` +
        "load the page again, or use the device cpu.",
    );
    fail(gone);
  });
  return (call) =>
    new Promise((resolve, reject) => {
      if (gone) return reject(gone);
      fail = reject;
      call().then(resolve, reject);
    });
}

/** The build for WebGPU: smaller and quicker where the browser can switch stacks for WebAssembly. */
async function loadOrt(): Promise<Ort> {
  const { WebAssembly = {} } = globalThis as { WebAssembly?: object };
  const switchesStacks = "Suspending" in WebAssembly;
  const build = switchesStacks ? import("onnxruntime-web/jspi") : import("onnxruntime-web/webgpu");
  return await (build as Promise<Ort>);
}

/**
 * ONNX Runtime in a page, on WebGPU. State stays on the GPU; arguments are copied to it and results from it.
 *
 * @throws QuireError when the browser has no adapter.
 */
export async function webGpuRuntime(): Promise<Runtime> {
  const [ort, adapter] = await Promise.all([loadOrt(), findAdapter()]);
  if (!adapter) throw new QuireError("This browser offers no WebGPU adapter.");
  const device = await openDevice(adapter);
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const guard = guardOf(device);
  const hasHalf = adapter.features.has("shader-f16");
  const load: Runtime["load"] = (model, signature) => {
    const inPage = signature.hasEmpty || (signature.hasHalf && !hasHalf);
    if (inPage) return loadSession(model, signature, { ort, provider: "wasm", onGpu: false });
    const gaps = nodesInGaps(model);
    const provider: InferenceSession.WebGpuExecutionProviderOption = {
      name: "webgpu",
      device: device as never,
      ...(gaps.length > 0 && { forceCpuNodeNames: gaps }),
    };
    return loadSession(model, signature, { ort, provider, onGpu: true, guard });
  };
  return {
    name: "web, WebGPU",
    mostOperands,
    allocate: (type, data) => new PageBuffer(type, data),
    allocateState: (type, data) =>
      onGpu.has(type.dtype) && sizeOf(type.shape) > 0
        ? new GpuBuffer(ort, device, type, data)
        : new PageBuffer(type, data),
    load,
  };
}
