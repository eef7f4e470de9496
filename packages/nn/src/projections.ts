import type { Initializer } from "@quire/tensor";
import type { Division } from "./parallel/division.ts";

/** How attention's linear layers are laid out and filled. */
export interface ProjectionOptions {
  /** Whether query, key and value add a vector; true unless said. */
  readonly bias?: boolean;
  /** Whether the output adds a vector; true unless said. */
  readonly outputBias?: boolean;
  /** How the weights of query, key and value are filled. */
  readonly initial?: Initializer;
  /** How the output's weight is filled; as the others unless said. */
  readonly initialOutput?: Initializer;
  /** Processes that divide the heads; none unless said. Separate layers alone can be divided, and need `initial`. */
  readonly division?: Division;
}

/** A layout of attention's linear layers. */
export interface Projections extends ProjectionOptions {
  readonly layout: "separate" | "fused";
}

/** Three linear layers `query`, `key` and `value`, and `output`. */
export function separate(options: ProjectionOptions = {}): Projections {
  return { ...options, layout: "separate" };
}

/** One linear layer `queryKeyValue` whose output is query, key and value in a row, and `output`. */
export function fused(options: ProjectionOptions = {}): Projections {
  return { ...options, layout: "fused" };
}
