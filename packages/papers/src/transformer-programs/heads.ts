// B sequences, T places, R = B T rows, N categorical variables, M numbers, V values of a variable, H heads

import { type Choice, Module } from "@quire/nn";
import {
  add,
  concat,
  constant,
  div,
  hostTensor,
  log,
  matmul,
  mul,
  relu,
  reshape,
  split,
  sub,
  sum,
  type Tensor,
  transpose,
  Variable,
  where,
} from "@quire/tensor";
import { biasOfPairs, nearestBias, type TieBreak } from "./distance.ts";
import { drawn, gateLogits, read } from "./reading.ts";

/** What heads are given beside what they read. */
export interface HeadInputs {
  /** Whether a query may see a key, bool `[B, T, T]`. */
  readonly visible: Tensor;
  readonly choose: Choice;
}

/** What heads are made of. */
export interface HeadOptions {
  readonly heads: number;
  /** Categorical variables in the stream before them. */
  readonly variables: number;
  /** Values of a categorical variable. */
  readonly cardinality: number;
}

/** Far below what any score is. */
const NEVER = -1e30;
/** So that logarithms of 0 and shares of 0 are numbers. */
const [TINY, SMALL] = [1e-20, 1e-10];

/** Queries turned into the values they look for, and keys, by head. `[N, R, V] -> [H, B, T, V]` each */
abstract class Matching extends Module {
  readonly query: Variable;
  readonly key: Variable;
  readonly predicate: Variable;

  constructor({ heads, variables, cardinality }: HeadOptions) {
    super();
    this.query = gateLogits(heads, variables);
    this.key = gateLogits(heads, variables);
    this.predicate = drawn([heads, cardinality, cardinality], cardinality);
  }

  /** How well each key matches each query: in a program 1 or 0. `[H, B, T, T]` */
  protected match([query, key]: readonly [Tensor, Tensor], visible: Tensor, table: Tensor): Tensor {
    const [batch = 0, length = 0] = visible.shape;
    const [heads = 0, , values = 0] = query.shape;
    const shape = [heads, batch, length, values];
    const wanted = reshape(matmul(query, table), shape);
    return matmul(wanted, transpose(reshape(key, shape), [0, 1, 3, 2]));
  }
}

/** What categorical heads are made of beside. */
export interface CategoricalHeadOptions extends HeadOptions {
  /** A predicate that names one key value a query value, or a table of scores of any size. */
  readonly kind: "predicate" | "score";
  readonly tieBreak: TieBreak;
  /** The most places. */
  readonly length: number;
  /** What scores are divided by; √V unless said. */
  readonly temperature?: number;
}

/**
 * Heads that copy a variable from one place to another: from the nearest whose key is the value that the predicate names
 * for the query's value, from the first place where there is none (section 3.2).
 */
export class CategoricalHeads extends Matching {
  readonly value: Variable;
  readonly distance: Variable | undefined;
  readonly options: CategoricalHeadOptions;

  constructor(options: CategoricalHeadOptions) {
    super(options);
    const { heads, variables, length, tieBreak } = options;
    this.value = gateLogits(heads, variables);
    this.options = options;
    if (tieBreak === "learned" && options.kind === "predicate") {
      this.distance = new Variable([heads, 2 * length]);
    }
  }

  /** `[N, R, V] -> [H, R, V]` */
  forward(stream: Tensor, { visible, choose }: HeadInputs): Tensor {
    const { heads, cardinality, kind, temperature = Math.sqrt(cardinality) } = this.options;
    const gates = concat([this.query.tensor, this.key.tensor, this.value.tensor]);
    const [query, key, value] = split(read(gates, stream, choose), 3) as [Tensor, Tensor, Tensor];
    const table = kind === "score" ? this.predicate.tensor : choose(this.predicate.tensor);
    const matches = this.match([query, key], visible, table);
    const scores = kind === "score" ? matches : this.#nearest(matches, visible);
    // The official score attention hides by less; both are far below any score.
    const allowed = where(visible, scores, NEVER);
    const attention = choose(div(allowed, temperature));
    const [batch = 0, length = 0] = visible.shape;
    const copied = matmul(attention, reshape(value, [heads, batch, length, cardinality]));
    return reshape(copied, [heads, batch * length, cardinality]);
  }

  /** The logarithm of matches plus what decides between several; the first place matches where none does. */
  #nearest(matches: Tensor, visible: Tensor): Tensor {
    const length = visible.shape[1] as number;
    const found = sum(where(visible, matches, 0), { axes: 3, keepDims: true });
    const none = relu(sub(1, div(found, add(found, SMALL))));
    const first = Array.from({ length }, (_, place) => Number(place === 0));
    const filled = add(matches, mul(none, constant(hostTensor(first, [1, 1, 1, length]))));
    if (this.options.tieBreak === "first") return log(add(div(filled, length), SMALL));
    const bias = biasOfPairs(this.distance ?? nearestBias(this.options.length), length);
    return add(log(add(filled, TINY)), bias);
  }
}

/** What numerical heads are made of beside. */
export interface NumericalHeadOptions extends HeadOptions {
  /** Numerical variables in the stream before them. */
  readonly numbers: number;
  /** Whether they always sum the first number, so that they count matches where that is 1. */
  readonly counts: boolean;
}

/** Heads that sum a number over all places whose key matches (section 3.3). */
export class NumericalHeads extends Matching {
  readonly value: Variable | undefined;
  readonly options: NumericalHeadOptions;

  constructor(options: NumericalHeadOptions) {
    super(options);
    this.options = options;
    if (!options.counts) this.value = gateLogits(options.heads, options.numbers);
  }

  /** `[N, R, V], [M, R] -> [H, R]` */
  forward(stream: Tensor, numbers: Tensor, { visible, choose }: HeadInputs): Tensor {
    const { heads } = this.options;
    const [batch = 0, length = 0] = visible.shape;
    const gates = concat([this.query.tensor, this.key.tensor]);
    const [query, key] = split(read(gates, stream, choose), 2) as [Tensor, Tensor];
    const matches = this.match([query, key], visible, choose(this.predicate.tensor));
    const summed = read(this.value?.tensor ?? this.#first(), numbers, choose);
    const seen = where(visible, matches, 0);
    const sums = matmul(seen, reshape(summed, [heads, batch, length, 1]));
    return reshape(sums, [heads, batch * length]);
  }

  /** Gates that are as good as sure of the first number. */
  #first(): Tensor {
    const { heads, numbers } = this.options;
    const logits = Array.from({ length: heads * numbers }, (_, i) =>
      i % numbers === 0 ? 10 : -10,
    );
    return constant(hostTensor(logits, [heads, numbers]));
  }
}
