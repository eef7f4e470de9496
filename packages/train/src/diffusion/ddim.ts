import { normalDraws } from "./draws.ts";
import { spacedTimes } from "./noise-schedule.ts";
import { limited, noiseOf, startOf } from "./prediction.ts";
import type { SamplingStep, Walk } from "./sampling.ts";

/** Denoising diffusion implicit models (Song et al. 2021, eq. 12 and 16), over evenly spread times and then to the start. */
export async function* ddimSteps(
  { diffusion, denoise, steps, limit, noise, random }: Walk,
  eta: number,
): AsyncGenerator<SamplingStep, void, undefined> {
  const { schedule, prediction } = diffusion;
  const times = spacedTimes(schedule.steps, steps);
  let values = noise;
  for (const [place, time] of times.entries()) {
    const now = schedule.at(time);
    const next =
      times[place + 1] === undefined ? undefined : schedule.at(times[place + 1] as number);
    const { alpha, sigma } = next ?? { alpha: 1, sigma: 0 };
    const { said } = await denoise(values, time);
    const start = limited(startOf(prediction, now, values, said), limit);
    const own = noiseOf(now, values, start);
    const drawn = eta * (sigma / now.sigma) * Math.sqrt(Math.max(0, 1 - (now.alpha / alpha) ** 2));
    const fresh = drawn > 0 ? normalDraws(random.fork(place), values.length) : undefined;
    const kept = Math.sqrt(Math.max(0, sigma ** 2 - drawn ** 2));
    values = start.map((x, i) => alpha * x + kept * (own[i] as number) + drawn * (fresh?.[i] ?? 0));
    yield { step: place + 1, steps, values, start };
  }
}
