import { exactSearch, type NeighbourSearch } from "@quire/train";
import { graphSearch, hasGraphSearch } from "@quire/train/node";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { percent } from "../numbers.ts";
import { choice, flagOf, number, text, whole, withDefault } from "../option.ts";

/** How neighbours may be looked for. */
export const searches = ["auto", "exact", "graph"] as const;

/** Pairs of records beyond which a graph of neighbours is worth its making. */
const MANY_PAIRS = 4e8;

/** Options of all commands that link. */
export const linkageOptions = {
  model: text("MODEL", "A run of linktransformer, its name, or a folder of a pretrained encoder"),
  search: withDefault(
    choice(
      "How neighbours are looked for: a graph misses a few, and takes minutes for 200,000 rows",
      searches,
    ),
    "auto",
  ),
  threshold: number("The least cosine of a match", { from: -1, to: 1 }),
  k: whole("Neighbours that are looked at for each record", { from: 1, to: 1000 }),
  out: text("FILE", "Where the result is written, as csv; shown in part unless said"),
};

/**
 * The search for so many pairs. A graph's recall is measured and said.
 *
 * @throws UsageError when a graph is asked for and this platform has none.
 */
export async function searchFor(
  wanted: (typeof searches)[number],
  pairs: number,
  console: Console,
): Promise<NeighbourSearch> {
  if (wanted === "exact" || (wanted === "auto" && pairs <= MANY_PAIRS)) return exactSearch;
  if (await hasGraphSearch()) {
    return graphSearch({
      onRecall: (recall) => {
        console.note(
          `The graph finds ${percent(recall)} of the nearest records, measured by exact search.`,
        );
      },
    });
  }
  if (wanted === "auto") return exactSearch;
  throw new UsageError(`${flagOf("search")} graph is not there on this platform: use exact.`);
}
