import { Linear, type LowRank, type Module } from "@quire/nn";
import { QuireError } from "@quire/tensor";

/** A linear layer with its low-rank update. */
export interface AdaptedLayer {
  readonly path: string;
  readonly layer: Linear;
  readonly adapter: LowRank;
}

/**
 * The layers that have an update.
 *
 * @throws QuireError when there are none.
 */
export function adapted(what: string, model: Module): AdaptedLayer[] {
  const found = model.namedModules().flatMap(([path, layer]) => {
    const adapter = layer instanceof Linear ? layer.adapter : undefined;
    return adapter ? [{ path, layer: layer as Linear, adapter }] : [];
  });
  if (found.length > 0) return found;
  throw new QuireError(`${what}: the model has no low-rank updates; call addLora first.`);
}
