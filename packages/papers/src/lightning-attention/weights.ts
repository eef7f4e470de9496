import type { Module } from "@quire/nn";
import { type HostTensor, QuireError } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import {
  cutFused,
  type Fused,
  fromOfficial,
  joinFused,
  type OfficialName,
  type State,
  toOfficial,
} from "../official-weights.ts";
import type { LanguageTarget } from "../tasks/language-target.ts";
import type { ActivationName, GatedLinearAttention } from "./gated-attention.ts";
import type { TransNormer, TransNormerOptions } from "./model.ts";

/**
 * Whose names: the released models' (modeling_transnormer.py on Hugging Face's hub), those of the first author's
 * nanoTransNormer, or the attention layer's of OpenNLPLab/lightning-attention (examples/module/tnl_attn.py).
 */
export type OfficialCode = "TransNormerLLM" | "nanoTransNormer" | "lightning-attention";

type Names = readonly (readonly [ours: RegExp, official: string])[];

/// One matrix of the official models makes query, key, value and gate, in this order.
const fused: Fused = { name: "qkvu_proj", parts: ["query", "key", "value", "gate.0"] };

const blockNames: Names = [
  [/attention\.(query|key|value|gate\.0)\./, "token_mixer.qkvu_proj($1)."],
  [/attention\.output\./, "token_mixer.out_proj."],
  [/attention\.positions\./, "token_mixer.lrpe."],
  [/attention\.norm\./, "token_mixer.norm."],
  [/attentionNorm\./, "token_norm."],
  [/feedForwardNorm\./, "channel_norm."],
  [/feedForward\.gate\./, "channel_mixer.l1."],
  [/feedForward\.expand\./, "channel_mixer.l2."],
  [/feedForward\.contract\./, "channel_mixer.l3."],
];

const names: Readonly<Record<OfficialCode, Names>> = {
  TransNormerLLM: [
    [/^tokens\./, "model.embed_tokens."],
    [/^norm\./, "model.final_norm."],
    [/^head\./, "lm_head."],
    [/^blocks\.(\d+)\./, "model.layers.$1."],
    ...blockNames,
  ],
  nanoTransNormer: [
    [/^tokens\./, "transnormer.wte."],
    [/^norm\./, "transnormer.ln_f."],
    [/^head\./, "lm_head."],
    [/^blocks\.(\d+)\./, "transnormer.h.$1."],
    ...blockNames,
  ],
  "lightning-attention": [
    [/^query\./, "q_proj."],
    [/^key\./, "k_proj."],
    [/^value\./, "v_proj."],
    [/^output\./, "o_proj."],
    [/^gate\.(\d)\./, "output_gate.$1."],
    [/^norm\./, "norm."],
  ],
};

/** The official name of each of a model's tensors; parts of a fused matrix have the part's name in brackets. */
export function officialNames(model: Module, code: OfficialCode): OfficialName[] {
  return model.namedState().map(([ours, { shape }]) => {
    const official = names[code].reduce(
      (name, [pattern, other]) => name.replace(pattern, other),
      ours,
    );
    if (official === ours && !official.startsWith("norm.")) {
      throw new Error(`${ours} has no official name.`);
    }
    return { official, ours, shape, officialShape: shape };
  });
}

/**
 * Gives a model, or a layer, the weights of an official checkpoint, whose code its names tell.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(
  model: TransNormer | GatedLinearAttention,
  state: State,
): Promise<void> {
  const known = officialNames(model, codeOf(state));
  const isTied = "head" in model && model.head === undefined;
  await loadModel(
    model,
    fromOfficial(cutFused(state, fused), known, isTied ? ["lm_head.weight"] : []),
  );
}

/** A model's or a layer's weights under their official names. */
export async function savedOfficial(
  model: TransNormer | GatedLinearAttention,
  code: OfficialCode,
): Promise<Map<string, HostTensor>> {
  const saved = toOfficial(await modelTensors(model), officialNames(model, code));
  const tokens = saved.get("transnormer.wte.weight");
  if (tokens && !saved.has("lm_head.weight")) saved.set("lm_head.weight", tokens);
  return joinFused(saved, fused);
}

function codeOf(state: State): OfficialCode {
  if (state.has("q_proj.weight")) return "lightning-attention";
  return state.has("transnormer.wte.weight") ? "nanoTransNormer" : "TransNormerLLM";
}

/** What `config.json` of a released TransNormerLLM says, as far as a model is made of it; see `TransnormerConfig`. */
export interface OfficialConfig {
  readonly vocab_size?: number;
  readonly decoder_embed_dim?: number;
  readonly decoder_layers?: number;
  readonly decoder_attention_heads?: number;
  readonly no_scale_embedding?: boolean;
  readonly norm_type?: string;
  /** Which blocks turn queries and keys by positions, 1 or 0 each. */
  readonly linear_use_lrpe_list?: readonly (number | boolean)[];
  readonly hidden_dim?: number;
  readonly linear_act_fun?: string;
  /** -1 for the width. */
  readonly glu_dim?: number;
  readonly bias?: boolean;
}

const norms: Readonly<Record<string, "simple rms" | "layer">> = {
  simplermsnorm: "simple rms",
  layernorm: "layer",
};

/** The official words for functions, where they are not ours. */
const functions: Readonly<Record<string, ActivationName>> = {
  ...{ silu: "silu", swish: "silu", gelu: "gelu", relu: "relu", elu: "elu", sigmoid: "sigmoid" },
  ...{ exp: "exp", leak: "leaky", "1+elu": "1+elu", "2+elu": "2+elu", none: "none" },
};

/**
 * The options and the target of a model as a released configuration describes it; what it leaves out is what the
 * official class takes for it.
 *
 * @param context Tokens that are read at once, which the configuration does not say.
 * @throws QuireError when it names a norm or a function that the models here do not have.
 */
export function fromOfficialConfig(
  config: OfficialConfig,
  context = 2048,
): { readonly options: TransNormerOptions; readonly target: LanguageTarget } {
  const { decoder_embed_dim: width = 1024, glu_dim: inner = 2816 } = config;
  const { linear_use_lrpe_list: turned = [], hidden_dim: hidden = 1024 } = config;
  const known = <T>(table: Readonly<Record<string, T>>, name: string, what: string): T => {
    const found = table[name];
    if (found !== undefined) return found;
    throw new QuireError(
      `${what} "${name}" is not known: use a model with one of ${Object.keys(table).join(", ")}.`,
    );
  };
  return {
    options: {
      ...{ width, depth: config.decoder_layers ?? 24, heads: config.decoder_attention_heads ?? 8 },
      feedForward: inner === -1 ? width : inner,
      attention: {
        hidden,
        activation: known(functions, config.linear_act_fun ?? "silu", "the function"),
      },
      lrpe: { blocks: turned.map(Boolean) },
      embedding: { tied: false, scaled: !(config.no_scale_embedding ?? false) },
      layers: {
        bias: config.bias ?? false,
        norm: known(norms, config.norm_type ?? "simplermsnorm", "the norm"),
      },
    },
    target: { vocabulary: config.vocab_size ?? 64_000, context },
  };
}
