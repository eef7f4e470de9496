import { QuireError } from "@quire/tensor";
import { loadModel } from "@quire/train";
import { fromOfficial, type OfficialName, type State } from "../official-weights.ts";
import type { TabularTarget } from "../tasks/tabular-target.ts";
import type { ExcelFormer, ExcelFormerOptions } from "./model.ts";

/// Names of the official code (WhatAShot/ExcelFormer, bin/excel_former.py).
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^embedding\.weight$/, "tokenizer.weight"],
  [/^embedding\.gateWeight$/, "tokenizer.weight2"],
  [/^embedding\.bias$/, "tokenizer.bias"],
  [/^embedding\.gateBias$/, "tokenizer.bias2"],
  [/^blocks\.(\d+)\.attentionNorm\./, "layers.$1.norm0."],
  [/^blocks\.(\d+)\.attention\.query\./, "layers.$1.attention.W_q."],
  [/^blocks\.(\d+)\.attention\.key\./, "layers.$1.attention.W_k."],
  [/^blocks\.(\d+)\.attention\.value\./, "layers.$1.attention.W_v."],
  [/^blocks\.(\d+)\.attention\.output\./, "layers.$1.attention.W_out."],
  [/^blocks\.(\d+)\.feedForwardNorm\./, "layers.$1.norm1."],
  [/^blocks\.(\d+)\.feedForward\.linear\./, "layers.$1.linear0."],
  [/^summary\./, "last_fc."],
  [/^norm\./, "last_normalization."],
  [/^activation\.slope$/, "last_activation.weight"],
  [/^head\./, "head."],
];

/** The official name of each of a model's tensors. */
export function officialNames(model: ExcelFormer): OfficialName[] {
  return model.namedState().map(([ours, { shape }]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    return { official: ours.replace(...part), ours, shape, officialShape: shape };
  });
}

/**
 * Gives a model the weights of an official checkpoint.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: ExcelFormer, state: State): Promise<void> {
  await loadModel(model, fromOfficial(state, officialNames(model)));
}

/** The arguments of the official class, as far as it can be run with them: it takes no categories as such. */
export interface OfficialArguments {
  readonly d_numerical: number;
  readonly n_layers: number;
  readonly d_token: number;
  readonly n_heads: number;
  readonly attention_dropout: number;
  readonly residual_dropout: number;
  readonly prenormalization: boolean;
  readonly kv_compression?: number | null;
  readonly d_out: number;
  readonly init_scale?: number;
}

/**
 * The options and the target of the system that the official class makes of its arguments.
 *
 * @throws QuireError when keys and values are to be compressed.
 */
export function fromOfficialArguments(given: OfficialArguments): {
  readonly options: ExcelFormerOptions;
  readonly target: TabularTarget;
} {
  if (given.kv_compression) {
    throw new QuireError(
      "ExcelFormer does not compress keys and values, which the official mask does not fit: use a model without kv_compression.",
    );
  }
  return {
    options: {
      ...{ width: given.d_token, depth: given.n_layers, heads: given.n_heads },
      ...{ attention: "semi-permeable", norm: given.prenormalization ? "before" : "after" },
      initialScale: given.init_scale ?? 0.1,
      dropout: { attention: given.attention_dropout, residual: given.residual_dropout },
    },
    target: { features: given.d_numerical, outputs: given.d_out },
  };
}
