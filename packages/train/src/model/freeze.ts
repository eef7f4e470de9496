import type { Module } from "@quire/nn";
import type { Variable } from "@quire/tensor";
import { matching, type PathPattern } from "./pattern.ts";

const frozen = new WeakSet<Variable>();

/**
 * Takes parameters out of training: `model.parameters()` no longer lists them, so optimisers made afterwards leave them
 * as they are and no gradient is computed for them. Running statistics of norms still follow the batches.
 *
 * @returns the paths that were frozen.
 * @throws QuireError when no parameter matches.
 */
export function freeze(model: Module, pattern: PathPattern = () => true): string[] {
  const found = matching("freeze", model.namedParameters(), pattern);
  hold(found.map(([, variable]) => variable));
  return found.map(([path]) => path);
}

/** Freezes variables. */
export function hold(variables: readonly Variable[]): void {
  for (const variable of variables) {
    variable.trainable = false;
    frozen.add(variable);
  }
}

/**
 * Gives parameters that were frozen back to training.
 *
 * @returns the paths that were given back.
 * @throws QuireError when no frozen parameter matches.
 */
export function unfreeze(model: Module, pattern: PathPattern = () => true): string[] {
  const held = model.namedState().filter(([, variable]) => frozen.has(variable));
  const found = matching("unfreeze", held, pattern);
  letGo(found.map(([, variable]) => variable));
  return found.map(([path]) => path);
}

/** Gives frozen variables back to training. */
export function letGo(variables: readonly Variable[]): void {
  for (const variable of variables) {
    frozen.delete(variable);
    variable.trainable = true;
  }
}

/** Whether a variable was taken out of training by `freeze`. */
export function isFrozen(variable: Variable): boolean {
  return frozen.has(variable);
}
