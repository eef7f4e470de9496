import type { ProcessGroup } from "../distributed/process-group.ts";

/** Groups of one process that behave as that many processes do, each driven by code of its own. */
export function groupsInOneProcess(size: number): ProcessGroup[] {
  let arrived: { readonly part: Float32Array | Uint8Array; readonly go: () => void }[] = [];
  /** Resolves for all when the last one has come; `combine` then writes each part. */
  const meet = <T extends Float32Array | Uint8Array>(
    rank: number,
    part: T,
    combine: (parts: readonly T[]) => void,
  ): Promise<void> =>
    new Promise((go) => {
      arrived[rank] = { part, go };
      if (arrived.filter(Boolean).length < size) return;
      const all = arrived;
      arrived = [];
      combine(all.map(({ part: own }) => own as T));
      for (const { go: next } of all) next();
    });
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allReduce: (values) =>
      meet(rank, values, (parts) => {
        const sums = values.map((_, i) =>
          parts.reduce((sum, part) => sum + (part[i] as number), 0),
        );
        for (const part of parts) part.set(sums);
      }),
    broadcast: (bytes) =>
      meet(rank, bytes, (parts) => {
        for (const part of parts.slice(1)) part.set(parts[0] as Uint8Array);
      }),
    barrier: () => meet(rank, new Uint8Array(0), () => undefined),
  }));
}
