import { QuireError, sizeOf } from "@quire/tensor";
import type { Module } from "./module.ts";

/** How many numbers training changes. Nothing is allocated, however large the model is. */
export function countParameters(model: Module): number {
  return model.parameters().reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/**
 * Seeds the initial values: each variable draws from a stream of (seed, path), so the order of construction
 * does not matter.
 *
 * @throws QuireError when a variable already has its values.
 */
export function initialize(model: Module, seed: number): void {
  for (const [path, variable] of model.namedState()) {
    if (variable.allocated) {
      throw new QuireError(
        `initialize: ${path} already has its values; initialise a model before its first use.`,
      );
    }
    variable.seed = seed;
  }
}
