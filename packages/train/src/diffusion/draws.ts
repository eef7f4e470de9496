import type { Random } from "@quire/tensor";

/** Normal draws, of mean 0 and deviation 1. */
export function normalDraws(random: Random, size: number): Float64Array {
  return Float64Array.from({ length: size }, () => random.normal());
}
