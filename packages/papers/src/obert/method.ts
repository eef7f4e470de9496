import type { Method } from "../method.ts";

/** Pruning changes values alone: what is pruned is opened as any other model. */
export const method: Method = {};
