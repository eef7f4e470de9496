/** What a network says of noised values: the noise ε, the start x_0, or the velocity v = α ε - σ x_0. */
export type Prediction = "noise" | "start" | "velocity";

/** α and σ of values. */
export interface Mixing {
  readonly alpha: number;
  readonly sigma: number;
}

/** The start x_0 that a prediction means for noised values (Salimans and Ho 2022, section 4 and appendix D). */
export function startOf(
  kind: Prediction,
  { alpha, sigma }: Mixing,
  noised: Float64Array,
  said: Float64Array | Float32Array,
): Float64Array {
  switch (kind) {
    case "noise":
      return noised.map((x, i) => (x - sigma * (said[i] as number)) / alpha);
    case "start":
      return Float64Array.from(said);
    case "velocity":
      return noised.map((x, i) => alpha * x - sigma * (said[i] as number));
  }
}

/** The noise that values hold when their start is known. */
export function noiseOf(
  { alpha, sigma }: Mixing,
  noised: Float64Array,
  start: Float64Array,
): Float64Array {
  return noised.map((x, i) => (x - alpha * (start[i] as number)) / sigma);
}

/** Values cut to what stands between -limit and limit. */
export function limited(values: Float64Array, limit: number): Float64Array {
  if (limit === Number.POSITIVE_INFINITY) return values;
  return values.map((value) => Math.max(-limit, Math.min(limit, value)));
}
