import type { Collectives } from "@quire/tensor";

/** Processes that train together: numbered from 0, each calls the same collectives in the same order. */
export interface ProcessGroup extends Collectives {
  /** Replaces the bytes by those of process 0. */
  broadcast(bytes: Uint8Array): void | Promise<void>;
  /** Waits until every process is here. */
  barrier(): void | Promise<void>;
  /** Those of the processes that name the same part, in the order of their numbers here; all of them call it. */
  split(part: number): ProcessGroup | Promise<ProcessGroup>;
}
