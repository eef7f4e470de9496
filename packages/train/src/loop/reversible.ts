import {
  type Compiled,
  compile,
  estimateMemory,
  type MemoryEstimate,
  type Returned,
  record,
  type Tensor,
  type TensorType,
  type Tree,
  type Variable,
} from "@quire/tensor";

/** A compiled function of host tensors, `A`, that gives host tensors, `R`, and whose last call can be taken back. */
export class Reversible<A extends readonly unknown[], R> {
  readonly #fn: (...args: Tree<Tensor>[]) => Returned;
  readonly #compiled: Compiled<Tree<Tensor>[], Returned>;
  #last: A | undefined;

  /** @param fn Takes recipes where the arguments are host tensors, and returns them where the results are. */
  constructor(fn: (...args: never[]) => Returned, name: string) {
    this.#fn = fn as (...args: Tree<Tensor>[]) => Returned;
    this.#compiled = compile(this.#fn, { name });
  }

  call(...args: A): Promise<R> {
    this.#last = args;
    return (this.#compiled as unknown as (...args: A) => Promise<R>)(...args);
  }

  /** What a call takes in memory; nothing is run. */
  estimate(...args: A): MemoryEstimate {
    return estimateMemory(this.#fn, ...(args as unknown as readonly Tree<TensorType>[]));
  }

  /** The variables that the last call assigned. */
  writes(): readonly Variable[] {
    if (!this.#last) return [];
    return record(this.#fn, this.#last as unknown as readonly Tree<TensorType>[]).writes;
  }

  /** Gives variables the values they had before the last call; nothing may have assigned them since. */
  takeBack(): void {
    for (const variable of this.writes()) variable.swap();
    this.#last = undefined;
  }

  /** Gives back the memory of what was compiled. */
  release(): Promise<void> {
    this.#last = undefined;
    return this.#compiled.release();
  }
}
