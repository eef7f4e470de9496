import {
  compile,
  hostTensor,
  matmul,
  QuireError,
  type Tensor,
  topK,
  transpose,
} from "@quire/tensor";

/** Rows of one width, one after another: row i is `values[i * width]` to `values[(i + 1) * width - 1]`. */
export interface Vectors {
  readonly values: Float32Array;
  readonly width: number;
}

/** The nearest rows of each query, nearest first. */
export interface Neighbours {
  /** How many each query has. */
  readonly k: number;
  /** Places of rows, `[queries * k]`; -1 where there are fewer. */
  readonly places: Int32Array;
  /** Cosines, `[queries * k]`; minus infinity where there are fewer. */
  readonly scores: Float32Array;
}

/** How rows are looked for. */
export interface SearchOptions {
  /** How many are found for each query. */
  readonly k: number;
  /** Is told of the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Finds the rows of `base` with the largest products with each row of `queries`; all rows have length 1. */
export type NeighbourSearch = (
  base: Vectors,
  queries: Vectors,
  options: SearchOptions,
) => Promise<Neighbours>;

/** How many rows there are. */
export function rowsOf({ values, width }: Vectors): number {
  return width === 0 ? 0 : values.length / width;
}

/** Products of rows that are worth a compiled function; fewer are done at once. */
const WORTH_COMPILING = 3e7;
/** Products that one call computes at most, and queries of one call. */
const BLOCK = 3.2e7;
const QUERIES = 512;

/**
 * Compares every query with every row: exact.
 *
 * @throws QuireError when the widths differ or k is no whole number from 1.
 */
export const exactSearch: NeighbourSearch = async (base, queries, options) => {
  const k = checkSearch(base, queries, options);
  const [rows, count] = [rowsOf(base), rowsOf(queries)];
  const found = emptyNeighbours(count, options.k);
  if (k === 0 || count === 0) return found;
  if (rows * count * base.width < WORTH_COMPILING) {
    for (let query = 0; query < count; query++) keepBest(found, query, base, queries);
    return found;
  }
  const blockRows = Math.max(k, Math.min(rows, Math.floor(BLOCK / QUERIES)));
  const run = compile((q: Tensor, b: Tensor) => {
    const { values, indices } = topK(matmul(q, transpose(b)), k);
    return { values, indices };
  });
  const calls = Math.ceil(rows / blockRows) * Math.ceil(count / QUERIES);
  let done = 0;
  for (let first = 0; first < rows; first += blockRows) {
    // The last block reaches back, so that all have one size; what is met twice is kept once.
    const start = Math.min(first, rows - blockRows);
    const block = slab(base, start, blockRows);
    for (let query = 0; query < count; query += QUERIES) {
      const from = Math.max(0, Math.min(query, count - QUERIES));
      const size = Math.min(QUERIES, count);
      const { values, indices } = await run(slab(queries, from, size), block);
      merge(found, { from, size, k, offset: start }, values.data, indices.data);
      options.onProgress?.(++done / calls);
    }
  }
  await run.release();
  return found;
};

/** The number to be found, no more than there are rows. */
export function checkSearch(base: Vectors, queries: Vectors, { k }: SearchOptions): number {
  if (base.width !== queries.width && base.values.length > 0 && queries.values.length > 0) {
    throw new QuireError(
      `search: vectors of ${queries.width} numbers cannot be looked for among vectors of ${base.width}; use one model for both.`,
    );
  }
  if (!Number.isInteger(k) || k < 1) {
    throw new QuireError(`search: k must be a whole number from 1, got ${k}.`);
  }
  return Math.min(k, rowsOf(base));
}

/** Neighbours of which none is found yet. */
export function emptyNeighbours(queries: number, k: number): Neighbours {
  return {
    k,
    places: new Int32Array(queries * k).fill(-1),
    scores: new Float32Array(queries * k).fill(Number.NEGATIVE_INFINITY),
  };
}

function slab({ values, width }: Vectors, first: number, rows: number) {
  return hostTensor(
    values.subarray(first * width, (first + rows) * width),
    [rows, width],
    "float32",
  );
}

interface Piece {
  readonly from: number;
  readonly size: number;
  readonly k: number;
  /** Place of the block's first row. */
  readonly offset: number;
}

function merge(
  found: Neighbours,
  { from, size, k, offset }: Piece,
  values: ArrayLike<number | bigint>,
  indices: ArrayLike<number | bigint>,
): void {
  const done = new Set<number>();
  for (let row = 0; row < size; row++) {
    const at = (from + row) * found.k;
    done.clear();
    for (let i = 0; i < found.k; i++) done.add(found.places[at + i] as number);
    for (let i = row * k; i < (row + 1) * k; i++) {
      const place = Number(indices[i]) + offset;
      if (!done.has(place)) insert(found, from + row, place, Number(values[i]));
    }
  }
}

/** Puts a row among a query's best, where it belongs there; earlier rows come first among equal ones. */
function insert(
  { k, places, scores }: Neighbours,
  query: number,
  place: number,
  score: number,
): void {
  const first = query * k;
  let at = first + k;
  while (at > first && (scores[at - 1] as number) < score) at--;
  if (at === first + k) return;
  scores.copyWithin(at + 1, at, first + k - 1);
  places.copyWithin(at + 1, at, first + k - 1);
  scores[at] = score;
  places[at] = place;
}

function keepBest(found: Neighbours, query: number, base: Vectors, queries: Vectors): void {
  const { width, values } = base;
  const start = query * width;
  for (let place = 0, at = 0; at < values.length; place++) {
    let score = 0;
    for (let i = 0; i < width; i++, at++) {
      score += (values[at] as number) * (queries.values[start + i] as number);
    }
    insert(found, query, place, score);
  }
}

/** The share of the exact nearest rows that another search found too. */
export function recallOf(found: Neighbours, exact: Neighbours): number {
  let [hits, all] = [0, 0];
  for (let query = 0; query * exact.k < exact.places.length; query++) {
    const own = new Set(found.places.subarray(query * found.k, (query + 1) * found.k));
    for (const place of exact.places.subarray(query * exact.k, (query + 1) * exact.k)) {
      if (place < 0) continue;
      all += 1;
      if (own.has(place)) hits += 1;
    }
  }
  return all === 0 ? 1 : hits / all;
}
