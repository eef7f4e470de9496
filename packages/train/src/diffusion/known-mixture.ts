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
    const noisedParts = parts.map((part) => noisedPart(part, alpha, sigma));
    const said = new Float64Array(noised.length);
    const start = new Float64Array(dimensions);
    for (let at = 0; at < noised.length; at += dimensions) {
      expectedStart(noised, at, noisedParts, alpha, start);
      for (let d = 0; d < dimensions; d++) {
        const [x, x0] = [noised[at + d] as number, start[d] as number];
        const noise = (x - alpha * x0) / sigma;
        if (prediction === "noise") said[at + d] = noise;
        else said[at + d] = prediction === "start" ? x0 : alpha * noise - sigma * x0;
      }
    }
    return { said };
  };
}

/** A part at a time, when it is a normal distribution still. */
interface NoisedPart extends MixturePart {
  readonly variance: number;
  /** The logarithm of its share and of its density's factor. */
  readonly log: number;
  /** How far a point draws the estimate of its start away from the part's mean. */
  readonly pull: number;
}

function noisedPart(part: MixturePart, alpha: number, sigma: number): NoisedPart {
  const variance = (alpha * part.deviation) ** 2 + sigma ** 2;
  const log = Math.log(part.share) - 0.5 * part.mean.length * Math.log(variance);
  return { ...part, variance, log, pull: (alpha * part.deviation ** 2) / variance };
}

/** E[x_0 | x_t] of the point that begins at a place: each part's own estimate, weighed by how likely the part is. */
function expectedStart(
  noised: Float64Array,
  at: number,
  parts: readonly NoisedPart[],
  alpha: number,
  start: Float64Array,
): void {
  const logs = parts.map(({ mean, variance, log }) => {
    let square = 0;
    for (let d = 0; d < mean.length; d++) {
      square += ((noised[at + d] as number) - alpha * (mean[d] as number)) ** 2;
    }
    return log - (0.5 * square) / variance;
  });
  const most = Math.max(...logs);
  let whole = 0;
  for (const log of logs) whole += Math.exp(log - most);
  start.fill(0);
  for (const [k, { mean, pull }] of parts.entries()) {
    const weight = Math.exp((logs[k] as number) - most) / whole;
    for (let d = 0; d < mean.length; d++) {
      const m = mean[d] as number;
      const own = m + pull * ((noised[at + d] as number) - alpha * m);
      start[d] = (start[d] as number) + weight * own;
    }
  }
}
