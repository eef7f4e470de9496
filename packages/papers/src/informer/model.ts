// B batch, T length, L context, H horizon, P start, C channels, D width

import {
  BatchNorm,
  CalendarEmbedding,
  Convolution,
  Dropout,
  FeedForward,
  inference,
  kaimingNormal,
  LayerNorm,
  Linear,
  type Mode,
  Module,
  SinePositions,
  TimeFeatures,
} from "@quire/nn";
import {
  add,
  concat,
  dims,
  elu,
  full,
  gelu,
  type Initializer,
  maxPool,
  QuireError,
  relu,
  slice,
  type Tensor,
  transpose,
} from "@quire/tensor";
import type { Forecaster, ForecastInputs, ForecastTarget } from "../tasks/forecast-target.ts";
import { InformerAttention } from "./attention.ts";

/** How large an Informer is, and which of its parts it has. */
export interface InformerOptions {
  readonly width: number;
  readonly heads: number;
  /** Layers of each encoder: one reads all of the past, the next its last half, the next its last quarter. */
  readonly encoders: readonly number[];
  /** Layers of the decoder. */
  readonly decoder: number;
  /** Width of the feed-forward networks' hidden layer. */
  readonly hidden: number;
  /** Last steps of the past that the decoder starts from; all of a context that is shorter. */
  readonly start: number;
  /** ProbSparse or full attention of the past and of the decoder to itself; ProbSparse unless said. */
  readonly attention?: "prob" | "full";
  /** What is set beside the sizes; as published unless said. */
  readonly variant?: Partial<InformerVariant>;
}

/** What an Informer does in one way or another. */
export interface InformerVariant {
  /** c of ProbSparse attention. */
  readonly factor: number;
  /** Whether the length is halved between an encoder's layers. */
  readonly distil: boolean;
  /** Whether the decoder's own attention mixes heads and positions. */
  readonly mix: boolean;
  /** How times are embedded: a linear layer of features, or vectors of calendar values. */
  readonly times: "features" | "learned" | "sine";
  readonly activation: "gelu" | "relu";
  readonly dropout: number;
}

/** As the official command has it unless told otherwise. */
const published: InformerVariant = {
  factor: 5,
  distil: true,
  mix: true,
  times: "features",
  activation: "gelu",
  dropout: 0.05,
};

/** Options with all of their variant. */
type Whole = InformerOptions & { readonly variant: InformerVariant };

/** A convolution of width 3 over a series whose ends meet. `[B, T, C] -> [B, T, D]` */
export class CircularConvolution extends Module {
  readonly convolution: Convolution;

  constructor(channels: number, width: number, initial?: Initializer) {
    super();
    const shape = { in: channels, out: width, kernel: [3] };
    this.convolution = new Convolution({ ...shape, ...(initial && { initial }) });
  }

  /** `[B, T, C] -> [B, D, T]`: channels first, as what follows takes them. */
  forward(x: Tensor): Tensor {
    const { T } = dims(x, "B T C");
    const last = slice(x, [T - 1], [T], { axes: [1] });
    const first = slice(x, [0], [1], { axes: [1] });
    return this.convolution.forward(transpose(concat([last, x, first], 1), [0, 2, 1]));
  }
}

/// Appendix B: values by a convolution, fixed sines of the place, and what the calendar says, summed.
/** Makes vectors of a series' values and times. `[B, T, C], [B, T, 8] -> [B, T, D]` */
export class SeriesEmbedding extends Module {
  readonly values: CircularConvolution;
  readonly positions: SinePositions;
  readonly times: TimeFeatures | CalendarEmbedding;
  readonly dropout: Dropout;

  constructor({ width, variant }: Whole, { channels, unit }: ForecastTarget, length: number) {
    super();
    this.values = new CircularConvolution(channels, width, kaimingNormal);
    this.positions = new SinePositions({ length, width });
    this.times =
      variant.times === "features"
        ? new TimeFeatures({ width, unit })
        : new CalendarEmbedding({ width, unit, vectors: variant.times });
    this.dropout = new Dropout(variant.dropout);
  }

  /** `[B, T, C], [B, T, 8] -> [B, T, D]` */
  forward(values: Tensor, calendar: Tensor, mode: Mode = inference): Tensor {
    const embedded = transpose(this.values.forward(values), [0, 2, 1]);
    const timed = add(this.positions.forward(embedded), this.times.forward(calendar));
    return this.dropout.forward(timed, mode);
  }
}

/// Section 3.3, eq. 5: what ProbSparse attention leaves is redundant, for lazy queries all hold one mean; so a
/// convolution and a maximum keep the stronger half.
/** Halves the length. `[B, T, D] -> [B, T / 2, D]` */
export class Distilling extends Module {
  readonly convolution: CircularConvolution;
  readonly norm: BatchNorm;

  constructor(width: number) {
    super();
    this.convolution = new CircularConvolution(width, width);
    this.norm = new BatchNorm({ channels: width });
  }

  /** `[B, T, D] -> [B, T / 2, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const normed = this.norm.forward(this.convolution.forward(x), mode);
    return transpose(maxPool(elu(normed), { kernel: 3, stride: 2, padding: 1 }), [0, 2, 1]);
  }
}

/** Attention and a feed-forward network, each added and then normalised. `[B, T, D] -> [B, T, D]` */
export class InformerLayer extends Module {
  readonly attention: InformerAttention;
  readonly attentionNorm: LayerNorm;
  readonly contextAttention: InformerAttention | undefined;
  readonly contextNorm: LayerNorm | undefined;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(options: Whole, side: "encoder" | "decoder") {
    super();
    const { width, heads, hidden, variant } = options;
    const { attention = "prob" } = options;
    const { factor, mix, activation, dropout } = variant;
    const isDecoder = side === "decoder";
    const shared = { width, heads, factor, dropout };
    const own = { kind: attention, causal: isDecoder, mix: isDecoder && mix };
    this.attention = new InformerAttention({ ...shared, ...own });
    this.attentionNorm = new LayerNorm({ width });
    if (isDecoder) {
      /// Table 7: the decoder attends to the encoder in full.
      const across = { kind: "full", causal: false, mix: false } as const;
      this.contextAttention = new InformerAttention({ ...shared, ...across });
      this.contextNorm = new LayerNorm({ width });
    }
    const active = activation === "gelu" ? gelu : relu;
    this.feedForward = new FeedForward({
      ...{ width, ratio: hidden / width, activation: active, dropout },
    });
    this.feedForwardNorm = new LayerNorm({ width });
    this.dropout = new Dropout(dropout);
  }

  /** `[B, T, D], [B, S, D] -> [B, T, D]` */
  forward(x: Tensor, context: Tensor | undefined, mode: Mode = inference): Tensor {
    const { attention, contextAttention, contextNorm, feedForward } = this;
    const added = (to: Tensor, branch: Tensor): Tensor =>
      add(to, this.dropout.forward(branch, mode));
    let y = this.attentionNorm.forward(added(x, attention.forward(x, x, mode)));
    if (contextAttention && contextNorm && context) {
      y = contextNorm.forward(added(y, contextAttention.forward(y, context, mode)));
    }
    return this.feedForwardNorm.forward(added(y, feedForward.forward(y, mode)));
  }
}

/** Layers with halvings between them. `[B, T, D] -> [B, T / 2ⁿ, D]` */
export class InformerEncoder extends Module {
  readonly layers: readonly InformerLayer[];
  readonly distillings: readonly Distilling[];
  readonly norm: LayerNorm;

  constructor(options: Whole, depth: number) {
    super();
    const { width, variant } = options;
    this.layers = Array.from({ length: depth }, () => new InformerLayer(options, "encoder"));
    this.distillings = variant.distil
      ? Array.from({ length: depth - 1 }, () => new Distilling(width))
      : [];
    this.norm = new LayerNorm({ width });
  }

  /** `[B, T, D] -> [B, T / 2ⁿ, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    let y = x;
    for (const [place, layer] of this.layers.entries()) {
      y = layer.forward(y, undefined, mode);
      y = this.distillings[place]?.forward(y, mode) ?? y;
    }
    return this.norm.forward(y);
  }
}

/** Informer: reads a long past, and says the whole future in one pass. */
export class Informer extends Module implements Forecaster {
  readonly encoderEmbedding: SeriesEmbedding;
  readonly decoderEmbedding: SeriesEmbedding;
  readonly encoders: readonly InformerEncoder[];
  readonly decoder: readonly InformerLayer[];
  readonly decoderNorm: LayerNorm;
  readonly projection: Linear;
  readonly target: ForecastTarget;
  /** Steps of the past that the decoder starts from. */
  readonly start: number;

  constructor(options: InformerOptions, target: ForecastTarget) {
    super();
    checkSizes(options, target);
    const whole = { ...options, variant: { ...published, ...options.variant } };
    const { context, horizon, outputs } = target;
    this.start = Math.min(options.start, context);
    this.encoderEmbedding = new SeriesEmbedding(whole, target, context);
    this.decoderEmbedding = new SeriesEmbedding(whole, target, this.start + horizon);
    this.encoders = options.encoders.map((depth) => new InformerEncoder(whole, depth));
    this.decoder = Array.from(
      { length: options.decoder },
      () => new InformerLayer(whole, "decoder"),
    );
    this.decoderNorm = new LayerNorm({ width: options.width });
    this.projection = new Linear({ in: options.width, out: outputs });
    this.target = target;
  }

  /** `[B, L, C], [B, L + H, 8], [B, H, V] -> [B, H, O]` */
  forward(inputs: ForecastInputs, mode: Mode = inference): Tensor {
    const { context, horizon } = this.target;
    const ahead = slice(inputs.calendar, [context - this.start], [context + horizon], {
      axes: [1],
    });
    const memory = this.encode(inputs, mode);
    return this.decode(this.#begun(inputs), ahead, memory, mode);
  }

  /// Section 3.3: replicas with halved inputs, one layer fewer each so that their outputs align, concatenated.
  /** What the encoders make of the past. `[B, L, C], [B, L + H, 8] -> [B, S, D]` */
  encode({ past, calendar }: ForecastInputs, mode: Mode = inference): Tensor {
    const { context } = this.target;
    const times = slice(calendar, [0], [context], { axes: [1] });
    const embedded = this.encoderEmbedding.forward(past, times, mode);
    const made = this.encoders.map((encoder, i) => {
      const kept = Math.floor(context / 2 ** i);
      return encoder.forward(slice(embedded, [context - kept], [context], { axes: [1] }), mode);
    });
    return made.length === 1 ? (made[0] as Tensor) : concat(made, 1);
  }

  /**
   * The forecast of the last steps of what the decoder is given. `[B, P + N, C], [B, P + N, 8], [B, S, D] -> [B, N, O]`
   */
  decode(values: Tensor, calendar: Tensor, memory: Tensor, mode: Mode = inference): Tensor {
    let y = this.decoderEmbedding.forward(values, calendar, mode);
    for (const layer of this.decoder) y = layer.forward(y, memory, mode);
    const length = y.shape[1] as number;
    const said = this.projection.forward(this.decoderNorm.forward(y));
    return slice(said, [this.start], [length], { axes: [1] });
  }

  /// Section 3.4, eq. 6: known steps stand where language models have a start token, zeros where the forecast goes;
  /// one pass fills them all, so that no error is carried from step to step.
  /** What the decoder is given: the end of the past, then zeros but for what is known. `-> [B, P + H, C]` */
  #begun({ past, known }: ForecastInputs): Tensor {
    const { context, horizon, channels, known: ahead } = this.target;
    const { B } = dims(past, "B L C");
    const start = slice(past, [context - this.start], [context], { axes: [1] });
    const empty = full([B, horizon, channels - ahead], 0);
    const future = ahead > 0 && known ? concat([empty, known], 2) : empty;
    return concat([start, future], 1);
  }
}

function checkSizes({ width, heads, encoders }: InformerOptions, { context }: ForecastTarget) {
  if (!Number.isInteger(width / heads)) {
    throw new QuireError(
      `informer: the width ${width} does not divide into ${heads} heads; change one.`,
    );
  }
  const least = 2 ** (Math.max(...encoders.map((depth, i) => depth + i)) - 1);
  if (context >= least) return;
  throw new QuireError(
    `informer: ${Math.max(...encoders)} encoder layers halve the past too often for a context of ${context}; ` +
      `give at least ${least} steps.`,
  );
}

/** Makes an Informer. */
export function build(options: InformerOptions, target: ForecastTarget): Informer {
  return new Informer(options, target);
}
