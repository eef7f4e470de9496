import { loadModel } from "@quire/train";
import { fromOfficial, type OfficialName, type State } from "../official-weights.ts";
import type { ExcelFormer } from "./model.ts";

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
