// P processes, B batch, T length, D width, V vocabulary, N a process's share of it

import {
  add,
  arange,
  cast,
  div,
  embedding,
  exp,
  gatherElements,
  gatherOverGroup,
  greaterEqual,
  type Initializer,
  less,
  log,
  logicalAnd,
  matmul,
  max,
  maximum,
  maxOverGroup,
  mean,
  reshape,
  slice,
  stopGradient,
  sub,
  sum,
  sumOverGroup,
  type Tensor,
  unsqueeze,
  Variable,
  where,
} from "@quire/tensor";
import { Module } from "../module.ts";
import type { Division } from "./division.ts";
import { markShard, partOfInitial, partShape, type Shard } from "./shard.ts";

/** What a divided table of vectors is made of. */
export interface VocabularyOptions {
  /** How many tokens there are. */
  readonly count: number;
  readonly width: number;
  readonly initial: Initializer;
  readonly division: Division;
  /** Whether every token's score has a number added; false unless said. */
  readonly bias?: boolean;
}

/** The rows that a process has are a multiple of it (Shoeybi et al. 2019, section 4). */
const MULTIPLE = 128;

/** What a logit is that stands for no token: its exponential is 0. */
const NO_TOKEN = -1e30;

/**
 * Vectors of tokens, each process with its share of the vocabulary, and the scores of tokens by the same vectors
 * (Shoeybi et al. 2019, section 3). Rows are filled up so that every process has as many, a multiple of 128.
 */
export class DividedVocabulary extends Module {
  /** `[N, D]` */
  readonly weight: Variable;
  /** `[N]` */
  readonly bias: Variable | undefined;
  /** How many tokens there are. */
  readonly count: number;
  readonly #division: Division;

  constructor({ count, width, initial, division, bias = false }: VocabularyOptions) {
    super();
    const { group } = division;
    const share = MULTIPLE * Math.ceil(count / (MULTIPLE * group.size));
    const shard: Shard = { group, axis: 0, whole: [count, width], share };
    this.weight = new Variable(partShape(shard), { initial: partOfInitial(shard, initial) });
    this.bias = bias ? new Variable([share]) : undefined;
    this.count = count;
    this.#division = division;
    markShard(this.weight, shard);
    if (this.bias) markShard(this.bias, { ...shard, whole: [count] });
  }

  /** The vectors of ids. `[B, T] -> [B, T (/ P), D]` */
  forward(ids: Tensor): Tensor {
    const { rows, isOwn } = this.#own(ids);
    const vectors = where(unsqueeze(isOwn, [-1]), embedding(this.weight, rows), 0);
    return this.#division.leave(vectors);
  }

  /** The scores of a process's share of the tokens. `[B, T (/ P), D] -> [B, T, N]` */
  scores(x: Tensor): Tensor {
    const products = matmul(this.#division.enter(x), this.weight, { transposeB: true });
    const scores = this.bias ? add(products, this.bias) : products;
    const isToken = less(add(arange(this.#share), this.#start), this.count);
    return where(isToken, scores, NO_TOKEN);
  }

  /** The scores of all tokens, which every process gets. `[B, T, N] -> [B, T, V]` */
  allScores(scores: Tensor): Tensor {
    const all = gatherOverGroup(scores, this.#division.group, -1);
    return slice(all, [0], [this.count], { axes: [-1] });
  }

  /**
   * The mean cross-entropy of labels and a process's share of the scores. Only the largest score, the sum of exponentials
   * and the label's score of each token are exchanged, not the scores (Shoeybi et al. 2019, section 3); where `counts` is
   * false, a label does not count. `[B, T, N], [B, T] -> []`
   */
  crossEntropy(scores: Tensor, labels: Tensor, counts?: Tensor): Tensor {
    const { group } = this.#division;
    const largest = maxOverGroup(max(stopGradient(scores), { axes: -1 }), group);
    const moved = sub(scores, unsqueeze(largest, [-1]));
    const total = sumOverGroup(sum(exp(moved), { axes: -1 }), group);
    const { rows, isOwn } = this.#own(labels);
    const score = reshape(gatherElements(moved, unsqueeze(rows, [-1]), -1), labels.shape);
    const label = sumOverGroup(where(isOwn, score, 0), group);
    const losses = sub(log(total), label);
    if (!counts) return mean(losses);
    return div(sum(where(counts, losses, 0)), maximum(sum(cast(counts, "float32")), 1));
  }

  get #share(): number {
    return this.weight.shape[0] as number;
  }

  get #start(): number {
    return this.#share * this.#division.group.rank;
  }

  /** The rows of ids in this process's share; 0 where the id is another's. */
  #own(ids: Tensor): { readonly rows: Tensor; readonly isOwn: Tensor } {
    const rows = sub(ids, this.#start);
    const isOwn = logicalAnd(greaterEqual(rows, 0), less(rows, this.#share));
    return { rows: where(isOwn, rows, 0), isOwn };
  }
}
