import type { Collectives } from "../graph/collectives.ts";

/** Calls of one kind, one of each process: they meet, one of them combines what all brought, and all go on. */
export class MeetingPoint {
  readonly #size: number;
  #arrived: { readonly brought: unknown; readonly go: () => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Resolves for all when the last one has come; `combine` then sees what each brought. */
  meet<T>(rank: number, brought: T, combine: (all: readonly T[]) => void): Promise<void> {
    return new Promise((go) => {
      this.#arrived[rank] = { brought, go };
      if (this.#arrived.filter(Boolean).length < this.#size) return;
      const all = this.#arrived;
      this.#arrived = [];
      combine(all.map((one) => one.brought as T));
      for (const { go: next } of all) next();
    });
  }
}

/** Processes' collectives within one process, each driven by code of its own. */
export function collectivesInOneProcess(size: number, at = new MeetingPoint(size)): Collectives[] {
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allReduce: (values, reduction = "sum") =>
      at.meet(rank, values, (all) => {
        const reduced = values.map((_value, i) => reducedAt(all, i, reduction));
        for (const part of all) part.set(reduced);
      }),
    allGather: (part, whole) =>
      at.meet(rank, { part, whole }, (all) => {
        for (const { whole: into } of all) {
          all.forEach(({ part: from }, i) => {
            into.set(from, i * from.length);
          });
        }
      }),
    reduceScatter: (whole, part) =>
      at.meet(rank, { part, whole }, (all) => {
        const sums = whole.map((_value, i) =>
          reducedAt(
            all.map((one) => one.whole),
            i,
            "sum",
          ),
        );
        all.forEach(({ part: into }, i) => {
          into.set(sums.subarray(i * into.length, (i + 1) * into.length));
        });
      }),
  }));
}

function reducedAt(all: readonly Float32Array[], i: number, reduction: "sum" | "max"): number {
  const values = all.map((one) => one[i] as number);
  return reduction === "max" ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0);
}
