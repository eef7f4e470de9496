// B batch, C channels, T tokens

import { type Layer, type MatrixLstmForm, type Mode, Module, VisionLstmBlock } from "@quire/nn";
import { reshape, type Tensor, transpose } from "@quire/tensor";

/** What reads a level of the U-Net as a row of tokens is made of. */
export interface MixerOptions {
  /** Channels of the level. */
  readonly channels: number;
  /** Its places, all axes together. */
  readonly places: number;
  /** What is a token: a place with its channels, or, where there are fewer places than channels, a channel. */
  readonly tokens: "places" | "channels";
  /** How the memory is computed; in chunks unless said. */
  readonly form?: MatrixLstmForm;
}

/** A level of the U-Net read as a row of tokens by a block of Vision-LSTM. `[B, C, ...space]`, the same */
export class TokenMixer extends Module implements Layer {
  readonly block: VisionLstmBlock;
  readonly tokens: MixerOptions["tokens"];

  constructor({ channels, places, tokens, form }: MixerOptions) {
    super();
    const width = tokens === "places" ? channels : places;
    // Released code: blocks and heads of two where four do not divide the width.
    const heads = width % 4 === 0 ? 4 : 2;
    const memory = form === undefined ? {} : { memory: { form } };
    /// Section 3.2 has both directions take turns; the released networks read all blocks from the first place on.
    this.block = new VisionLstmBlock({ width, direction: "forward", layer: { heads, ...memory } });
    this.tokens = tokens;
  }

  /** `[B, C, ...space] -> [B, C, ...space]` */
  forward(x: Tensor, mode?: Mode): Tensor {
    const [batch, channels, ...space] = x.shape as [number, number, ...number[]];
    const places = space.reduce((product, length) => product * length, 1);
    const flat = reshape(x, [batch, channels, places]);
    const isTurned = this.tokens === "places";
    const turned = (tokens: Tensor): Tensor => (isTurned ? transpose(tokens, [0, 2, 1]) : tokens);
    return reshape(turned(this.block.forward(turned(flat), mode)), x.shape);
  }
}
