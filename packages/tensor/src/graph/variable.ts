import { allocate, type DType } from "../dtype.ts";
import { GraphError, QuireError } from "../errors.ts";
import { HostTensor } from "../host.ts";
import { Random } from "../random/random.ts";
import type { Buffer, Runtime } from "../run/runtime.ts";
import { type Shape, sameShape, sizeOf, type TensorType, typeText } from "../shape.ts";
import type { Tensor } from "./node.ts";
import { currentTrace } from "./trace.ts";

/** Fills a new variable's memory; `random` depends on the seed and the variable's name alone. */
export type Initializer = (data: Float32Array, shape: Shape, random: Random) => void;

/** What a variable is made of; the value is zeros unless an initializer or a constant says otherwise. */
export interface VariableOptions {
  readonly dtype?: DType;
  readonly name?: string;
  /** How float32 memory is filled at first use; a number or values for any dtype. */
  readonly initial?: Initializer | number | HostTensor;
  /** Whether optimisers update it; running means and counters are not trainable. */
  readonly trainable?: boolean;
}

/**
 * Named state that lives between calls: a parameter, a moment, a counter, a cache. Inside a trace it is read
 * (`tensor`) and assigned; outside it is got and set. Memory is allocated at first use.
 */
export class Variable implements TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
  name: string;
  trainable: boolean;
  /** Seed of the initial value. */
  seed = 0;
  readonly #initial: Initializer | number | HostTensor;
  #front: Buffer | undefined;
  #back: Buffer | undefined;
  #pending: HostTensor["data"] | undefined;
  /** Where its memory is. */
  #runtime: Runtime | undefined;

  constructor(shape: Shape, options: VariableOptions = {}) {
    this.shape = [...shape];
    this.dtype = options.dtype ?? "float32";
    this.name = options.name ?? "";
    this.trainable = options.trainable ?? true;
    this.#initial = options.initial ?? 0;
    if (typeof this.#initial === "function" && this.dtype !== "float32") {
      throw new QuireError(
        `Variable ${this.name}: an initializer fills float32, not ${this.dtype}.`,
      );
    }
  }

  /** Its value at this point of the trace, as a recipe. */
  get tensor(): Tensor {
    return currentTrace(`read variable ${this.name || typeText(this)}`).read(this);
  }

  /** Gives it a new value from this point of the trace on; kept when the call ends. */
  assign(value: Tensor): void {
    if (value.dtype !== this.dtype || !sameShape(value.shape, this.shape)) {
      throw new GraphError(
        `assign: variable ${this.name} is ${typeText(this)}, the value is ${typeText(value)}.`,
      );
    }
    currentTrace(`assign variable ${this.name}`).write(this, value);
  }

  /** Whether memory has been allocated for it. */
  get allocated(): boolean {
    return this.#front !== undefined;
  }

  /** A copy of its present value. */
  async get(): Promise<HostTensor> {
    const data = this.#front ? await this.#front.read() : this.#fill();
    return new HostTensor(this.dtype, this.shape, data.slice());
  }

  /** Replaces its value, which must have its shape and dtype. */
  async set(value: HostTensor): Promise<void> {
    if (value.dtype !== this.dtype || !sameShape(value.shape, this.shape)) {
      throw new QuireError(
        `variable ${this.name} is ${typeText(this)}, the value to set is ${typeText(value)}.`,
      );
    }
    if (this.#front) await this.#front.write(value.data);
    else this.#pending = value.data.slice();
  }

  #fill(): HostTensor["data"] {
    if (this.#pending) return this.#pending;
    if (this.#initial instanceof HostTensor) return this.#initial.data.slice();
    const data = allocate(this.dtype, sizeOf(this.shape));
    if (typeof this.#initial === "function") {
      this.#initial(data as Float32Array, this.shape, new Random(this.seed).fork(this.name));
    } else if (this.#initial !== 0) {
      const { data: value } = initialScalar(this.#initial, this.dtype);
      (data as Float32Array).fill(value[0] as number);
    }
    return data;
  }

  /** Makes a runtime the place of its memory, and takes along the value that it has elsewhere. */
  async moveTo(runtime: Runtime): Promise<void> {
    if (this.#runtime !== runtime && this.#front) {
      this.#pending = (await this.#front.read()).slice();
      this.#front.release();
      this.#back?.release();
      this.#front = undefined;
      this.#back = undefined;
    }
    this.#runtime = runtime;
  }

  /** The buffer that holds its present value on the runtime it moved to; made and filled at first use. */
  front(runtime: Runtime): Buffer {
    if (!this.#front) {
      this.#front = runtime.allocateState(this, this.#fill());
      this.#pending = undefined;
    }
    return this.#front;
  }

  /** The buffer that the next value is written to. */
  back(runtime: Runtime): Buffer {
    this.#back ??= runtime.allocateState(this);
    return this.#back;
  }

  /** Makes the value just written the present one. */
  swap(): void {
    [this.#front, this.#back] = [this.#back, this.#front];
  }
}

function initialScalar(value: number, dtype: DType): HostTensor {
  const data = allocate(dtype, 1);
  if (dtype === "int64") (data as BigInt64Array)[0] = BigInt(value);
  else (data as Float32Array)[0] = value;
  return new HostTensor(dtype, [], data);
}
