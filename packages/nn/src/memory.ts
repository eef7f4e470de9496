// B rows, T new tokens, L room for tokens, D width

import {
  add,
  arange,
  cast,
  expand,
  full,
  gather,
  less,
  mul,
  QuireError,
  reshape,
  type Shape,
  sub,
  type Tensor,
  unsqueeze,
  Variable,
} from "@quire/tensor";
import { attendToAll } from "./memory/all-tokens.ts";
import type { Attending, Reading } from "./memory/reading.ts";
import { attendToWindow } from "./memory/window.ts";

/** How much a memory holds. */
export interface MemoryOptions {
  /** How many texts are read side by side. */
  readonly rows: number;
  /** The most tokens of a text. */
  readonly length: number;
  /** Attention sees, and keeps, only so many of the last tokens; all of them unless said. */
  readonly window?: number;
}

/**
 * What a model keeps of the tokens it has read, so that each further one costs a single step: keys and values
 * of attention, the carry of a recurrence, sums of linear attention. Every layer keeps its own, in variables.
 */
export class Memory {
  readonly rows: number;
  readonly length: number;
  readonly window: number | undefined;
  /** int32 `[B]`: how many tokens of each row were read. */
  readonly lengths: Variable;
  readonly #kept = new Map<object, Map<string, Variable>>();

  constructor({ rows, length, window }: MemoryOptions) {
    const sizes = window === undefined ? [rows, length] : [rows, length, window];
    if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
      throw new QuireError(
        `Memory: rows, length and window are whole numbers from 1 up, got ${sizes.join(", ")}.`,
      );
    }
    this.rows = rows;
    this.length = length;
    this.window = window;
    this.lengths = new Variable([rows], { dtype: "int32", trainable: false, name: "lengths" });
  }

  /**
   * Begins every row anew: a call of the model then reads its first tokens, `counts` int32 `[B]` of each row's
   * `length`; what follows them is padding.
   */
  begin(length: number, counts: Tensor): Reading {
    const positions = expand(unsqueeze(arange(length), [0]), [this.rows, length]);
    this.lengths.assign(counts);
    return this.#reading({ isFirst: true, positions, counts, lengths: counts });
  }

  /**
   * Goes on: a call of the model then reads one token of each row. With `from`, int32 `[B]`, each row first
   * becomes a copy of the row named.
   */
  next(from?: Tensor): Reading {
    const before = from ? gather(this.lengths, from) : this.lengths.tensor;
    const lengths = add(before, 1);
    this.lengths.assign(lengths);
    const positions = unsqueeze(before, [1]);
    const counts = full([this.rows], 1, "int32");
    return this.#reading({ isFirst: false, positions, counts, lengths }, from);
  }

  #reading(
    call: Pick<Reading, "isFirst" | "positions" | "counts" | "lengths">,
    from?: Tensor,
  ): Reading {
    const [, length] = call.positions.shape as [number, number];
    const reading: Reading = {
      ...call,
      room: this.window ?? this.length,
      real: less(unsqueeze(arange(length), [0]), unsqueeze(call.counts, [1])),
      kept: (owner, name, shape) => {
        const value = this.#variable(owner, name, shape).tensor;
        return from ? gather(value, from) : value;
      },
      recall: (owner, name, shape) =>
        call.isFirst ? full([this.rows, ...shape], 0) : reading.kept(owner, name, shape),
      keep: (owner, name, value) => this.#variable(owner, name, value.shape.slice(1)).assign(value),
      attend: (owner: object, attending: Attending) =>
        this.window === undefined
          ? attendToAll(reading, owner, attending)
          : attendToWindow(reading, owner, attending),
      last: (x) => lastOf(x, call.counts),
    };
    return reading;
  }

  #variable(owner: object, name: string, shape: Shape): Variable {
    const own = this.#kept.get(owner) ?? new Map<string, Variable>();
    this.#kept.set(owner, own);
    const known = own.get(name);
    if (known) return known;
    const variable = new Variable([this.rows, ...shape], { name, trainable: false });
    own.set(name, variable);
    return variable;
  }
}

/** Each row's last real token. `[B, T, D] -> [B, 1, D]` */
function lastOf(x: Tensor, counts: Tensor): Tensor {
  const [batch, length, width] = x.shape as [number, number, number];
  if (length === 1) return x;
  const flat = reshape(x, [batch * length, width]);
  const places = add(mul(arange(batch), length), sub(cast(counts, "int32"), 1));
  return reshape(gather(flat, places), [batch, 1, width]);
}
