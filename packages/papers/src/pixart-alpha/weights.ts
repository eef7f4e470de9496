// D width, K width of captions' states, L caption tokens

import { type HostTensor, hostTensor, QuireError } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import { DiffusionTransformer, type DiffusionTransformerOptions } from "./transformer.ts";

/** Our paths and the official names, part by part. */
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^patches\.projection\./, "x_embedder.proj."],
  [/^time\.first\./, "t_embedder.mlp.0."],
  [/^time\.second\./, "t_embedder.mlp.2."],
  [/^size\.first\./, "csize_embedder.mlp.0."],
  [/^size\.second\./, "csize_embedder.mlp.2."],
  [/^aspect\.first\./, "ar_embedder.mlp.0."],
  [/^aspect\.second\./, "ar_embedder.mlp.2."],
  [/^shared\.linear\./, "t_block.1."],
  [/^captionIn\./, "y_embedder.y_proj.fc1."],
  [/^captionOut\./, "y_embedder.y_proj.fc2."],
  [/^nothing$/, "y_embedder.y_embedding"],
  [/^blocks\.(\d+)\.modulation\.weight$/, "blocks.$1.scale_shift_table"],
  [/^blocks\.(\d+)\.attention\.queryKeyValue\./, "blocks.$1.attn.qkv."],
  [/^blocks\.(\d+)\.attention\.output\./, "blocks.$1.attn.proj."],
  [/^blocks\.(\d+)\.captionAttention\.query\./, "blocks.$1.cross_attn.q_linear."],
  [/^blocks\.(\d+)\.captionAttention\.keyValue\./, "blocks.$1.cross_attn.kv_linear."],
  [/^blocks\.(\d+)\.captionAttention\.output\./, "blocks.$1.cross_attn.proj."],
  [/^blocks\.(\d+)\.feedForward\.expand\./, "blocks.$1.mlp.fc1."],
  [/^blocks\.(\d+)\.feedForward\.contract\./, "blocks.$1.mlp.fc2."],
  [/^last\.weight$/, "final_layer.scale_shift_table"],
  [/^head\./, "final_layer.linear."],
];

/** Where ours has keys and values apart, and the official code one layer of both. */
const PAIR = /^(blocks\.\d+\.captionAttention)\.(key|value)\.(weight|bias)$/;

/** The official names and ours, of which keys and values are one. */
function officialNames(state: State): OfficialName[] {
  const names = new Map<string, readonly number[]>();
  for (const [path, { shape }] of state) {
    const [, block, part, kind] = PAIR.exec(path) ?? [];
    if (block === undefined) names.set(path, shape);
    else if (part === "key") names.set(`${block}.keyValue.${kind}`, doubled(shape));
  }
  return [...names].map(([ours, shape]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    return { ours, official: ours.replace(...part), shape, officialShape: shape };
  });
}

function doubled([rows = 0, ...rest]: readonly number[]): number[] {
  return [2 * rows, ...rest];
}

/** What is computed, and what the official code makes and does not use. */
const UNUSED = /^pos_embed$|^blocks\.\d+\.attn\.rel_pos_[hw]$/;

/**
 * Gives a transformer the weights of an official checkpoint. Positions are computed, and relative ones, which the official
 * attention makes and does not use, are passed over.
 *
 * @throws QuireError that lists what does not fit; the transformer is unchanged then.
 */
export async function loadOfficial(model: DiffusionTransformer, state: State): Promise<void> {
  checkKind(model);
  const names = officialNames(await modelTensors(model));
  const ignored = [...state.keys()].filter((name) => UNUSED.test(name));
  const values = new Map<string, HostTensor>();
  for (const [path, value] of fromOfficial(state, names, ignored)) {
    if (!path.includes(".keyValue.")) values.set(path, value);
    else {
      const [key, own] = halves(value);
      values.set(path.replace(".keyValue.", ".key."), key);
      values.set(path.replace(".keyValue.", ".value."), own);
    }
  }
  await loadModel(model, values);
}

/** A transformer's weights under the official names, but for positions, which the official code computes too. */
export async function officialState(model: DiffusionTransformer): Promise<Map<string, HostTensor>> {
  checkKind(model);
  const own = await modelTensors(model);
  const joined = new Map<string, HostTensor>();
  for (const [path, value] of own) {
    const [, block, part, kind] = PAIR.exec(path) ?? [];
    if (block === undefined) joined.set(path, value);
    else if (part === "key") {
      const other = own.get(`${block}.value.${kind}`) as HostTensor;
      joined.set(`${block}.keyValue.${kind}`, stacked(value, other));
    }
  }
  return toOfficial(joined, officialNames(own));
}

function checkKind({ options }: DiffusionTransformer): void {
  if (options.modulation === "single" && options.condition.kind === "captions") return;
  throw new QuireError(
    "the official weights are of adaLN-single and captions: build the transformer so.",
  );
}

function halves({ data, shape }: HostTensor): [HostTensor, HostTensor] {
  const [rows = 0, ...rest] = shape;
  const values = data as Float32Array;
  const half = [rows / 2, ...rest];
  return [
    hostTensor(values.slice(0, values.length / 2), half),
    hostTensor(values.slice(values.length / 2), half),
  ];
}

function stacked(first: HostTensor, second: HostTensor): HostTensor {
  const values = new Float32Array(2 * first.data.length);
  values.set(first.data as Float32Array);
  values.set(second.data as Float32Array, first.data.length);
  return hostTensor(values, doubled(first.shape));
}

/** The arguments of the official classes, under their names; what is left out is what the class takes for it. */
export interface OfficialArguments {
  readonly class: "PixArt" | "PixArtMS";
  readonly input_size?: number;
  readonly patch_size?: number;
  readonly in_channels?: number;
  readonly hidden_size?: number;
  readonly depth?: number;
  readonly num_heads?: number;
  readonly mlp_ratio?: number;
  readonly class_dropout_prob?: number;
  readonly pred_sigma?: boolean;
  readonly drop_path?: number;
  readonly caption_channels?: number;
  readonly lewei_scale?: number;
  readonly model_max_length?: number;
  /** Arguments that change nothing of what the official code computes, such as `window_size`. */
  readonly [unused: string]: unknown;
}

/** The options of the transformer that an official class makes of its arguments. */
export function fromOfficialArguments(given: OfficialArguments): DiffusionTransformerOptions {
  const { hidden_size: width = 1152, patch_size: patch = 2, in_channels: channels = 4 } = given;
  return {
    ...{ width, depth: given.depth ?? 28, heads: given.num_heads ?? 16 },
    // The hidden layer's width is cut to a whole number.
    ratio: Math.trunc(width * (given.mlp_ratio ?? 4)) / width,
    modulation: "single",
    condition: {
      kind: "captions",
      width: given.caption_channels ?? 4096,
      length: given.model_max_length ?? 120,
      dropout: given.class_dropout_prob ?? 0.1,
      nothing: "fixed",
      micro: given.class === "PixArtMS",
    },
    images: {
      ...{ channels, patch, out: (given.pred_sigma ?? true) ? 2 * channels : channels },
      base: Math.floor((given.input_size ?? 32) / patch),
      scale: given.lewei_scale ?? 1,
    },
    stochasticDepth: given.drop_path ?? 0,
  };
}

/** Makes the transformer of an official class. */
export function buildOfficial(given: OfficialArguments): DiffusionTransformer {
  return new DiffusionTransformer(fromOfficialArguments(given));
}
