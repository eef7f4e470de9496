/** Processes that train together: numbered from 0, each calls the same collectives in the same order. */
export interface ProcessGroup {
  /** This process's number. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Replaces the values by their sums over all processes. */
  allReduce(values: Float32Array): void | Promise<void>;
  /** Replaces the bytes by those of process 0. */
  broadcast(bytes: Uint8Array): void | Promise<void>;
  /** Waits until every process is here. */
  barrier(): void | Promise<void>;
}
