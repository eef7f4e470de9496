// B sequences, T places, R = B T rows, N categorical variables, M numbers, V values of a variable, H heads

import { type Choice, Module } from "@quire/nn";
import {
  add,
  cast,
  constant,
  cumulativeSum,
  div,
  hostTensor,
  log,
  matmul,
  mul,
  pad,
  reshape,
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
  /** Whether a place holds a token, bool `[B, T]`. */
  readonly shown: Tensor;
  /** Whether a query may see a key, bool `[B, T, T]`. */
  readonly visible: Tensor;
  /** 0 where a query may see a key, far below any score where it may not. `[B, T, T]` */
  readonly hidden: Tensor;
  /** Whether queries see what stands before them only. */
  readonly causal: boolean;
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

/** So that logarithms of 0 and shares of 0 are numbers. */
const [TINY, SMALL] = [1e-20, 1e-10];

/** Heads that look for the key value that a table names for the query's value. */
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

  /** Queries turned into the values that they look for. `[H, R, V] -> [H, B, T, V]` */
  protected wanted(query: Tensor, table: Tensor, { shown }: HeadInputs): Tensor {
    return byPlace(matmul(query, table), shown);
  }
}

/** What heads read, by sequence and place. `[H, R, V] -> [H, B, T, V]` */
function byPlace(read: Tensor, { shape: [batch = 0, length = 0] }: Tensor): Tensor {
  return reshape(read, [read.shape[0] as number, batch, length, read.shape[2] as number]);
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

  /** The gates of queries, of keys and of values. `[3 H, N]` */
  gates(): readonly Tensor[] {
    return [this.query.tensor, this.key.tensor, this.value.tensor];
  }

  /** Query, key and value, `[H, R, V]` each, `-> [H, R, V]` */
  forward([query, key, value]: readonly Tensor[], inputs: HeadInputs): Tensor {
    const { heads, cardinality, kind, temperature = Math.sqrt(cardinality) } = this.options;
    const { shown, hidden, choose } = inputs;
    const table = kind === "score" ? this.predicate.tensor : choose(this.predicate.tensor);
    const wanted = this.wanted(query as Tensor, table, inputs);
    const keys = transpose(byPlace(key as Tensor, shown), [0, 1, 3, 2]);
    /// How well each key matches each query: in a program 1 or 0. `[H, B, T, T]`
    const matches = matmul(wanted, keys);
    // The official score attention hides by less; both are far below any score.
    const scores = kind === "score" ? add(matches, hidden) : this.#nearest(matches, inputs);
    const attention = choose(div(scores, temperature));
    const copied = matmul(attention, byPlace(value as Tensor, shown));
    return reshape(copied, [heads, (value as Tensor).shape[1] as number, cardinality]);
  }

  /** The logarithm of matches plus what decides between several; the first place matches where none does. */
  #nearest(matches: Tensor, { visible, hidden }: HeadInputs): Tensor {
    const length = visible.shape[1] as number;
    const found = sum(where(visible, matches, 0), { axes: 3, keepDims: true });
    // What the official 1 - found / (found + 1e-10) is, in fewer steps and without its rounding.
    const none = div(SMALL, add(found, SMALL));
    const filled = add(matches, pad(none, { before: [0, 0, 0, 0], after: [0, 0, 0, length - 1] }));
    if (this.options.tieBreak === "first") {
      return add(log(add(div(filled, length), SMALL)), hidden);
    }
    const bias = biasOfPairs(this.distance ?? nearestBias(this.options.length), length);
    return add(log(add(filled, TINY)), add(bias, hidden));
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

  /** The gates of queries and of keys. `[2 H, N]` */
  gates(): readonly Tensor[] {
    return [this.query.tensor, this.key.tensor];
  }

  /// Sums over keys are linear in them. So keys' values are counted first, `[H, B, T, V]`, and each query reads the
  /// count of the value that it looks for: the same sum, without a table of all pairs of places.
  /** Query and key, `[H, R, V]` each, and numbers, `[M, R] -> [H, R]` */
  forward([query, key]: readonly Tensor[], numbers: Tensor, inputs: HeadInputs): Tensor {
    const { shown, causal, choose } = inputs;
    const { heads } = this.options;
    const [rows] = numbers.shape.slice(1) as [number];
    const wanted = this.wanted(query as Tensor, choose(this.predicate.tensor), inputs);
    const tokens = reshape(cast(shown, "float32"), [1, rows]);
    const summed = mul(read(this.value?.tensor ?? this.#first(), numbers, choose), tokens);
    const keys = byPlace(mul(key as Tensor, reshape(summed, [heads, rows, 1])), shown);
    const counts = causal
      ? cumulativeSum(keys, { axis: 2 })
      : sum(keys, { axes: 2, keepDims: true });
    return mul(reshape(sum(mul(wanted, counts), { axes: 3 }), [heads, rows]), tokens);
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
