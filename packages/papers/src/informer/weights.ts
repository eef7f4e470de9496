import { QuireError } from "@quire/tensor";
import { loadModel } from "@quire/train";
import { fromOfficial, type OfficialName, type State } from "../official-weights.ts";
import type { ForecastTarget } from "../tasks/forecast-target.ts";
import type { Informer, InformerOptions } from "./model.ts";

/// Names of the official code (zhouhaoyi/Informer2020, models/).
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^encoderEmbedding\./, "enc_embedding."],
  [/^decoderEmbedding\./, "dec_embedding."],
  [/^decoder\.(\d+)\.attention\./, "decoder.layers.$1.self_attention."],
  [/^decoder\.(\d+)\.contextAttention\./, "decoder.layers.$1.cross_attention."],
  [/^decoder\.(\d+)\.attentionNorm\./, "decoder.layers.$1.norm1."],
  [/^decoder\.(\d+)\.contextNorm\./, "decoder.layers.$1.norm2."],
  [/^decoder\.(\d+)\.feedForwardNorm\./, "decoder.layers.$1.norm3."],
  [/^decoder\.(\d+)\./, "decoder.layers.$1."],
  [/^decoderNorm\./, "decoder.norm."],
  [/^encoders\.(\d+)\.layers\.(\d+)\./, "encoder.encoders.$1.attn_layers.$2."],
  [/^encoders\.(\d+)\.distillings\.(\d+)\.convolution\./, "encoder.encoders.$1.conv_layers.$2."],
  [/^encoders\.(\d+)\.distillings\.(\d+)\./, "encoder.encoders.$1.conv_layers.$2."],
  [/^encoders\.(\d+)\.norm\./, "encoder.encoders.$1.norm."],
  [/\.values\.convolution\./, ".value_embedding.tokenConv."],
  [/\.times\.projection\./, ".temporal_embedding.embed."],
  [/\.times\.tables\.(\w+)\./, ".temporal_embedding.$1_embed."],
  [/(conv_layers\.\d+\.)convolution\./, "$1downConv."],
  [/\.runningMean$/, ".running_mean"],
  [/\.runningVariance$/, ".running_var"],
  [/\.attentionNorm\./, ".norm1."],
  [/\.feedForwardNorm\./, ".norm2."],
  [/\.feedForward\.expand\./, ".conv1."],
  [/\.feedForward\.contract\./, ".conv2."],
  [/ention\.(query|key|value)\./, "ention.$1_projection."],
  [/ention\.output\./, "ention.out_projection."],
];

/** What official checkpoints hold and a model computes: sines, and how many batches were normalised. */
const computed = /position_embedding\.pe$|num_batches_tracked$|_embed\.emb\.weight$/;

/**
 * The official name of each of a model's tensors.
 *
 * @param stacked Whether the names are those of the official class for several encoders; told by how many there are
 * unless said.
 */
export function officialNames(
  model: Informer,
  stacked: boolean = model.encoders.length > 1,
): OfficialName[] {
  return model.namedState().map(([ours, { shape }]) => {
    const inStack = parts.reduce(
      (name, [pattern, official]) => name.replace(pattern, official),
      ours,
    );
    const official = stacked ? inStack : inStack.replace(/^encoder\.encoders\.0\./, "encoder.");
    /// Feed-forward networks are convolutions of width 1 there.
    const isConvolution = /\.conv[12]\.weight$/.test(official);
    return { official, ours, shape, officialShape: isConvolution ? [...shape, 1] : shape };
  });
}

/**
 * Gives a model the weights of an official checkpoint, of `Informer` or of `InformerStack`.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: Informer, state: State): Promise<void> {
  const stacked = [...state.keys()].some((name) => name.startsWith("encoder.encoders."));
  const ignored = [...state.keys()].filter((name) => computed.test(name));
  await loadModel(model, fromOfficial(state, officialNames(model, stacked), ignored));
}

/** The arguments of the official classes, under their names; what is left out is what the classes take for it. */
export interface OfficialArguments {
  readonly enc_in: number;
  readonly dec_in: number;
  readonly c_out: number;
  readonly seq_len: number;
  readonly label_len: number;
  readonly out_len: number;
  readonly factor?: number;
  readonly d_model?: number;
  readonly n_heads?: number;
  /** A list makes it `InformerStack`. */
  readonly e_layers?: number | readonly number[];
  readonly d_layers?: number;
  readonly d_ff?: number;
  readonly dropout?: number;
  readonly attn?: "prob" | "full";
  readonly embed?: "timeF" | "fixed" | "learned";
  readonly freq?: string;
  readonly activation?: "gelu" | "relu";
  readonly distil?: boolean;
  readonly mix?: boolean;
}

const units: Readonly<Record<string, ForecastTarget["unit"]>> = {
  ...{ s: "second", t: "minute", h: "hour", d: "day", b: "day", w: "week", m: "month" },
};
const timesOf = { timeF: "features", fixed: "sine", learned: "learned" } as const;

/**
 * The options and the target of the system that an official class makes of its arguments.
 *
 * @throws QuireError when the decoder reads other channels than the encoder, or the frequency has no features of times.
 */
export function fromOfficialArguments(given: OfficialArguments): {
  readonly options: InformerOptions;
  readonly target: ForecastTarget;
} {
  const { enc_in: channels, dec_in: decoded, c_out: outputs } = given;
  const unit = units[given.freq ?? "h"];
  if (decoded !== channels) {
    throw new QuireError(
      `dec_in is ${decoded} and enc_in is ${channels}: the decoder starts from the encoder's channels, so give the same.`,
    );
  }
  if (!unit) {
    throw new QuireError(
      `the frequency "${given.freq}" is not known: use one of ${Object.keys(units).join(", ")}.`,
    );
  }
  const { e_layers: layers = 3 } = given;
  return {
    options: {
      ...{ width: given.d_model ?? 512, heads: given.n_heads ?? 8, hidden: given.d_ff ?? 512 },
      encoders: typeof layers === "number" ? [layers] : layers,
      ...{ decoder: given.d_layers ?? 2, start: given.label_len, attention: given.attn ?? "prob" },
      variant: {
        ...{ factor: given.factor ?? 5, distil: given.distil ?? true, mix: given.mix ?? true },
        times: timesOf[given.embed ?? "fixed"],
        ...{ activation: given.activation ?? "gelu", dropout: given.dropout ?? 0 },
      },
    },
    target: {
      ...{ context: given.seq_len, horizon: given.out_len, channels, outputs, known: 0, unit },
    },
  };
}
