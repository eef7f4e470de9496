// D width

import { crmsNorm, type Layer, LayerNorm, Module } from "@quire/nn";
import { full, layerNorm, rmsNorm, type Tensor } from "@quire/tensor";

/**
 * What the norms of a model are: `layer` learns a scale and a shift, as in ViT and GPT; those of the official models
 * learn nothing, since both can go into the linear layer after a norm (section 4). Of `plain crms`, vectors stand for
 * such that are longer by one.
 */
export type NormStyle = "layer" | "plain layer" | "plain rms" | "plain crms" | "none";

/** Makes a norm of a style. */
export function normOf(style: NormStyle, width: number, epsilon: number): Layer {
  return style === "layer" ? new LayerNorm({ width, epsilon }) : new PlainNorm(style, epsilon);
}

/** A norm that learns nothing. `[..., D] -> [..., D]` */
class PlainNorm extends Module implements Layer {
  readonly style: Exclude<NormStyle, "layer">;
  readonly epsilon: number;

  constructor(style: Exclude<NormStyle, "layer">, epsilon: number) {
    super();
    this.style = style;
    this.epsilon = epsilon;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Tensor): Tensor {
    const { style, epsilon } = this;
    if (style === "none") return x;
    if (style === "plain crms") return crmsNorm(x, { epsilon });
    const scale = full([x.shape.at(-1) as number], 1);
    if (style === "plain rms") return rmsNorm(x, scale, { epsilon });
    return layerNorm(x, scale, undefined, { epsilon });
  }
}
