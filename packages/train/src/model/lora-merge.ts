import type { LowRank, Module } from "@quire/nn";
import { add, compile, full, type HostTensor, QuireError } from "@quire/tensor";
import { adapted } from "./lora-layers.ts";

/** What a merged layer held before. */
interface Kept {
  readonly weight: HostTensor;
  readonly up: HostTensor;
}

const merged = new WeakMap<LowRank, Kept>();

/** The second matrix of a merged update. */
export function keptUp(adapter: LowRank): HostTensor | undefined {
  return merged.get(adapter)?.up;
}

/** Throws when an update is merged. */
export function requireUnmerged(what: string, model: Module): void {
  const found = adapted(what, model).find(({ adapter }) => merged.has(adapter));
  if (!found) return;
  throw new QuireError(
    `${what}: the update of ${found.path} is merged; call unmergeLora or removeLora first.`,
  );
}

/**
 * Adds every update to its layer's weight, W + s B A, and sets B to 0, so that functions compiled before and after
 * give what they gave (Hu et al. 2022, section 4.1).
 *
 * @throws QuireError when there are no updates, or they are merged already.
 */
export async function mergeLora(model: Module): Promise<void> {
  requireUnmerged("mergeLora", model);
  const layers = adapted("mergeLora", model);
  for (const { layer, adapter } of layers) {
    merged.set(adapter, { weight: await layer.weight.get(), up: await adapter.up.get() });
  }
  const merge = compile(() => {
    for (const { layer, adapter } of layers) {
      layer.weight.assign(add(layer.weight, adapter.weight()));
      adapter.up.assign(full(adapter.up.shape, 0));
    }
  });
  await merge();
  await merge.release();
}

/**
 * Takes merged updates out of the weights again, which are then bit for bit what they were.
 *
 * @throws QuireError when an update is not merged, or was trained since.
 */
export async function unmergeLora(model: Module): Promise<void> {
  const layers = adapted("unmergeLora", model);
  for (const { path, adapter } of layers) {
    if (!merged.has(adapter)) {
      throw new QuireError(
        `unmergeLora: the update of ${path} is not merged; call mergeLora first.`,
      );
    }
    const values = (await adapter.up.get()).toArray();
    if (values.some((value) => value !== 0)) {
      throw new QuireError(`unmergeLora: the update of ${path} was trained after it was merged.`);
    }
  }
  for (const { layer, adapter } of layers) {
    const kept = merged.get(adapter) as Kept;
    await layer.weight.set(kept.weight);
    await adapter.up.set(kept.up);
    merged.delete(adapter);
  }
}
