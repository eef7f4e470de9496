import { QuireError } from "@quire/tensor";
import {
  exactSearch,
  type NeighbourSearch,
  type Neighbours,
  rowsOf,
  type Vectors,
} from "@quire/train";
import { Groups } from "./linkage-examples.ts";

/** How often a record may be used, left and right: once or by many. */
export const linkKinds = ["1:1", "1:m", "m:1", "m:m"] as const;

/** How two tables are joined. */
export type LinkKind = (typeof linkKinds)[number];

/** Records of two tables that belong together. */
export interface Link {
  readonly left: number;
  readonly right: number;
  /** The cosine of their vectors. */
  readonly score: number;
}

/** How records are linked. */
export interface LinkOptions {
  /** `m:1` unless said: every left record has at most one match, which others may have too. */
  readonly kind?: LinkKind;
  /** How many neighbours are looked at: 1 unless said, and 10 where records may be used once. */
  readonly k?: number;
  /** Matches whose cosine is smaller are left out; none is unless said. */
  readonly threshold?: number;
  /** Blocks, one a record, left and right: only records of one block are compared. */
  readonly blocks?: readonly [left: readonly string[], right: readonly string[]];
  /** How neighbours are looked for; exactly unless said. */
  readonly search?: NeighbourSearch;
  readonly onProgress?: (share: number) => void;
}

const CHOICES = 10;

/**
 * Links records by their vectors (section 3.2): each to its nearest one, within blocks. Of `1:1`, `1:m` and `m:1` a
 * side that is 1 has every record of the other linked once at most: the best matches are taken first. `m:m` gives all
 * k neighbours. Links stand in the order of the left records, better ones first.
 *
 * @throws QuireError when the vectors are of two models, or k is no whole number from 1.
 */
export async function linkVectors(
  left: Vectors,
  right: Vectors,
  options: LinkOptions = {},
): Promise<Link[]> {
  const { kind = "m:1", threshold = Number.NEGATIVE_INFINITY } = options;
  const k = options.k ?? (kind === "1:1" ? CHOICES : 1);
  // Where each right record has one match, it is the right ones that look for theirs.
  const looksLeft = kind === "1:m";
  const [base, queries] = looksLeft ? [left, right] : [right, left];
  const found = await candidates(base, queries, k, options);
  const links = found
    .map(([query, place, score]) =>
      looksLeft ? { left: place, right: query, score } : { left: query, right: place, score },
    )
    .filter(({ score }) => score >= threshold);
  const kept = kind === "m:m" ? links : usedOnce(links, kind);
  return kept.sort((a, b) => a.left - b.left || b.score - a.score || a.right - b.right);
}

type Candidate = readonly [query: number, place: number, score: number];

async function candidates(
  base: Vectors,
  queries: Vectors,
  k: number,
  { blocks, search = exactSearch, onProgress, kind }: LinkOptions,
): Promise<Candidate[]> {
  const hooks = onProgress && { onProgress };
  if (!blocks) return listed(await search(base, queries, { k, ...hooks }));
  const [own, others] = kind === "1:m" ? [blocks[0], blocks[1]] : [blocks[1], blocks[0]];
  const places = byBlock(own);
  const found: Candidate[] = [];
  let done = 0;
  for (const [block, members] of byBlock(others)) {
    done += members.length;
    const inBlock = places.get(block);
    if (!inBlock) continue;
    const near = await search(chosen(base, inBlock), chosen(queries, members), { k });
    for (const [query, place, score] of listed(near)) {
      found.push([members[query] as number, inBlock[place] as number, score]);
    }
    onProgress?.(done / others.length);
  }
  return found;
}

function byBlock(blocks: readonly string[]): Map<string, number[]> {
  const members = new Map<string, number[]>();
  for (const [place, block] of blocks.entries()) {
    const known = members.get(block);
    if (known) known.push(place);
    else members.set(block, [place]);
  }
  return members;
}

function chosen({ values, width }: Vectors, places: readonly number[]): Vectors {
  const rows = new Float32Array(places.length * width);
  for (const [i, place] of places.entries()) {
    rows.set(values.subarray(place * width, (place + 1) * width), i * width);
  }
  return { values: rows, width };
}

function listed({ k, places, scores }: Neighbours): Candidate[] {
  const found: Candidate[] = [];
  for (const [i, place] of places.entries()) {
    if (place >= 0) found.push([Math.floor(i / k), place, scores[i] as number]);
  }
  return found;
}

/** The best links first, each record of a side that is used once at most once. */
function usedOnce(links: readonly Link[], kind: Exclude<LinkKind, "m:m">): Link[] {
  const [lefts, rights] = [new Set<number>(), new Set<number>()];
  const best = [...links].sort((a, b) => b.score - a.score || a.left - b.left || a.right - b.right);
  return best.filter(({ left, right }) => {
    if (kind !== "1:m" && lefts.has(left)) return false;
    if (kind !== "m:1" && rights.has(right)) return false;
    lefts.add(left);
    rights.add(right);
    return true;
  });
}

/** How doublets are found. */
export interface GroupingOptions {
  /** The cosine from which two records are the same; 0.9 unless said. */
  readonly threshold?: number;
  /** How many neighbours of a record are looked at; 50 unless said. */
  readonly k?: number;
  /** Blocks, one a record: only records of one block are compared. */
  readonly blocks?: readonly string[];
  readonly search?: NeighbourSearch;
  readonly onProgress?: (share: number) => void;
}

/**
 * Groups records that are the same: all that are joined by links of a cosine from the threshold on (single linkage,
 * section 3.2). Gives each record's group, numbered in the order of their first records.
 *
 * @throws QuireError when the threshold is no cosine.
 */
export async function groupVectors(
  vectors: Vectors,
  options: GroupingOptions = {},
): Promise<Int32Array> {
  const { threshold = 0.9, k = 50, blocks, ...search } = options;
  if (!(threshold >= -1 && threshold <= 1)) {
    throw new QuireError(`a threshold is a cosine from -1 to 1, got ${threshold}.`);
  }
  const rows = rowsOf(vectors);
  const links = await linkVectors(vectors, vectors, {
    ...{ kind: "m:m", k: Math.min(k, Math.max(1, rows)), threshold, ...search },
    ...(blocks && { blocks: [blocks, blocks] as const }),
  });
  const joined = new Groups(rows);
  for (const { left, right } of links) joined.join(left, right);
  const numbers = new Map<number, number>();
  return Int32Array.from({ length: rows }, (_, row) => {
    const root = joined.of(row);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
}
