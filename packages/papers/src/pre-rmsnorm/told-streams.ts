import type { FoundNorm, NormKind } from "./found-norms.ts";
import type { LeftNorm, Streams } from "./streams.ts";

/** What the kinds of norms are called. */
const titles = {
  "pre-ln": "LayerNorm",
  "pre-rmsnorm": "RMSNorm",
  "pre-crmsnorm": "CRMSNorm",
} as const satisfies Record<NormKind, string>;

/** Where a norm stands: its path, or its shape where it has none. */
export function placeOf({ output: { node } }: FoundNorm): string {
  const shape = node.outputs[0]?.shape ?? [];
  return node.path === "" ? `a norm of [${shape.join(", ")}]` : node.path;
}

/** What became of the norms of a model, a sentence a line. */
export function toldStreams(streams: Streams, to: NormKind): string[] {
  const norms = streams.converted.reduce((sum, one) => sum + one.norms.length, 0);
  const entries = streams.converted.reduce((sum, one) => sum + one.entries.size, 0);
  const centred = `; ${entries} values that no weights make are centred on their way in`;
  const first = norms > 0 ? `${norms} norms are ${titles[to]} now` : "";
  const left = groupedByReason(streams).map(
    ([why, places]) =>
      `Left as ${places.length === 1 ? "it is" : "they are"}: ${places.join(", ")}: ${why}.`,
  );
  return [`${first}${entries > 0 ? centred : ""}.`, ...left];
}

/** Why no norm of a model could be converted, as the end of a sentence; `instead` says what else to do. */
export function whyNone(left: readonly LeftNorm[], to: NormKind, instead: string): string {
  const [first] = left;
  if (!first) return `has no norms but ${titles[to]} already, if it has any: ${instead}.`;
  const all = left.length > 1 ? `none of its ${left.length} norms can` : "its norm cannot";
  return (
    `stays as it is, ${all} become ${titles[to]}: ${placeOf(first.norm)}: ${first.why}; ` +
    "give a model whose norms stand before its blocks (Pre-LN)."
  );
}

/** Norms that stay, by the reason. */
function groupedByReason({ left }: Streams): [why: string, places: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { norm, why } of left) groups.set(why, [...(groups.get(why) ?? []), placeOf(norm)]);
  return [...groups];
}
