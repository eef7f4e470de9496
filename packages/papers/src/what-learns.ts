import { Linear, type Module } from "@quire/nn";
import { addLora, freeze, mergeLora, removeLora, unfreeze } from "@quire/train";
import type { TrainingExtras } from "./recipe.ts";

/**
 * Takes out of a training what a user wants to stay as it is. With low-rank updates (Hu et al. 2022) these learn in
 * place of what is known; a new head, for one, learns in full.
 *
 * @throws QuireError when a path of `freeze` is none of the model's, or no linear layer can get an update.
 */
export function whatLearns(
  model: Module,
  { freeze: frozen, lora, isKnown = () => true }: TrainingExtras,
  seed: number,
): void {
  if (lora !== undefined) {
    const fresh = model.namedParameters().filter(([path, { shape }]) => !isKnown(path, shape));
    const shapes = new Map(model.namedModules().flatMap(shapeOf));
    const match = (path: string): boolean =>
      isKnown(`${path}.weight`, shapes.get(path) as readonly number[]);
    addLora(model, { rank: lora, match, seed });
    for (const [path] of fresh) unfreeze(model, path);
  }
  for (const path of frozen?.split(",") ?? []) freeze(model, patternOf(path.trim()));
}

/** The shape of a linear layer's weight. */
function shapeOf([path, module]: [string, Module]): [string, readonly number[]][] {
  return module instanceof Linear ? [[path, module.weight.shape]] : [];
}

/** A path, or an expression for one with `*` for a part of it. */
function patternOf(path: string): string | RegExp {
  if (!path.includes("*")) return path;
  const parts = path.split("*").map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^.]*")}(?:\\.|$)`);
}

/** Adds low-rank updates, where there are some, to the weights that they belong to. */
export async function mergeUpdates(model: Module, { lora }: TrainingExtras): Promise<void> {
  if (lora === undefined) return;
  await mergeLora(model);
  removeLora(model);
}
