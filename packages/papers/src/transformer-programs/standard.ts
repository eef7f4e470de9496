// B sequences, T places, D width, L labels

import {
  countParameters,
  Embedding,
  Encoder,
  inference,
  LearnedPositions,
  Linear,
  type Mode,
  Module,
  normal,
} from "@quire/nn";
import {
  causalMask,
  div,
  logicalAnd,
  mul,
  notEqual,
  relu,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from "@quire/tensor";
import { PADDING, type SequenceNetwork, type SequenceTarget } from "../tasks/sequence-target.ts";

/** How large a standard transformer is; its feed-forward networks are twice as wide. */
export interface StandardOptions {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** 0 unless said. */
  readonly dropout?: number;
}

/** The paper's baseline: an encoder with pre-norm and learned positions, which labels as the program does. */
export class StandardTransformer extends Module implements SequenceNetwork {
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;
  readonly labels: Linear;
  readonly target: SequenceTarget;

  constructor({ width, depth, heads, dropout = 0 }: StandardOptions, target: SequenceTarget) {
    super();
    const initial = normal(1 / Math.sqrt(width));
    this.tokens = new Embedding({ count: target.vocabulary, width, initial });
    this.positions = new LearnedPositions({ length: target.length, width, initial });
    this.encoder = new Encoder({
      depth,
      block: { width, attention: { heads }, feedForward: { ratio: 2, activation: relu }, dropout },
    });
    this.labels = new Linear({ in: width, out: target.labels, bias: false });
    this.target = target;
  }

  /** `[B, T] -> [B, T, L]`, or `[B, T] -> [B, 1, L]` */
  forward(ids: Tensor, mode: Mode = inference): Tensor {
    const shown = notEqual(ids, PADDING);
    const keys = unsqueeze(shown, [1, 2]);
    const mask = this.target.causal ? logicalAnd(keys, causalMask(ids.shape[1] as number)) : keys;
    const x = mul(this.tokens.forward(ids), Math.sqrt(this.tokens.weight.shape[1] as number));
    const y = this.encoder.forward(this.positions.forward(x), mode, { mask });
    if (this.target.kind === "tagging") return this.labels.forward(y);
    const kept = where(unsqueeze(shown, [2]), y, 0);
    const pooled = div(sum(kept, { axes: 1, keepDims: true }), ids.shape[1] as number);
    return this.labels.forward(pooled);
  }
}

/** A standard transformer's options whose parameters are nearest to a number. */
export function standardOptions(
  parameters: number,
  { depth, heads }: Pick<StandardOptions, "depth" | "heads">,
  target: SequenceTarget,
): StandardOptions {
  const made = (width: number): StandardOptions => ({ width, depth, heads });
  const distance = (width: number): number =>
    Math.abs(countParameters(new StandardTransformer(made(width), target)) - parameters);
  let best = heads;
  for (let width = heads; width <= 512; width += heads) {
    if (distance(width) < distance(best)) best = width;
  }
  return made(best);
}
