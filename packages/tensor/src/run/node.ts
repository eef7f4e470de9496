import { availableParallelism, cpus } from "node:os";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { allocate, type TypedArray } from "../dtype.ts";
import { QuireError } from "../errors.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import type { Device } from "./device.ts";
import { nodesInGaps } from "./gpu-gaps.ts";
import {
  type Buffer,
  constantFiles,
  type Runtime,
  type Session,
  type Signature,
} from "./runtime.ts";
import { givenThreads } from "./threads.ts";
import { mostOperands } from "./web-gpu-api.ts";

/** Values in the process's own memory, shared with ONNX Runtime without copies. */
class NodeBuffer implements Buffer {
  readonly shape: TensorType["shape"];
  readonly dtype: TensorType["dtype"];
  readonly tensor: OrtTensor;
  readonly #data: TypedArray;

  constructor(type: TensorType, data: TypedArray) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.#data = data;
    this.tensor = new OrtTensor(type.dtype, data as Float32Array, type.shape);
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

class NodeSession implements Session {
  readonly #session: InferenceSession;
  readonly #signature: Signature;

  constructor(session: InferenceSession, signature: Signature) {
    this.#session = session;
    this.#signature = signature;
  }

  async run(inputs: readonly Buffer[], outputs: readonly Buffer[]): Promise<void> {
    await this.#session.run(
      named(this.#signature.inputs, inputs),
      named(this.#signature.outputs, outputs),
    );
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function named(names: readonly string[], buffers: readonly Buffer[]): Record<string, OrtTensor> {
  const tensors: Record<string, OrtTensor> = {};
  names.forEach((name, i) => {
    tensors[name] = (buffers[i] as NodeBuffer).tensor;
  });
  return tensors;
}

/** The processor computes what the GPU does not take: empty tensors, and kernels that are missing or wrong. */
function providerFor(
  { device, hasHalf }: NodePlace,
  model: Uint8Array,
  signature: Signature,
): InferenceSession.ExecutionProviderConfig {
  if (device === "cpu" || signature.hasEmpty || (signature.hasHalf && !hasHalf)) return "cpu";
  if (device === "cuda") return device;
  const gaps = nodesInGaps(model);
  return gaps.length > 0 ? { name: "webgpu", forceCpuNodeNames: gaps } : device;
}

/** Variables by which Open MPI and MPICH tell how many processes they started on this machine. */
const localSizes = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"];

/**
 * ONNX Runtime counts the machine's cores. A process that is bound to some of them (by mpirun, taskset or a container)
 * gets as many threads, which would otherwise wait for one another; processes of an mpirun that are not bound share them.
 */
function threads({ isStage = false }: Signature): InferenceSession.SessionOptions {
  const [own, all] = [availableParallelism(), cpus().length];
  const local = Math.max(1, ...localSizes.map((name) => Number(process.env[name] ?? 1)));
  const share = givenThreads() ?? (own < all ? own : Math.max(1, Math.floor(all / local)));
  return {
    ...(share < all && { intraOpNumThreads: share }),
    // Threads that wait for work by turning in circles take the cores from the model whose turn it is.
    ...(isStage && { extra: { session: { intra_op: { allow_spinning: "0" } } } }),
  };
}

/** A device of Node's. */
export interface NodePlace {
  readonly device: Device;
  /** Whether it computes with float16. */
  readonly hasHalf: boolean;
}

/** ONNX Runtime in Node, on a device. */
export function nodeRuntimeOn(at: NodePlace): Runtime {
  const { device } = at;
  const place = (type: TensorType, data?: TypedArray): Buffer =>
    new NodeBuffer(type, data ?? allocate(type.dtype, sizeOf(type.shape)));
  return {
    name: `node, ${device}`,
    isHostMemory: device === "cpu",
    ...(device === "webgpu" && { mostOperands }),
    allocate: place,
    allocateState: place,
    async load(model, signature) {
      try {
        const session = await InferenceSession.create(model, {
          executionProviders: [providerFor(at, model, signature)],
          graphOptimizationLevel: "all",
          externalData: constantFiles(signature),
          logSeverityLevel: 3,
          ...threads(signature),
        });
        return new NodeSession(session, signature);
      } catch (error) {
        const { message } = error as Error;
        throw new QuireError(`ONNX Runtime refused the model: ${message}`, { cause: error });
      }
    },
  };
}

/** ONNX Runtime in Node, on the processor. */
export const nodeRuntime: Runtime = nodeRuntimeOn({ device: "cpu", hasHalf: true });
