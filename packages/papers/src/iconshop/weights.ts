// D width, V words, K tokens of icons

import { type HostTensor, hostTensor, QuireError } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import type { IconTarget } from "../tasks/icon-target.ts";
import type { IconShop, IconShopOptions } from "./model.ts";

/// Names of the official code (kingnobro/IconShop, model/decoder.py); parts of a joined matrix have their name in brackets.
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^embedding\.words\./, "text_emb."],
  [/^embedding\.tokens\./, "pixel_embed.embed."],
  [/^embedding\.columns\./, "coord_embed_x.embed."],
  [/^embedding\.rows\./, "coord_embed_y.embed."],
  [/^positions\./, "pos_embed.pos_embed."],
  [/^norm\./, "decoder.norm."],
  [/^(word|token)Head\./, "logit_fc($1)."],
  [/^blocks\.(\d+)\.attentionNorm\./, "decoder.layers.$1.norm1."],
  [/^blocks\.(\d+)\.attention\.output\./, "decoder.layers.$1.self_attn.out_proj."],
  [
    /^blocks\.(\d+)\.attention\.(query|key|value)\.(weight|bias)$/,
    "decoder.layers.$1.self_attn.in_proj_$3($2)",
  ],
  [/^blocks\.(\d+)\.feedForwardNorm\./, "decoder.layers.$1.norm3."],
  [/^blocks\.(\d+)\.feedForward\.expand\./, "decoder.layers.$1.linear1."],
  [/^blocks\.(\d+)\.feedForward\.contract\./, "decoder.layers.$1.linear2."],
];

/** The official name of each of a model's tensors. */
export function officialNames(model: IconShop): OfficialName[] {
  return model.namedState().map(([ours, { shape }]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    return { official: ours.replace(...part), ours, shape, officialShape: shape };
  });
}

/** What a checkpoint holds beside weights: places as numbers, and a table that the official code never reads. */
const unread = ["pos_embed.position", "text_pos_emb.weight"];

/**
 * Gives a model the weights of an official checkpoint.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: IconShop, state: State): Promise<void> {
  const [words] = model.wordVectors.shape as [number, number];
  const own = apart(withoutMemory(state), words);
  await loadModel(model, fromOfficial(own, officialNames(model), unread));
}

/** A model's weights under their official names. */
export async function savedOfficial(model: IconShop): Promise<Map<string, HostTensor>> {
  const saved = together(toOfficial(await modelTensors(model), officialNames(model)));
  const [, width] = model.wordVectors.shape as [number, number];
  for (const [block] of model.blocks.entries()) {
    for (const [name, value] of emptyMemory(`decoder.layers.${block}.`, width))
      saved.set(name, value);
  }
  const places = Int32Array.from({ length: model.length }, (_, place) => place);
  return saved.set("pos_embed.position", hostTensor(places, [model.length, 1], "int32"));
}

/// Official blocks attend once more, to a memory of one vector of zeros. All attention goes to it, and its value is the
/// bias of the values: what is added is one vector for all places, which our output's bias takes in.
/** A checkpoint without the attention to a memory that is empty. */
function withoutMemory(state: State): State {
  const kept = new Map<string, HostTensor>();
  for (const [name, value] of state) {
    if (/\.(multihead_attn|norm2)\./.test(name)) continue;
    const block = /^(decoder\.layers\.\d+\.)self_attn\.out_proj\.bias$/.exec(name)?.[1];
    kept.set(name, block === undefined ? value : sumOf(value, memoryVector(state, block)));
  }
  return kept;
}

/** What attention to the memory adds in a block, `[D]`. */
function memoryVector(state: State, block: string): Float32Array {
  const part = (name: string): Float32Array => {
    const found = state.get(`${block}multihead_attn.${name}`);
    if (found) return found.data as Float32Array;
    throw new QuireError(
      `The official weights do not fit the model: ${block}multihead_attn.${name} is missing.`,
    );
  };
  const [bias, weight, added] = ["in_proj_bias", "out_proj.weight", "out_proj.bias"].map(part);
  const width = added?.length ?? 0;
  const values = bias?.subarray(2 * width) ?? new Float32Array();
  return Float32Array.from({ length: width }, (_, row) =>
    values.reduce(
      (sum, value, column) => sum + value * (weight?.[row * width + column] as number),
      added?.[row] as number,
    ),
  );
}

function sumOf(a: HostTensor, b: Float32Array): HostTensor {
  const sum = (a.data as Float32Array).map((value, i) => value + (b[i] as number));
  return hostTensor(sum, a.shape);
}

/** Weights of an attention to the memory that adds nothing. */
function emptyMemory(block: string, width: number): [string, HostTensor][] {
  const filled = (value: number, ...shape: number[]): HostTensor =>
    hostTensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value), shape);
  return [
    [`${block}multihead_attn.in_proj_weight`, filled(0, 3 * width, width)],
    [`${block}multihead_attn.in_proj_bias`, filled(0, 3 * width)],
    [`${block}multihead_attn.out_proj.weight`, filled(0, width, width)],
    [`${block}multihead_attn.out_proj.bias`, filled(0, width)],
    [`${block}norm2.weight`, filled(1, width)],
    [`${block}norm2.bias`, filled(0, width)],
  ];
}

const inputs = ["query", "key", "value"] as const;

/** Joined matrices cut into their parts: queries, keys and values, and the heads of words and of tokens. */
function apart(state: State, words: number): State {
  const cut = [...state].flatMap(([name, value]): [string, HostTensor][] => {
    const [rows = 0] = value.shape;
    if (name.includes(".self_attn.in_proj_")) {
      return inputs.map((part, i) => [
        `${name}(${part})`,
        rowsOf(value, (i * rows) / inputs.length, ((i + 1) * rows) / inputs.length),
      ]);
    }
    if (!name.startsWith("logit_fc.")) return [[name, value]];
    return [
      [name.replace("logit_fc", "logit_fc(word)"), rowsOf(value, 0, words)],
      [name.replace("logit_fc", "logit_fc(token)"), rowsOf(value, words, rows)],
    ];
  });
  return new Map(cut);
}

function rowsOf(value: HostTensor, from: number, to: number): HostTensor {
  const [rows = 1, ...rest] = value.shape;
  const size = value.data.length / rows;
  return hostTensor((value.data as Float32Array).slice(from * size, to * size), [
    to - from,
    ...rest,
  ]);
}

/** The parts of joined matrices, joined in the order of their names' places. */
function together(state: State): Map<string, HostTensor> {
  const order = ["(word)", "(token)", ...inputs.map((part) => `(${part})`)];
  const placeOf = (name: string): number => order.findIndex((part) => name.includes(part));
  const joined = new Map<string, HostTensor>();
  const sorted = [...state].sort(([a], [b]) => placeOf(a) - placeOf(b));
  for (const [name, value] of sorted) {
    const whole = name.replace(/\((word|token|query|key|value)\)/, "");
    const before = joined.get(whole);
    joined.set(whole, before ? below(before, value) : value);
  }
  return joined;
}

function below(first: HostTensor, second: HostTensor): HostTensor {
  const data = new Float32Array(first.data.length + second.data.length);
  data.set(first.data as Float32Array);
  data.set(second.data as Float32Array, first.data.length);
  const [rows = 0, ...rest] = first.shape;
  return hostTensor(data, [rows + (second.shape[0] as number), ...rest]);
}

/** The arguments of the official class, and the grid that its file has as a constant. */
export interface OfficialArguments {
  readonly config: {
    readonly embed_dim: number;
    readonly hidden_dim: number;
    readonly num_layers: number;
    readonly num_heads: number;
    readonly dropout_rate: number;
  };
  readonly pix_len: number;
  readonly text_len: number;
  readonly num_text_token: number;
  /** 200 unless said. */
  readonly BBOX?: number;
}

/** The options and the target of the system that the official class makes of its arguments. */
export function fromOfficialArguments({ config, ...given }: OfficialArguments): {
  readonly options: IconShopOptions;
  readonly target: IconTarget;
} {
  return {
    options: {
      ...{ width: config.embed_dim, depth: config.num_layers, heads: config.num_heads },
      ...{ feedForward: config.hidden_dim, dropout: config.dropout_rate },
    },
    target: {
      ...{ words: given.num_text_token, captionLength: given.text_len },
      ...{ grid: given.BBOX ?? 200, scheme: "point", length: given.pix_len },
    },
  };
}
