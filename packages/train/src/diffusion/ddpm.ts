import { normalDraws } from "./draws.ts";
import { posteriorTables } from "./learned-variance.ts";
import { spacedTimes } from "./noise-schedule.ts";
import { limited, startOf } from "./prediction.ts";
import type { Denoised, SamplingStep, Walk } from "./sampling.ts";

/**
 * Draws from the posterior of each step back (Ho et al. 2020, algorithm 2) over evenly spread times, whose betas follow
 * from the alphas (Nichol and Dhariwal 2021, section 4); learned variances stand between both bounds (eq. 15).
 */
export async function* ddpmSteps({
  diffusion,
  denoise,
  steps,
  limit,
  noise,
  random,
}: Walk): AsyncGenerator<SamplingStep, void, undefined> {
  const { schedule, prediction, variance } = diffusion;
  const times = spacedTimes(schedule.steps, steps);
  const tables = posteriorOf(times.map((time) => schedule.alphas[time] as number).reverse());
  let values = noise;
  for (const [place, time] of times.entries()) {
    const row = steps - 1 - place;
    const { said, share } = await denoise(values, time);
    const start = limited(startOf(prediction, schedule.at(time), values, said), limit);
    const [first, second] = [tables.first[row] as number, tables.second[row] as number];
    const bounds = [tables.logSmall[row] as number, tables.logLarge[row] as number] as const;
    const deviation = deviationOf(variance, bounds, share);
    const fresh = row > 0 ? normalDraws(random.fork(place), values.length) : undefined;
    values = values.map((x, i) => {
      const mean = first * (start[i] as number) + second * x;
      return fresh ? mean + deviation(i) * (fresh[i] as number) : mean;
    });
    yield { step: place + 1, steps, values, start };
  }
}

/** Tables of the posterior between times of given alphas, the least noise first. */
function posteriorOf(alphas: readonly number[]) {
  const betas = alphas.map(
    (alpha, i) => 1 - (alpha / (i === 0 ? 1 : (alphas[i - 1] as number))) ** 2,
  );
  return posteriorTables(Float64Array.from(betas), Float64Array.from(alphas));
}

function deviationOf(
  variance: "small" | "large" | "learned",
  [small, large]: readonly [number, number],
  share: Denoised["share"],
): (place: number) => number {
  if (variance === "learned" && share) {
    return (i) => {
      const part = ((share[i] as number) + 1) / 2;
      return Math.exp(0.5 * (part * large + (1 - part) * small));
    };
  }
  const fixed = Math.exp(0.5 * (variance === "large" ? large : small));
  return () => fixed;
}
