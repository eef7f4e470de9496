// B batch, N places, L caption tokens, D width

import {
  Attention,
  adaptiveNorm,
  FeedForward,
  fused,
  inference,
  type Mode,
  Modulation,
  ModulationTable,
  Module,
  modulationParts,
  StochasticDepth,
  separate,
  xavierUniform,
} from "@quire/nn";
import { add, geluTanh, type Initializer, mul, type Tensor } from "@quire/tensor";

/** How time changes what blocks do: adaLN-single, adaLN of each block, or not at all. */
export type ModulationKind = "single" | "block" | "none";

/** What a block is made of. */
export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  readonly ratio: number;
  readonly modulation: ModulationKind;
  /** Whether it attends to captions. */
  readonly captions: boolean;
  readonly stochasticDepth: number;
}

/** Captions as blocks attend to them. */
export interface CaptionStates {
  /** `[B, L, D]` */
  readonly states: Tensor;
  /** Which tokens are none of padding, bool `[B, 1, 1, L]`. */
  readonly mask?: Tensor;
}

/** What all blocks are told of time: the shared vectors `[B, 6 D]` of adaLN-single, or the condition `[B, D]` itself. */
export type TimeSignal = Tensor | undefined;

const PARTS = 6;

const zeros: Initializer = (data) => {
  data.fill(0);
};

/** A transformer block that time modulates and that looks at a caption. `[B, N, D] -> [B, N, D]` */
export class DiffusionBlock extends Module {
  readonly modulation: Modulation | ModulationTable;
  readonly attention: Attention;
  readonly captionAttention: Attention | undefined;
  readonly feedForward: FeedForward;
  readonly stochasticDepth: StochasticDepth;
  readonly kind: ModulationKind;

  constructor({ width, heads, ratio, modulation, captions, stochasticDepth }: BlockOptions) {
    super();
    const initial = xavierUniform;
    const six = { width, parts: PARTS };
    this.modulation = modulation === "block" ? new Modulation(six) : new ModulationTable(six);
    this.attention = new Attention({ width, heads, projections: fused({ initial }) });
    /// section 2.3: the output of the attention to the text begins at zero, so that a prior's weights give what they gave.
    const projections = separate({ initial, initialOutput: zeros });
    this.captionAttention = captions ? new Attention({ width, heads, projections }) : undefined;
    this.feedForward = new FeedForward({ width, ratio, activation: geluTanh, initial });
    this.stochasticDepth = new StochasticDepth(stochasticDepth);
    this.kind = modulation;
  }

  /** `[B, N, D] -> [B, N, D]` */
  forward(
    x: Tensor,
    time: TimeSignal,
    captions: CaptionStates | undefined,
    mode: Mode = inference,
  ): Tensor {
    const [shift1, scale1, gate1, shift2, scale2, gate2] = modulationParts(
      vectorsOf(this.modulation, time),
      PARTS,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const gated = (gate: Tensor, branch: Tensor): Tensor =>
      this.stochasticDepth.forward(mul(gate, branch), mode);
    const own = adaptiveNorm(x, { shift: shift1, scale: scale1 });
    let y = add(x, gated(gate1, this.attention.forward(own, mode)));
    /// Figure 4: neither a norm before nor a gate after the attention to the caption.
    if (this.captionAttention && captions) {
      const { states: context, mask } = captions;
      const given = { context, ...(mask && { mask }) };
      y = add(y, this.captionAttention.forward(y, mode, given));
    }
    const hidden = adaptiveNorm(y, { shift: shift2, scale: scale2 });
    return add(y, gated(gate2, this.feedForward.forward(hidden, mode)));
  }
}

/** A modulation's vectors for a time, or those that know of none. */
export function vectorsOf(modulation: Modulation | ModulationTable, time: TimeSignal): Tensor {
  if (time !== undefined) return modulation.forward(time);
  if (modulation instanceof ModulationTable) return modulation.alone();
  throw new Error("A block's own adaLN needs a condition.");
}
