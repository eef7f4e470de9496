// B batch, T length, H heads, K width of a head

import {
  arange,
  cast,
  constant,
  cos,
  hostTensor,
  mul,
  type RotaryLayout,
  rotate,
  sin,
  type Tensor,
  unsqueeze,
} from "@quire/tensor";

/** How positions turn queries and keys. */
export interface RotaryOptions {
  /** The slowest plane turns by about one over this a token; 10000 unless said. */
  readonly base?: number;
  /** Which values make a plane: a head's two halves, unless said, or neighbours. */
  readonly layout?: RotaryLayout;
}

/** Turns queries and keys by their positions, so that their products depend on the distance alone. */
export interface Rotary {
  /** `[B, T, H K] -> [B, T, H K]`; positions are int32 `[B, T]`, or 0, 1, ... unless given. */
  forward(x: Tensor, headWidth: number, positions?: Tensor): Tensor;
}

/** Rotary position embedding (Su et al. 2021, section 3.2.2). */
export function rotary({ base = 10_000, layout = "halves" }: RotaryOptions = {}): Rotary {
  return {
    forward(x, headWidth, positions = unsqueeze(arange(x.shape[1] as number), [0])) {
      const half = headWidth / 2;
      const speeds = Array.from({ length: half }, (_, i) => base ** (-i / half));
      const at = unsqueeze(cast(positions, "float32"), [2]);
      const angles = mul(at, constant(hostTensor(speeds, [half])));
      return rotate(x, cos(angles), sin(angles), layout);
    },
  };
}
