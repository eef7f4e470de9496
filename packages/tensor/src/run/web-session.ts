import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web/wasm";
import { allocate, type TypedArray } from "../dtype.ts";
import { QuireError } from "../errors.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import type { Buffer, Session, Signature } from "./runtime.ts";
import { turns } from "./turns.ts";

/** One of the builds of ONNX Runtime for pages; all export the same. */
export type Ort = typeof import("onnxruntime-web/wasm");

/** Memory that a page's session can read and write. */
export interface WebBuffer extends Buffer {
  /** The tensor that the runtime reads. */
  input(): OrtTensor;
  /** The tensor that the runtime writes to; nothing where the runtime makes its own. */
  output(): OrtTensor | undefined;
  /** Takes the tensor that the runtime made. */
  accept(made: OrtTensor): void;
}

/** Values in the page's memory; the runtime copies them into its own and back. */
export class PageBuffer implements WebBuffer {
  readonly shape: TensorType["shape"];
  readonly dtype: TensorType["dtype"];
  readonly #ort: Ort;
  #data: TypedArray;

  constructor(ort: Ort, type: TensorType, data?: TypedArray) {
    this.#ort = ort;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.#data = data ?? allocate(type.dtype, sizeOf(type.shape));
  }

  input(): OrtTensor {
    return new this.#ort.Tensor(this.dtype, this.#data as Float32Array, this.shape);
  }

  output(): undefined {
    return undefined;
  }

  accept({ data }: OrtTensor): void {
    const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
    const isHalf = this.dtype === "float16";
    this.#data = isHalf ? new Uint16Array(buffer, byteOffset, length) : (data as TypedArray);
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

class WebSession implements Session {
  readonly #session: InferenceSession;
  readonly #signature: Signature;

  constructor(session: InferenceSession, signature: Signature) {
    this.#session = session;
    this.#signature = signature;
  }

  async run(inputs: readonly Buffer[], outputs: readonly Buffer[]): Promise<void> {
    const { inputs: names, outputs: targets } = this.#signature;
    await inTurn(async () => {
      const feeds = Object.fromEntries(
        names.map((name, i) => [name, (inputs[i] as WebBuffer).input()]),
      );
      const fetches = Object.fromEntries(
        targets.map((name, i) => [name, (outputs[i] as WebBuffer).output() ?? null]),
      );
      const made = await this.#session.run(feeds, fetches);
      for (const [i, name] of targets.entries()) {
        if (fetches[name] === null) (outputs[i] as WebBuffer).accept(made[name] as OrtTensor);
      }
    });
  }

  release(): Promise<void> {
    return inTurn(() => this.#session.release());
  }
}

/** Loads a model for providers of a build of the runtime. */
export async function loadSession(
  ort: Ort,
  model: Uint8Array,
  signature: Signature,
  provider: InferenceSession.ExecutionProviderConfig,
): Promise<Session> {
  try {
    const session = await inTurn(() =>
      ort.InferenceSession.create(model, {
        executionProviders: [provider],
        graphOptimizationLevel: "all",
      }),
    );
    return new WebSession(session, signature);
  } catch (error) {
    const { message } = error as Error;
    throw new QuireError(`ONNX Runtime refused the model: ${message}`, { cause: error });
  }
}
