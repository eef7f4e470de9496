// R rows, N variables, V values of a variable read, K values of the result, P modules, I inputs of each

import { type Choice, Module } from "@quire/nn";
import {
  add,
  gelu,
  matmul,
  relu,
  reshape,
  stack,
  type Tensor,
  transpose,
  unsqueeze,
  Variable,
} from "@quire/tensor";
import { drawn, gateLogits, readParts } from "./reading.ts";

/** What feed-forward modules are made of. */
export interface LookupOptions {
  /** Variables in the stream before them. */
  readonly variables: number;
  /** Values of each of them; 1 where they are numbers. */
  readonly values: number;
  /** Values of what they append. */
  readonly cardinality: number;
  /** How many variables each reads. */
  readonly reads: number;
  readonly hidden: number;
  readonly activation: "relu" | "gelu";
}

/** One feed-forward module: its gates and its two layers. */
class Lookup extends Module {
  readonly gates: Variable;
  readonly inputWeight: Variable;
  readonly inputBias: Variable;
  readonly outputWeight: Variable;
  readonly outputBias: Variable;

  constructor({ variables, values, cardinality, reads, hidden }: LookupOptions) {
    super();
    this.gates = gateLogits(reads, variables);
    this.inputWeight = drawn([hidden, reads * values], hidden);
    this.inputBias = new Variable([hidden]);
    this.outputWeight = drawn([cardinality, hidden], cardinality);
    this.outputBias = new Variable([cardinality]);
  }

  forward(): never {
    throw new Error("Lookups run side by side.");
  }
}

/**
 * Feed-forward modules side by side. Each reads a few variables and appends one: since what it reads takes few values,
 * it is a table (section 3.2), and of numbers a set of regions (section 3.3).
 */
export class Lookups extends Module {
  readonly each: readonly Lookup[];
  readonly options: LookupOptions;

  constructor(count: number, options: LookupOptions) {
    super();
    this.options = options;
    this.each = Array.from({ length: count }, () => new Lookup(options));
  }

  /// The official code takes a logarithm of the softmax before it chooses, which changes no choice.
  /** Logits of the values that are appended, of streams that are read as one. `[N, R, V] -> [P, R, K]` */
  forward(streams: readonly Tensor[], choose: Choice): Tensor {
    const { reads, values } = this.options;
    const [rows] = (streams[0] as Tensor).shape.slice(1) as [number];
    const count = this.each.length;
    const gates = this.#stacked(({ gates: own }) => own);
    const flat = reshape(gates, [count * reads, this.options.variables]);
    const taken = reshape(readParts(flat, streams, choose), [count, reads, rows, values]);
    const inputs = reshape(transpose(taken, [0, 2, 1, 3]), [count, rows, reads * values]);
    return this.layers(inputs);
  }

  /** What the two layers give for values that were read. `[P, R, I] -> [P, R, K]` */
  layers(inputs: Tensor): Tensor {
    const activate = this.options.activation === "relu" ? relu : gelu;
    const hidden = add(
      matmul(
        inputs,
        transpose(
          this.#stacked(({ inputWeight }) => inputWeight),
          [0, 2, 1],
        ),
      ),
      unsqueeze(
        this.#stacked(({ inputBias }) => inputBias),
        [1],
      ),
    );
    const outputWeights = this.#stacked(({ outputWeight }) => outputWeight);
    return add(
      matmul(activate(hidden), outputWeights, { transposeB: true }),
      unsqueeze(
        this.#stacked(({ outputBias }) => outputBias),
        [1],
      ),
    );
  }

  #stacked(part: (lookup: Lookup) => Variable): Tensor {
    return stack(this.each.map((lookup) => part(lookup).tensor));
  }
}
