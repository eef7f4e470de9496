/**
 * Which groups are pruned so that a given number is: those with the lowest scores of all blocks together, the first
 * ones among equals (section 3.2: global, not layer by layer).
 *
 * @param scores Infinity where a group must stay, minus infinity where it is pruned already.
 */
export function lowest(scores: Float32Array, count: number): Uint8Array {
  const chosen = new Uint8Array(scores.length);
  if (count <= 0) return chosen;
  const sorted = scores.slice().sort();
  const limit = sorted[Math.min(count, scores.length) - 1] as number;
  let left = count;
  for (let i = 0; i < scores.length && left > 0; i++) {
    if ((scores[i] as number) < limit) {
      chosen[i] = 1;
      left -= 1;
    }
  }
  for (let i = 0; i < scores.length && left > 0; i++) {
    if (scores[i] === limit && limit !== Number.POSITIVE_INFINITY) {
      chosen[i] = 1;
      left -= 1;
    }
  }
  return chosen;
}
