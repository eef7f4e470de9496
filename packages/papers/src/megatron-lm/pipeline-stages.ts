import { type HostTensor, QuireError } from "@quire/tensor";
import type { State } from "../official-weights.ts";

/// Stages came after the paper: each of the official code's has a stretch of the layers, counted from 0; the first has
/// the embeddings, the last all that follows the layers, and the embeddings of tokens once more for the scores.
const LAYER = /(?<=\.layers\.)\d+(?=\.)/;
const TOKENS = "language_model.embedding.word_embeddings.weight";
const TOKENS_AGAIN = "word_embeddings_for_head.weight";

/** One state with all layers, of those of a pipeline's stages in their order. */
export function joinedStages(states: readonly State[]): Map<string, HostTensor> {
  const joined = new Map<string, HostTensor>();
  let before = 0;
  for (const state of states) {
    let own = 0;
    for (const [name, value] of state) {
      const layer = LAYER.exec(name)?.[0];
      if (layer !== undefined) own = Math.max(own, Number(layer) + 1);
      if (name === TOKENS_AGAIN) continue;
      joined.set(layer === undefined ? name : renumbered(name, Number(layer) + before), value);
    }
    before += own;
  }
  return joined;
}

/**
 * A state cut into so many stages of equally many layers.
 *
 * @throws QuireError when the layers do not divide.
 */
export function dividedStages(state: State, stages: number): Map<string, HostTensor>[] {
  const cut = Array.from({ length: stages }, () => new Map<string, HostTensor>());
  const layers = new Set([...state.keys()].flatMap((name) => LAYER.exec(name)?.[0] ?? [])).size;
  if (layers % stages !== 0) {
    throw new QuireError(
      `${layers} layers do not divide among ${stages} stages; take a number of stages that divides them.`,
    );
  }
  const each = layers / stages;
  for (const [name, value] of state) {
    const layer = Number(LAYER.exec(name)?.[0] ?? Number.NaN);
    if (!Number.isNaN(layer)) {
      cut[Math.floor(layer / each)]?.set(renumbered(name, layer % each), value);
    } else if (name.startsWith("language_model.embedding.")) {
      cut[0]?.set(name, value);
      if (name === TOKENS && stages > 1) cut.at(-1)?.set(TOKENS_AGAIN, value);
    } else cut.at(-1)?.set(name, value);
  }
  return cut;
}

function renumbered(name: string, layer: number): string {
  return name.replace(LAYER, String(layer));
}
