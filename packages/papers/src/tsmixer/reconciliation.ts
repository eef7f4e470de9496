// B batch, H horizon, C channels, O forecast channels, N patches of the horizon, P patch, F features

import { Linear, Module } from "@quire/nn";
import {
  add,
  concat,
  dims,
  gelu,
  pad,
  reshape,
  slice,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { GatedAttention } from "./mixer.ts";

/** What is said for each channel by its own vector, or for all by one, step by step. `[B, S, K] -> [B, T, O]` */
export function stepsFirst(said: Tensor, outputs: number): Tensor {
  const { B, S, K } = dims(said, "B S K");
  return S === outputs
    ? transpose(said, [0, 2, 1])
    : reshape(said, [B, (S * K) / outputs, outputs]);
}

/// Section 3.4: a channel may foretell another, which a backbone that reads each by itself cannot see. Near steps of all
/// channels correct a forecast after it is made, so that channels that are noise can be gated away.
/** Corrects each step by the forecasts of all channels around it. `[B, H, C] -> [B, H, O]` */
export class CrossChannelHead extends Module {
  readonly gate: GatedAttention;
  readonly expand: Linear;
  readonly contract: Linear;
  /** Steps that are read before and after each. */
  readonly neighbours: number;

  constructor(sizes: {
    readonly channels: number;
    readonly outputs: number;
    readonly neighbours: number;
    readonly expansion: number;
  }) {
    super();
    const { channels, outputs, neighbours, expansion } = sizes;
    const around = (2 * neighbours + 1) * channels;
    this.gate = new GatedAttention(around);
    this.expand = new Linear({ in: around, out: expansion * around });
    this.contract = new Linear({ in: expansion * around, out: outputs });
    this.neighbours = neighbours;
  }

  /** `[B, H, C] -> [B, H, O]` */
  forward(forecast: Tensor): Tensor {
    const { H } = dims(forecast, "B H C");
    const { neighbours, contract } = this;
    const outputs = contract.weight.shape[0] as number;
    const wide = pad(forecast, { before: [0, neighbours, 0], after: [0, neighbours, 0] });
    const around = Array.from({ length: 2 * neighbours + 1 }, (_, first) =>
      slice(wide, [first], [first + H], { axes: [1] }),
    );
    const hidden = gelu(this.expand.forward(this.gate.forward(concat(around, 2))));
    return add(slice(forecast, [0], [outputs], { axes: [2] }), contract.forward(hidden));
  }
}

/// Section 3.4: the level of a stretch is easier to foretell than its steps. A head says it, and the steps are made to
/// follow. The paper foretells sums and divides their squared errors by P²: means are the same, in the steps' units.
/** Foretells the mean of each patch of the horizon, and bends the forecast to it. */
export class HierarchyHead extends Module {
  readonly level: Linear;
  readonly reconcile: Linear;
  /** Steps of a patch of the horizon. */
  readonly patch: number;

  constructor(sizes: {
    readonly features: number;
    readonly horizon: number;
    readonly patch: number;
    /** Channels that one vector of features stands for. */
    readonly outputs: number;
  }) {
    super();
    this.patch = Math.min(sizes.patch, sizes.horizon);
    const count = Math.ceil(sizes.horizon / this.patch);
    this.level = new Linear({ in: sizes.features, out: count * sizes.outputs });
    this.reconcile = new Linear({ in: this.patch + 1, out: this.patch });
  }

  /** The mean of each patch. `[B, S, F] -> [B, N, O]` */
  levels(features: Tensor, outputs: number): Tensor {
    return stepsFirst(this.level.forward(features), outputs);
  }

  /** `[B, H, O], [B, N, O] -> [B, H, O]` */
  forward(forecast: Tensor, levels: Tensor): Tensor {
    const { B, H, O } = dims(forecast, "B H O");
    const { patch } = this;
    const N = levels.shape[1] as number;
    // A last patch that the horizon does not fill is filled with zeros, which are cut off again.
    const whole = pad(forecast, { before: [0, 0, 0], after: [0, N * patch - H, 0] });
    const steps = reshape(transpose(whole, [0, 2, 1]), [B, O, N, patch]);
    const level = reshape(transpose(levels, [0, 2, 1]), [B, O, N, 1]);
    const bent = reshape(this.reconcile.forward(concat([steps, level], 3)), [B, O, N * patch]);
    return slice(transpose(bent, [0, 2, 1]), [0], [H], { axes: [1] });
  }
}
