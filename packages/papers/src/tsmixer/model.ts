// B batch, L context, H horizon, C channels, V known covariates, O forecast channels, N patches, P patch, D width

import { Dropout, inference, Linear, type Mode, Module } from "@quire/nn";
import { add, concat, dims, mean, QuireError, reshape, slice, type Tensor } from "@quire/tensor";
import { meanSquaredError } from "@quire/train";
import type { Forecaster, ForecastInputs, ForecastTarget } from "../tasks/forecast-target.ts";
import { MixerLayer } from "./mixer.ts";
import {
  firstChannels,
  type PatchSizes,
  patchCount,
  patchesOf,
  scaled,
  scaleOfWindow,
  unscaled,
} from "./patches.ts";
import { CrossChannelHead, HierarchyHead, stepsFirst } from "./reconciliation.ts";

/** How large a TSMixer is, and which of its parts it has. */
export interface TsMixerOptions {
  readonly width: number;
  /** Mixer layers. */
  readonly depth: number;
  /** Steps of a patch; all of a context that is shorter. */
  readonly patch: number;
  /**
   * Whether each channel is read by itself (CI-TSMixer), each with a mixer between channels in every layer
   * (IC-TSMixer), or all as one (V-TSMixer).
   */
  readonly channels: "independent" | "mixed" | "joint";
  /** Whether every mixer has gated attention (G). */
  readonly gated: boolean;
  /** Heads that correct the forecast: by all channels (CC), by the means of patches (H), or by both; none unless said. */
  readonly reconcile?: "none" | "channels" | "hierarchy" | "both";
  /** What is set beside the sizes; as published unless said. */
  readonly variant?: Partial<TsMixerVariant>;
}

/** What a TSMixer does in one way or another. */
export interface TsMixerVariant {
  /** Steps from the beginning of a patch to that of the next; a patch's length unless said. */
  readonly stride?: number;
  /** Width of hidden layers as a multiple of what is mixed. */
  readonly expansion: number;
  /** Steps before and after that the cross-channel head reads. */
  readonly neighbours: number;
  /** Share of hidden values and of each mixer's output that training drops. */
  readonly dropout: number;
  /** Share of the features that training drops before the head. */
  readonly headDropout: number;
}

const published: TsMixerVariant = { expansion: 2, neighbours: 1, dropout: 0.1, headDropout: 0.1 };

/** A forecast, and the means of its patches as the hierarchy head foretells them, where there is one. */
interface Said {
  /** `[B, H, O]` */
  readonly forecast: Tensor;
  /** `[B, N, O]` */
  readonly levels: Tensor | undefined;
}

/** TSMixer: MLPs that mix within patches of a series, between them and, if asked, between channels. */
export class TsMixer extends Module implements Forecaster {
  readonly embedding: Linear;
  readonly layers: readonly MixerLayer[];
  readonly dropout: Dropout;
  readonly head: Linear;
  readonly crossChannel: CrossChannelHead | undefined;
  readonly hierarchy: HierarchyHead | undefined;
  readonly target: ForecastTarget;
  readonly sizes: PatchSizes;
  readonly channels: TsMixerOptions["channels"];

  constructor(options: TsMixerOptions, target: ForecastTarget) {
    super();
    checkKnown(options, target);
    const { width, depth, channels, gated, reconcile = "none" } = options;
    const { expansion, neighbours, dropout, headDropout, ...variant } = {
      ...published,
      ...options.variant,
    };
    const { context, horizon, outputs } = target;
    const patch = Math.min(options.patch, context);
    this.sizes = { patch, stride: Math.min(variant.stride ?? patch, patch) };
    this.target = target;
    this.channels = channels;
    const isJoint = channels === "joint";
    const patches = patchCount(context, this.sizes);
    this.embedding = new Linear({ in: isJoint ? target.channels * patch : patch, out: width });
    const mixing = {
      ...{ width, patches, expansion, gated, dropout },
      ...(channels === "mixed" && { channels: target.channels }),
    };
    this.layers = Array.from({ length: depth }, () => new MixerLayer(mixing));
    this.dropout = new Dropout(headDropout);
    const features = patches * width;
    const crosses = reconcile === "channels" || reconcile === "both";
    const forecast = crosses ? target.channels : outputs;
    this.head = new Linear({ in: features, out: horizon * (isJoint ? forecast : 1) });
    this.crossChannel = crosses
      ? new CrossChannelHead({ channels: target.channels, outputs, neighbours, expansion })
      : undefined;
    this.hierarchy =
      reconcile === "hierarchy" || reconcile === "both"
        ? new HierarchyHead({ features, horizon, patch, outputs: isJoint ? outputs : 1 })
        : undefined;
  }

  /** `[B, L, C], [B, H, V] -> [B, H, O]` */
  forward(inputs: ForecastInputs, mode: Mode = inference): Tensor {
    return this.#say(inputs, mode).forecast;
  }

  /// Section 3.4: the hierarchy head learns the means that come, and those of the forecast that it bends.
  /** The squared error, with that of the means where a head foretells them. `[B, H, O] -> []` */
  loss(inputs: ForecastInputs, truth: Tensor, mode: Mode): Tensor {
    const { forecast, levels } = this.#say(inputs, mode);
    const error = meanSquaredError(forecast, truth);
    if (!levels || !this.hierarchy) return error;
    const { patch } = this.hierarchy;
    const whole = Math.floor(this.target.horizon / patch);
    const said = slice(levels, [0], [whole], { axes: [1] });
    const above = meanSquaredError(said, meansOf(truth, patch, whole));
    return add(error, add(above, meanSquaredError(meansOf(forecast, patch, whole), said)));
  }

  /** The patches as they are read, of each channel or of all as one. `[B, L, C] -> [B, S, N, P or C P]` */
  read(past: Tensor): Tensor {
    const cut = patchesOf(past, this.sizes);
    if (this.channels !== "joint") return cut;
    const { B, C, N, P } = dims(cut, "B C N P");
    // Patches of all channels side by side are those of one channel whose steps are the wider.
    const all = Array.from({ length: C }, (_, c) => channelOf(cut, c));
    return reshape(concat(all, 3), [B, 1, N, C * P]);
  }

  /** What the mixers make of the patches: a vector a channel, or one for all. `[B, L, C] -> [B, S, N D]` */
  encode(past: Tensor, mode: Mode = inference): Tensor {
    let x = this.embedding.forward(this.read(past));
    for (const layer of this.layers) x = layer.forward(x, mode);
    const { B, S, N, D } = dims(x, "B S N D");
    return reshape(x, [B, S, N * D]);
  }

  #say({ past, known }: ForecastInputs, mode: Mode): Said {
    const { outputs, channels } = this.target;
    const count = this.crossChannel ? channels : outputs;
    const scale = scaleOfWindow(past);
    const normal = scaled(past, scale);
    // What is read by itself and not forecast need not be read.
    const read = this.channels === "independent" ? leading(normal, 2, count) : normal;
    const encoded = this.dropout.forward(this.encode(read, mode), mode);
    const features = this.channels === "joint" ? encoded : leading(encoded, 1, count);
    let forecast = stepsFirst(this.head.forward(features), count);
    if (this.crossChannel) {
      forecast = this.crossChannel.forward(this.#withKnown(forecast, known, scale));
    }
    const own = firstChannels(scale, outputs);
    if (!this.hierarchy) return { forecast: unscaled(forecast, own), levels: undefined };
    const ours = this.channels === "joint" ? features : leading(features, 1, outputs);
    const levels = this.hierarchy.levels(ours, outputs);
    const bent = this.hierarchy.forward(forecast, levels);
    return { forecast: unscaled(bent, own), levels: unscaled(levels, own) };
  }

  /** What is known ahead in place of its forecast. `[B, H, C], [B, H, V] -> [B, H, C]` */
  #withKnown(forecast: Tensor, known: Tensor | undefined, scale: ReturnType<typeof scaleOfWindow>) {
    const { channels, known: ahead } = this.target;
    if (ahead === 0 || !known) return forecast;
    const of = (x: Tensor): Tensor => slice(x, [channels - ahead], [channels], { axes: [2] });
    const own = { mean: of(scale.mean), deviation: of(scale.deviation) };
    return concat([leading(forecast, 2, channels - ahead), scaled(known, own)], 2);
  }
}

/** The first places of an axis; the tensor itself where that is all of them. */
function leading(x: Tensor, axis: number, count: number): Tensor {
  return x.shape[axis] === count ? x : slice(x, [0], [count], { axes: [axis] });
}

/** `[B, C, N, P] -> [B, 1, N, P]` */
function channelOf(patches: Tensor, channel: number): Tensor {
  return slice(patches, [channel], [channel + 1], { axes: [1] });
}

/** Means of the first patches of a horizon. `[B, H, O] -> [B, N, O]` */
function meansOf(x: Tensor, patch: number, count: number): Tensor {
  const { B, O } = dims(x, "B H O");
  const whole = slice(x, [0], [count * patch], { axes: [1] });
  return mean(reshape(whole, [B, count, patch, O]), { axes: [2] });
}

function checkKnown({ reconcile = "none" }: TsMixerOptions, { known }: ForecastTarget): void {
  if (known === 0 || reconcile === "channels" || reconcile === "both") return;
  throw new QuireError(
    "tsmixer: only the cross-channel head reads columns that are known ahead; give --reconcile channels, or name them " +
      "under --covariates.",
  );
}

/** Makes a TSMixer. */
export function build(options: TsMixerOptions, target: ForecastTarget): TsMixer {
  return new TsMixer(options, target);
}
