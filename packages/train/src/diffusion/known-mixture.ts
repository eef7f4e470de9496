import type { Diffusion } from "./diffusion.ts";
import type { Denoise } from "./sampling.ts";

/** A normal distribution of a mixture, the same in every direction. */
export interface MixturePart {
  /** Its share; all of them make 1. */
  readonly share: number;
  /** `[D]` */
  readonly mean: readonly number[];
  readonly deviation: number;
}

/**
 * The best that any network can say where the data are a mixture of normal distributions: it is known exactly, so that
 * samplers can be checked without one. Values are points in a row, `[N, D]`.
 */
export function mixtureDenoise(diffusion: Diffusion, parts: readonly MixturePart[]): Denoise {
  const { schedule, prediction } = diffusion;
  const dimensions = parts[0]?.mean.length ?? 1;
  return (noised, time) => {
    const { alpha, sigma } = schedule.at(time);
    const said = new Float64Array(noised.length);
    for (let at = 0; at < noised.length; at += dimensions) {
      const point = noised.subarray(at, at + dimensions);
      const start = expectedStart(point, parts, alpha, sigma);
      for (let d = 0; d < dimensions; d++) {
        const [x, x0] = [point[d] as number, start[d] as number];
        const noise = (x - alpha * x0) / sigma;
        said[at + d] = { noise, start: x0, velocity: alpha * noise - sigma * x0 }[prediction];
      }
    }
    return { said };
  };
}

/** E[x_0 | x_t]: each part's own estimate, weighed by how likely the part is. */
function expectedStart(
  point: Float64Array,
  parts: readonly MixturePart[],
  alpha: number,
  sigma: number,
): number[] {
  const logs = parts.map(({ share, mean, deviation }) => {
    const variance = (alpha * deviation) ** 2 + sigma ** 2;
    const square = mean.reduce((sum, m, d) => sum + ((point[d] as number) - alpha * m) ** 2, 0);
    return Math.log(share) - 0.5 * (square / variance + mean.length * Math.log(variance));
  });
  const most = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - most));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from(point, (x, d) =>
    parts.reduce((sum, { mean, deviation }, k) => {
      const m = mean[d] as number;
      const pull = (alpha * deviation ** 2) / ((alpha * deviation) ** 2 + sigma ** 2);
      return sum + ((weights[k] as number) / whole) * (m + pull * (x - alpha * m));
    }, 0),
  );
}
