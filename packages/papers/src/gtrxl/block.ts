// B batch, T steps, M remembered steps, D width

import { LayerNorm, Linear, Module, RelativeAttention } from "@quire/nn";
import { concat, relu, slice, type Tensor } from "@quire/tensor";
import { type Gate, type GateKind, gate } from "./gates.ts";

/** Where norms stand: on what sub-modules read, so that the stream passes untouched, or on the stream itself. */
export type NormPlace = "input" | "stream";

/** What a block is made of. */
export interface BlockOptions {
  readonly width: number;
  readonly heads: number | { readonly count: number; readonly width: number };
  /** Width of the hidden layer. */
  readonly feedForward: number;
  /** How many steps back a query sees. */
  readonly memory: number;
  readonly norm: NormPlace;
  readonly gate: GateKind;
  readonly gateBias?: number;
}

/** One layer of a gated Transformer-XL, or of one of its ablations (section 3, figure 1). */
export class Block extends Module {
  readonly attention: RelativeAttention;
  readonly expand: Linear;
  readonly contract: Linear;
  readonly attentionNorm: LayerNorm;
  readonly feedForwardNorm: LayerNorm;
  readonly attentionGate: Gate;
  readonly feedForwardGate: Gate;
  readonly norm: NormPlace;

  constructor(options: BlockOptions) {
    super();
    const { width, heads, feedForward, memory, norm, gate: kind, gateBias } = options;
    const bias = gateBias === undefined ? {} : { bias: gateBias };
    this.attention = new RelativeAttention({ width, heads, furthest: memory });
    this.expand = new Linear({ in: width, out: feedForward });
    this.contract = new Linear({ in: feedForward, out: width });
    this.attentionNorm = new LayerNorm({ width });
    this.feedForwardNorm = new LayerNorm({ width });
    this.attentionGate = gate({ kind, width, ...bias });
    this.feedForwardGate = gate({ kind, width, ...bias });
    this.norm = norm;
  }

  /**
   * `[B, T, D], [B, M, D] -> [B, T, D]`
   *
   * @param memory What this layer read in the steps before.
   * @param mask True where a step may see a step. `[B, 1, T, M + T]`
   */
  forward(x: Tensor, memory: Tensor, mask: Tensor): Tensor {
    return this.norm === "input"
      ? this.#normedInputs(x, memory, mask)
      : this.#normedStream(x, memory, mask);
  }

  /// Section 3.1, identity map reordering. Two linear layers would follow each other without the ReLUs, which stand
  /// before each connection.
  #normedInputs(x: Tensor, memory: Tensor, mask: Tensor): Tensor {
    const remembered = this.attentionNorm.forward(concat([memory, x], 1));
    const [kept, all] = [memory.shape[1] as number, remembered.shape[1] as number];
    const own = slice(remembered, [kept], [all], { axes: [1] });
    const attended = relu(this.attention.forward(own, remembered, mask));
    const between = this.attentionGate.forward(x, attended);
    const passed = relu(this.#feedForward(this.feedForwardNorm.forward(between)));
    return this.feedForwardGate.forward(between, passed);
  }

  /// Section 2.2: the canonical block, whose norms stand on the stream itself.
  #normedStream(x: Tensor, memory: Tensor, mask: Tensor): Tensor {
    const attended = this.attention.forward(x, concat([memory, x], 1), mask);
    const between = this.attentionNorm.forward(this.attentionGate.forward(x, attended));
    const passed = this.#feedForward(between);
    return this.feedForwardNorm.forward(this.feedForwardGate.forward(between, passed));
  }

  #feedForward(x: Tensor): Tensor {
    return this.contract.forward(relu(this.expand.forward(x)));
  }
}
