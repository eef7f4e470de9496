// A is `down`, B is `up`

import { Linear, LowRank, type Module } from "@quire/nn";
import { QuireError, type Variable } from "@quire/tensor";
import { setValues, valuesOf } from "../model-state.ts";
import type { NamedTensors } from "../safetensors.ts";
import { hold, letGo } from "./freeze.ts";
import { adapted } from "./lora-layers.ts";
import { keptUp, requireUnmerged } from "./lora-merge.ts";
import { matching, type PathPattern } from "./pattern.ts";

/** How a model is fine-tuned by low-rank updates. */
export interface LoraOptions {
  /** Width between the two matrices of an update. */
  readonly rank: number;
  /** What the update is multiplied by, times the rank; the rank unless said, so that the factor is 1. */
  readonly alpha?: number;
  /** Which linear layers get an update; all unless said. */
  readonly match?: PathPattern;
  /** Seed of the updates' first matrices; 0 unless said. */
  readonly seed?: number;
}

/** What was frozen for a model's updates. */
const held = new WeakMap<Module, readonly Variable[]>();

/**
 * Adds a trainable low-rank update to linear layers and freezes everything else (Hu et al. 2022, section 4.1). The
 * model gives what it gave before until it is trained; `unfreeze` gives a new head, for one, back to training.
 *
 * @returns the paths of the layers that got one.
 * @throws QuireError when no linear layer matches, or the model has updates already.
 */
export function addLora(model: Module, options: LoraOptions): string[] {
  const { rank, alpha = rank, match = () => true, seed = 0 } = options;
  const linear = model
    .namedModules()
    .filter((pair): pair is [string, Linear] => pair[1] instanceof Linear);
  if (linear.some(([, { adapter }]) => adapter)) {
    throw new QuireError("addLora: the model has updates already; call removeLora first.");
  }
  const layers = matching("addLora", linear, match);
  const others = model.parameters();
  hold(others);
  held.set(model, others);
  for (const [, layer] of layers) {
    const [out, inputs] = layer.weight.shape as [number, number];
    layer.adapter = new LowRank({ in: inputs, out, rank, scale: alpha / rank });
  }
  for (const [, variable] of stateOf("addLora", model)) variable.seed = seed;
  return layers.map(([path]) => path);
}

/** The variables of the updates alone, by path. */
function stateOf(what: string, model: Module): [path: string, variable: Variable][] {
  const own = new Set(adapted(what, model).flatMap(({ adapter: { down, up } }) => [down, up]));
  return model.namedState().filter(([, variable]) => own.has(variable));
}

/** The values of the updates alone, by path; of merged ones those they had before. */
export async function loraTensors(model: Module): Promise<NamedTensors> {
  const tensors = new Map(await valuesOf(stateOf("loraTensors", model)));
  for (const { path, adapter } of adapted("loraTensors", model)) {
    const up = keptUp(adapter);
    if (up) tensors.set(`${path}.adapter.up`, up);
  }
  return tensors;
}

/**
 * Gives updates, which `addLora` has added, the values that `loraTensors` took.
 *
 * @throws QuireError when names or shapes differ, or the updates are merged.
 */
export async function loadLora(model: Module, tensors: NamedTensors): Promise<void> {
  requireUnmerged("loadLora", model);
  await setValues("loadLora", stateOf("loadLora", model), tensors);
}

/**
 * Takes the updates off the model, for export: what is not merged is lost. Gives the parameters that `addLora` froze
 * back to training. Functions compiled before keep the update they were traced with, which is 0 after merging.
 *
 * @throws QuireError when there are no updates.
 */
export function removeLora(model: Module): void {
  for (const { layer } of adapted("removeLora", model)) layer.adapter = undefined;
  letGo(held.get(model) ?? []);
  held.delete(model);
}
