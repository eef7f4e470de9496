import { availableParallelism } from "node:os";
import { QuireError } from "@quire/tensor";
import type { Index as UsearchIndex } from "usearch";
import {
  checkSearch,
  emptyNeighbours,
  exactSearch,
  type NeighbourSearch,
  recallOf,
  rowsOf,
  type Vectors,
} from "../neighbours/neighbours.ts";

/** How a graph of neighbours is made and walked. */
export interface GraphSearchOptions {
  /** Edges of a row; 16 unless said. */
  readonly connectivity?: number;
  /** Rows that are looked at to place one; 128 unless said. */
  readonly construction?: number;
  /** Rows that are looked at to find some; 128 unless said, and no fewer than are to be found. */
  readonly expansion?: number;
  /** Is told the share of the nearest rows that were found, measured on some queries by exact search. */
  readonly onRecall?: (recall: number) => void;
}

/** Rows that are added or looked for before progress is told. */
const CHUNK = 4096;
/** Queries whose neighbours are looked for exactly, to measure the recall. */
const MEASURED = 500;

/**
 * Looks for neighbours along a graph of near rows (HNSW, Malkov and Yashunin 2018) on all cores: time grows as the
 * rows times the logarithm of their number, and a few neighbours are missed. The recall is measured by exact search.
 *
 * @throws QuireError when the library has no binary for this platform; use `exactSearch` then.
 */
export function graphSearch(options: GraphSearchOptions = {}): NeighbourSearch {
  const { connectivity = 16, construction = 128, expansion = 128, onRecall } = options;
  return async (base, queries, search) => {
    const k = checkSearch(base, queries, search);
    const [rows, count] = [rowsOf(base), rowsOf(queries)];
    const found = emptyNeighbours(count, search.k);
    if (k === 0 || count === 0) return found;
    const { Index, MetricKind, ScalarKind } = await library();
    const index = new Index({
      ...{ dimensions: base.width, metric: MetricKind.Cos, quantization: ScalarKind.F32 },
      ...{ connectivity, expansion_add: construction, multi: false },
      expansion_search: Math.max(expansion, k),
    });
    const total = rows + count;
    for await (const [first, last] of chunks(rows)) {
      const keys = BigUint64Array.from({ length: last - first }, (_, i) => BigInt(first + i));
      index.add(keys, part(base, first, last), availableParallelism());
      search.onProgress?.(last / total);
    }
    for await (const [first, last] of chunks(count)) {
      take(index, part(queries, first, last), k, { ...found, first });
      search.onProgress?.((rows + last) / total);
    }
    if (onRecall) onRecall(await measuredRecall(base, queries, found, k));
    return found;
  };
}

/** Whether `graphSearch` works on this platform. */
export async function hasGraphSearch(): Promise<boolean> {
  return await library().then(
    () => true,
    () => false,
  );
}

async function library(): Promise<typeof import("usearch")> {
  try {
    return await import("usearch");
  } catch (cause) {
    throw new QuireError(
      "graphSearch: the package usearch has no binary for this platform: use exactSearch.",
      { cause },
    );
  }
}

/** Ranges of rows; other work gets its turn between them. */
async function* chunks(count: number): AsyncGenerator<readonly [first: number, last: number]> {
  for (let first = 0; first < count; first += CHUNK) {
    await new Promise((resolve) => setImmediate(resolve));
    yield [first, Math.min(count, first + CHUNK)];
  }
}

function part({ values, width }: Vectors, first: number, last: number): Float32Array {
  return values.subarray(first * width, last * width);
}

function take(
  index: UsearchIndex,
  queries: Float32Array,
  k: number,
  into: { readonly k: number; places: Int32Array; scores: Float32Array; readonly first: number },
): void {
  const matches = index.search(queries, k, availableParallelism()) as unknown as {
    readonly keys: BigUint64Array;
    readonly distances: Float32Array;
    readonly counts?: BigUint64Array;
  };
  const rows = matches.counts?.length ?? 1;
  for (let row = 0; row < rows; row++) {
    const count = Number(matches.counts?.[row] ?? matches.keys.length);
    for (let i = 0; i < count; i++) {
      const at = (into.first + row) * into.k + i;
      into.places[at] = Number(matches.keys[row * k + i]);
      into.scores[at] = 1 - (matches.distances[row * k + i] as number);
    }
  }
}

/** Queries from all over are looked for exactly. */
async function measuredRecall(
  base: Vectors,
  queries: Vectors,
  found: ReturnType<typeof emptyNeighbours>,
  k: number,
): Promise<number> {
  const count = rowsOf(queries);
  const step = Math.max(1, Math.floor(count / MEASURED));
  const chosen = Array.from({ length: Math.min(MEASURED, count) }, (_, i) =>
    Math.min(count - 1, i * step),
  );
  const values = new Float32Array(chosen.length * queries.width);
  const own = emptyNeighbours(chosen.length, found.k);
  for (const [i, query] of chosen.entries()) {
    values.set(part(queries, query, query + 1), i * queries.width);
    own.places.set(found.places.subarray(query * found.k, (query + 1) * found.k), i * found.k);
  }
  const exact = await exactSearch(base, { values, width: queries.width }, { k });
  return recallOf(own, exact);
}
