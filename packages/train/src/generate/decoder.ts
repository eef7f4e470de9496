// B rows, T tokens, V vocabulary

import {
  inference,
  Memory,
  type MemoryOptions,
  type Mode,
  type Module,
  type ReadingInputs,
} from "@quire/nn";
import {
  type Compiled,
  type CompileOptions,
  compile,
  type HostTensor,
  hostTensor,
  Quantizer,
  type Tensor,
} from "@quire/tensor";

/**
 * A language model that goes on from what it has read. Attention, recurrences and linear attention alike keep
 * theirs in the reading they are given.
 */
export interface LanguageModel extends Module {
  /** Logits of the tokens after each row's last real one. `[B, T] -> [B, 1, V]` */
  forward(ids: Tensor, mode: Mode, inputs: ReadingInputs): Tensor;
  /** The most tokens it can read; any number unless said. */
  readonly length?: number;
}

/** A model with the memory of rows side by side, compiled once for each length of prompts and once for all steps. */
export class Decoder {
  readonly memory: Memory;
  readonly #begin: Compiled<[Tensor, Tensor], Tensor>;
  readonly #next: Compiled<[Tensor], Tensor>;
  readonly #nextFrom: Compiled<[Tensor, Tensor], Tensor>;

  constructor(model: LanguageModel, size: MemoryOptions, options: CompileOptions) {
    const memory = new Memory(size);
    this.memory = memory;
    const begin = (ids: Tensor, counts: Tensor): Tensor => {
      const reading = memory.begin(ids.shape[1] as number, counts);
      return model.forward(ids, inference, { reading });
    };
    const { quantization, ...rest } = options;
    // Frozen weights serve single rows; what reads prompts takes them from the variables, which saves their memory.
    const isFrozen = quantization instanceof Quantizer && quantization.kind === "frozen";
    this.#begin = compile(begin, { ...(isFrozen ? rest : options), name: "begin" });
    this.#next = compile(
      (ids: Tensor) => model.forward(ids, inference, { reading: memory.next() }),
      { ...options, name: "next" },
    );
    this.#nextFrom = compile(
      (ids: Tensor, from: Tensor) => model.forward(ids, inference, { reading: memory.next(from) }),
      { ...options, name: "next from other rows" },
    );
  }

  /** Reads prompts, filled up to a common length. Gives a row of logits for each. */
  async begin(prompts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const longest = Math.max(...prompts.map(({ length }) => length));
    const width = Math.min(this.memory.length, roundedUp(longest));
    const ids = new Int32Array(prompts.length * width);
    prompts.forEach((prompt, row) => {
      ids.set(prompt, row * width);
    });
    const counts = prompts.map(({ length }) => length);
    return rowsOf(
      await this.#begin(hostTensor(ids, [prompts.length, width]), indices(counts)),
      prompts.length,
    );
  }

  /** Reads one token of each row, which first becomes a copy of the row that `from` names. */
  async next(tokens: readonly number[], from?: readonly number[]): Promise<Float32Array[]> {
    const ids = hostTensor(Int32Array.from(tokens), [tokens.length, 1]);
    const logits = from ? await this.#nextFrom(ids, indices(from)) : await this.#next(ids);
    return rowsOf(logits, tokens.length);
  }

  /** Gives back the memory of the compiled models. */
  async release(): Promise<void> {
    await Promise.all([this.#begin, this.#next, this.#nextFrom].map((run) => run.release()));
  }
}

/** Prompts of a few lengths share a compiled model: the next power of two. */
function roundedUp(length: number): number {
  return 2 ** Math.ceil(Math.log2(length));
}

function indices(values: readonly number[]): HostTensor {
  return hostTensor(Int32Array.from(values), [values.length]);
}

function rowsOf({ data }: HostTensor, count: number): Float32Array[] {
  const width = data.length / count;
  return Array.from({ length: count }, (_, row) =>
    (data as Float32Array).subarray(row * width, (row + 1) * width),
  );
}
