import { type HostTensor, QuireError, sizeOf } from "@quire/tensor";
import { loadModel } from "@quire/train";
import { fromOfficial, type OfficialName, type State } from "../official-weights.ts";
import type { SequenceTarget } from "../tasks/sequence-target.ts";
import type { TransformerProgram, TransformerProgramOptions } from "./model.ts";

/// Names of the official code (princeton-nlp/TransformerPrograms, src/models/programs.py).
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^tokenValues$/, "embed.W_E"],
  [/^tokenNumbers$/, "num_embed.W_E"],
  [/^labels$/, "unembed.W_U"],
  [/^layers\.(\d+)\.categoricalHeads\.distance$/, "blocks.$1.cat_attn.rel_pos_bias.bias"],
  [/^layers\.(\d+)\.categoricalHeads\./, "blocks.$1.cat_attn."],
  [/^layers\.(\d+)\.numericalHeads\./, "blocks.$1.num_attn."],
  [/^layers\.(\d+)\.categoricalLookups\.each\.(\d+)\./, "blocks.$1.cat_mlp.mlps.$2."],
  [/^layers\.(\d+)\.numericalLookups\.each\.(\d+)\./, "blocks.$1.num_mlp.mlps.$2."],
];

const leaves: Readonly<Record<string, string>> = {
  query: "W_Q.W",
  key: "W_K.W",
  value: "W_V.W",
  predicate: "W_pred.W",
  gates: "W_read.W",
  inputWeight: "W_in",
  inputBias: "b_in",
  outputWeight: "W_out",
  outputBias: "b_out",
};

/** The official name of each of a model's parameters. */
export function officialNames(model: TransformerProgram): OfficialName[] {
  return model.namedParameters().map(([ours, { shape }]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    const leaf = ours.split(".").at(-1) as string;
    const named = ours.replace(...part);
    const official = named.endsWith(`.${leaf}`)
      ? `${named.slice(0, -leaf.length)}${leaves[leaf] ?? leaf}`
      : named;
    return { official, ours, shape, officialShape: shape };
  });
}

/// What the official state dict holds beside what is learnt: masks, biases by distance and unit matrices that are
/// computed here, weights without elements of heads that a layer has not, and tables and gates that are held fixed.
const computed =
  /(^|\.)(mask|pos_bias|E|idxs)$|^pos_embed\.W$|rel_pos_bias\.bias$|^(num_)?embed\.W_E$|num_attn\.W_V\.W$/;

/**
 * Gives a model the weights of an official checkpoint.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: TransformerProgram, state: State): Promise<void> {
  const names = officialNames(model);
  const wanted = new Set(names.map(({ official }) => official));
  const isNeeded = ([name, value]: readonly [string, HostTensor]): boolean =>
    wanted.has(name) || (sizeOf(value.shape) > 0 && !computed.test(name));
  const needed = new Map([...state].filter(isNeeded));
  const { step } = model.temperature;
  const weights = fromOfficial(needed, names);
  await loadModel(model, new Map([...weights, ["temperature.step", await step.get()]]));
}

/** What the official code's model is made from, by its own names; what is left out is as its constructor has it. */
export interface OfficialConfiguration {
  readonly d_vocab: number;
  readonly d_vocab_out?: number;
  readonly n_layers?: number;
  readonly n_vars?: number;
  readonly n_vars_cat?: number;
  readonly n_vars_num?: number;
  readonly d_var?: number;
  readonly d_mlp?: number;
  readonly n_heads?: number;
  readonly n_heads_cat?: number;
  readonly n_heads_num?: number;
  readonly n_ctx?: number;
  readonly act_type?: string;
  readonly n_cat_mlps?: number | boolean;
  readonly n_num_mlps?: number | boolean;
  readonly attention_type?: string;
  readonly rel_pos_bias?: string;
  readonly mlp_vars_in?: number;
  readonly attention_temp?: number | null;
  readonly dropout?: number;
  readonly unembed_num?: boolean;
  readonly unembed_mask?: readonly boolean[] | null;
  readonly pool_outputs?: boolean | number;
  readonly one_hot_embed?: boolean;
  readonly count_only?: boolean;
  readonly selector_width?: boolean | number;
}

const tieBreaks = { fixed: "nearest", clipped: "learned", none: "first" } as const;

/**
 * Our options and target for what the official code's model is made from.
 *
 * @param causal Whether it is run with a causal mask, which its constructor is not told.
 * @throws QuireError when the tie-break is none that the official code knows.
 */
export function fromConfiguration(
  given: OfficialConfiguration,
  causal = false,
): { readonly options: TransformerProgramOptions; readonly target: SequenceTarget } {
  const { n_vars = 2, n_heads = 2, rel_pos_bias = "fixed", d_var = 4 } = given;
  const tieBreak = tieBreaks[rel_pos_bias as keyof typeof tieBreaks];
  if (!tieBreak) throw new QuireError(`rel_pos_bias "${rel_pos_bias}" is not known.`);
  const options: TransformerProgramOptions = {
    tokens: {
      categorical: given.one_hot_embed ? "token" : (given.n_vars_cat ?? n_vars),
      numbers: given.n_vars_num ?? n_vars,
      numerical: given.count_only ? "ones" : "learned",
    },
    cardinality: d_var,
    depth: given.n_layers ?? 2,
    heads: {
      categorical: given.n_heads_cat ?? n_heads,
      numerical: given.n_heads_num ?? n_heads,
      kind: given.attention_type === "score" ? "score" : "predicate",
      tieBreak,
      counts: Boolean(given.selector_width),
      ...(given.attention_temp ? { temperature: given.attention_temp } : {}),
    },
    lookups: {
      categorical: Number(given.n_cat_mlps ?? 1),
      numerical: Number(given.n_num_mlps ?? 1),
      reads: given.mlp_vars_in ?? 2,
      hidden: given.d_mlp ?? 8,
      activation: given.act_type === "GeLU" ? "gelu" : "relu",
    },
    readsNumbers: given.unembed_num ?? true,
    relaxation: { kind: "gumbel", from: 3, to: 0.01, schedule: "geometric" },
    dropout: given.dropout ?? 0,
  };
  return { options, target: targetOf(given, causal) };
}

function targetOf(given: OfficialConfiguration, causal: boolean): SequenceTarget {
  const hidden = given.unembed_mask ?? [];
  const never = hidden.flatMap((isHidden, label) => (isHidden ? [label] : []));
  return {
    vocabulary: given.d_vocab,
    labels: given.d_vocab_out ?? given.d_vocab,
    length: given.n_ctx ?? 5,
    kind: given.pool_outputs ? "classification" : "tagging",
    causal,
    ...(never.length > 0 && { never }),
  };
}
