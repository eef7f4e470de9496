import type { TypedArray } from "../dtype.ts";
import type { TensorType } from "../shape.ts";

/** Memory of a runtime that holds one tensor, on the processor or on a device. */
export interface Buffer extends TensorType {
  /** Its values. On the processor this is the memory itself, not a copy. */
  read(): Promise<TypedArray>;
  /** Overwrites its values. */
  write(data: TypedArray): Promise<void>;
  /** Gives the memory back. */
  release(): void;
}

/** A loaded model: runs from buffers to buffers, copying nothing that both sides can share. */
export interface Session {
  /** Computes the outputs from the inputs, in the order of their names. */
  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): Promise<void>;
  /** Gives the model's memory back. */
  release(): Promise<void>;
}

/** What a model's inputs and outputs are called. */
export interface Signature {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whether tensors without elements occur, which kernels on GPUs do not take. */
  readonly hasEmpty?: boolean;
  /** Whether float16 occurs, which not every GPU computes with. */
  readonly hasHalf?: boolean;
  /** Whether it is one of several models that run in turn. */
  readonly isStage?: boolean;
  /** Values of constants that the model names but does not hold. */
  readonly constants?: Readonly<Record<string, TypedArray>>;
}

/** A place that models run in. */
export interface Runtime {
  /** The platform and the device: `node, cpu`. */
  readonly name: string;
  /** Whether the memory of state is the host's own, so that the host can write over parts of it. */
  readonly isHostMemory?: boolean;
  /** How many tensors one kernel may read beside one it writes, or write beside one it reads; any number unless said. */
  readonly mostOperands?: number;
  /** Memory for an argument or a result; `data`, if given, is used as it stands where the runtime can. */
  allocate(type: TensorType, data?: TypedArray): Buffer;
  /** Memory for what lives from one run to the next: on the device, where it has memory of its own. */
  allocateState(type: TensorType, data?: TypedArray): Buffer;
  /** Loads an ONNX model. */
  load(model: Uint8Array, signature: Signature): Promise<Session>;
}

/** A model's constants, as sessions take what stands beside a model. */
export function constantFiles({ constants = {} }: Signature): { path: string; data: Uint8Array }[] {
  return Object.entries(constants).map(([path, { buffer, byteOffset, byteLength }]) => ({
    path,
    data: new Uint8Array(buffer, byteOffset, byteLength),
  }));
}
