/** How the values of several processes become one. */
export type Reduction = "sum" | "max";

/** Processes that compute one graph together: numbered from 0, each calls the same collectives in the same order. */
export interface Collectives {
  /** This process's number. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Replaces the values by their sums, or the largest, over all processes. */
  allReduce(values: Float32Array, reduction?: Reduction): void | Promise<void>;
  /** Fills `whole` with every process's part, in the order of their numbers. */
  allGather(part: Float32Array, whole: Float32Array): void | Promise<void>;
  /** Sums `whole` over all processes and gives each its part of the sums, in the order of their numbers. */
  reduceScatter(whole: Float32Array, part: Float32Array): void | Promise<void>;
}
