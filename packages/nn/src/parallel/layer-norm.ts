import { layerNorm, type Tensor } from "@quire/tensor";
import { LayerNorm, type LayerNormOptions } from "../layer-norm.ts";
import type { Division } from "./division.ts";

/** Layer normalisation that every process has whole, of its own positions where they are divided. `[..., D] -> [..., D]` */
export class HeldLayerNorm extends LayerNorm {
  readonly #division: Division;

  constructor({ division, ...options }: LayerNormOptions & { readonly division: Division }) {
    super(options);
    this.#division = division;
  }

  /** `[..., D] -> [..., D]` */
  override forward(x: Tensor): Tensor {
    const [weight, bias] = [this.weight, this.bias].map(
      (held) => held && this.#division.held(held),
    );
    return layerNorm(x, weight as Tensor, bias, { epsilon: this.epsilon });
  }
}
