import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web/wasm";
import { allocate, type TypedArray } from "../dtype.ts";
import { QuireError } from "../errors.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import { type Buffer, constantFiles, type Session, type Signature } from "./runtime.ts";
import { turns } from "./turns.ts";

/** One of the builds of ONNX Runtime for pages; all export the same. */
export type Ort = typeof import("onnxruntime-web/wasm");

/** Memory that a page's session can read and write. */
export interface WebBuffer extends Buffer {
  /** The tensor in the GPU's memory, where it is there. */
  readonly onGpu?: OrtTensor;
  /** Takes over values that the runtime made. */
  accept(data: TypedArray): void;
}

/** Values in the page's memory; the runtime copies them into its own and back. */
export class PageBuffer implements WebBuffer {
  readonly shape: TensorType["shape"];
  readonly dtype: TensorType["dtype"];
  #data: TypedArray;

  constructor(type: TensorType, data?: TypedArray) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.#data = data ?? allocate(type.dtype, sizeOf(type.shape));
  }

  accept(data: TypedArray): void {
    this.#data = data;
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this.#data);
  }

  write(data: TypedArray): Promise<void> {
    this.#data.set(data as never);
    return Promise.resolve();
  }

  release(): void {
    // The memory is an array: it goes when nobody holds it.
  }
}

/** A build of the runtime works on one thing at a time: a second call while it waits would break it. */
const inTurn = turns();

/** How a model is loaded in a page. */
export interface Loading {
  readonly ort: Ort;
  readonly provider: InferenceSession.ExecutionProviderConfig;
  /** Whether the provider reads and writes the GPU's memory. */
  readonly onGpu: boolean;
  /** Fails a call that would wait forever, for the GPU is gone. */
  readonly guard?: Guard;
}

/** Runs a call of the runtime, and fails it when it cannot end. */
export type Guard = <T>(call: () => Promise<T>) => Promise<T>;

class WebSession implements Session {
  readonly #session: InferenceSession;
  readonly #signature: Signature;
  readonly #loading: Loading;

  constructor(session: InferenceSession, signature: Signature, loading: Loading) {
    this.#session = session;
    this.#signature = signature;
    this.#loading = loading;
  }

  async run(inputs: readonly Buffer[], outputs: readonly Buffer[]): Promise<void> {
    await inTurn(async () => {
      const feeds: Record<string, OrtTensor> = {};
      for (const [i, name] of this.#signature.inputs.entries()) {
        feeds[name] = await this.#fed(inputs[i] as WebBuffer);
      }
      const fetches: Record<string, OrtTensor | null> = {};
      for (const [i, name] of this.#signature.outputs.entries()) {
        fetches[name] = this.#gpuTensor(outputs[i] as WebBuffer) ?? null;
      }
      const { guard = unguarded } = this.#loading;
      const made = await guard(() => this.#session.run(feeds, fetches));
      for (const [i, name] of this.#signature.outputs.entries()) {
        if (!fetches[name]) (outputs[i] as WebBuffer).accept(valuesOf(made[name] as OrtTensor));
      }
    });
  }

  #gpuTensor(buffer: WebBuffer): OrtTensor | undefined {
    return this.#loading.onGpu ? buffer.onGpu : undefined;
  }

  async #fed(buffer: WebBuffer): Promise<OrtTensor> {
    const { Tensor } = this.#loading.ort;
    const { dtype, shape } = buffer;
    const there = this.#gpuTensor(buffer);
    return there ?? new Tensor(dtype, (await buffer.read()) as Float32Array, shape);
  }

  release(): Promise<void> {
    return inTurn(() => this.#session.release());
  }
}

const unguarded: Guard = (call) => call();

/** A tensor's values; half precision as bits, also where the browser has an array of its own for it. */
function valuesOf({ type, data }: OrtTensor): TypedArray {
  const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
  return type === "float16" ? new Uint16Array(buffer, byteOffset, length) : (data as TypedArray);
}

/** Loads a model for a provider of a build of the runtime. */
export async function loadSession(
  model: Uint8Array,
  signature: Signature,
  loading: Loading,
): Promise<Session> {
  try {
    const session = await inTurn(() =>
      loading.ort.InferenceSession.create(model, {
        executionProviders: [loading.provider],
        graphOptimizationLevel: "all",
        externalData: constantFiles(signature),
        logSeverityLevel: 3,
      }),
    );
    return new WebSession(session, signature, loading);
  } catch (error) {
    const { message } = error as Error;
    throw new QuireError(`ONNX Runtime refused the model: ${message}`, { cause: error });
  }
}
