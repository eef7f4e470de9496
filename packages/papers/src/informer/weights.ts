import { loadModel } from "@quire/train";
import { fromOfficial, type OfficialName, type State } from "../official-weights.ts";
import type { Informer } from "./model.ts";

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
