import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { Diffusion, type DiffusionOptions } from "./diffusion.ts";
import { normalDraws } from "./draws.ts";
import { guided } from "./guidance.ts";
import { type MixturePart, mixtureDenoise } from "./known-mixture.ts";
import { spacedTimes } from "./noise-schedule.ts";
import { type Denoise, type Sampler, sample, sampling } from "./sampling.ts";

/** One normal distribution of a single number. */
const normal: MixturePart = { share: 1, mean: [0.7], deviation: 0.3 };
const COUNT = 8000;

function moments(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}

/** Where the probability flow leads a point exactly: it keeps its quantile (Song et al. 2021, eq. 13 of score SDEs). */
function flowed(
  diffusion: Diffusion,
  noise: Float64Array,
  from: number,
  to?: number,
): Float64Array {
  const at = (time: number | undefined) => {
    const { alpha, sigma } =
      time === undefined ? { alpha: 1, sigma: 0 } : diffusion.schedule.at(time);
    const [m, s] = [normal.mean[0] as number, normal.deviation];
    return { mean: alpha * m, deviation: Math.hypot(alpha * s, sigma) };
  };
  const [before, after] = [at(from), at(to)];
  return noise.map((x) => after.mean + (after.deviation * (x - before.mean)) / before.deviation);
}

function largestGap(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
}

const predictions = ["noise", "start", "velocity"] as const;

describe.each(predictions)("a network that foretells the %s", (prediction) => {
  test.each<[string, Sampler, number]>([
    ["DDPM", { kind: "ddpm" }, 1000],
    ["DDIM", { kind: "ddim" }, 250],
    ["DDIM with draws", { kind: "ddim", eta: 1 }, 1000],
    ["DPM-Solver++", { kind: "dpm" }, 200],
    ["DPM-Solver", { kind: "dpm", foretells: "noise", order: 3 }, 80],
  ])("%s draws what has the known mean and deviation", async (_, sampler, steps) => {
    const diffusion = new Diffusion({ prediction });
    const size = steps === 1000 ? 300 : 1000;
    const values = await sample(diffusion, mixtureDenoise(diffusion, [normal]), {
      ...{ size, steps, sampler, seed: 3 },
    });
    const { mean, deviation } = moments(values);
    const error = 0.3 / Math.sqrt(size);
    expect(Math.abs(mean - 0.7)).toBeLessThan(3 * error);
    expect(Math.abs(deviation - 0.3)).toBeLessThan(3 * error);
  });
});

// The first steps are of lower order, so that with ever more of them the third order's error falls as the square, from a
// value that is already tiny.
describe("order of convergence", () => {
  const noise = normalDraws(new Random(5), 40);
  const errorOf = async (sampler: Sampler, steps: number, options: DiffusionOptions = {}) => {
    const diffusion = new Diffusion(options);
    const denoise = mixtureDenoise(diffusion, [normal]);
    const values = await sample(diffusion, denoise, { size: 40, steps, sampler, noise });
    const last = sampler.kind === "dpm" ? 0 : undefined;
    return largestGap(values, flowed(diffusion, noise, diffusion.steps - 1, last));
  };

  test.each<[number, Sampler, number, number]>([
    [1, { kind: "ddim" }, 50, 100],
    [1, { kind: "dpm", order: 1 }, 50, 100],
    [2, { kind: "dpm", order: 2 }, 80, 160],
    [3, { kind: "dpm", order: 3 }, 160, 320],
    [1, { kind: "dpm", order: 1, foretells: "noise" }, 50, 100],
    [2, { kind: "dpm", order: 2, foretells: "noise" }, 160, 320],
    [3, { kind: "dpm", order: 3, foretells: "noise" }, 80, 160],
  ])("is %d of %o", async (order, sampler, few, many) => {
    const [coarse, fine] = [await errorOf(sampler, few), await errorOf(sampler, many)];
    const found = Math.log2(coarse / fine);
    expect(found).toBeGreaterThan(order - 0.35);
    expect(found).toBeLessThan(order + 0.6);
  });

  test("DPM-Solver++ of order 1 is DDIM between the same times", async () => {
    const diffusion = new Diffusion();
    const denoise = mixtureDenoise(diffusion, [normal]);
    const by = async (sampler: Sampler, steps: number) => {
      const seen: Float64Array[] = [];
      for await (const step of sampling(diffusion, denoise, { size: 40, steps, sampler, noise })) {
        seen.push(step.values);
      }
      return seen;
    };
    const [ddim, dpm] = [await by({ kind: "ddim" }, 112), await by({ kind: "dpm", order: 1 }, 111)];
    expect(largestGap(ddim[110] as Float64Array, dpm[110] as Float64Array)).toBeLessThan(1e-9);
  });

  test("a cosine schedule begins where there is still something to see", async () => {
    expect(await errorOf({ kind: "dpm", order: 2 }, 100, { betas: "cosine" })).toBeLessThan(0.02);
  });
});

describe("variances of a backward step", () => {
  /** The deviation that draws have after the whole way, from the linear recursion of its variances. */
  function foretold(diffusion: Diffusion, steps: number, share: number): number {
    const times = spacedTimes(1000, steps).reverse();
    const kept = times.map((time) => (diffusion.schedule.alphas[time] as number) ** 2);
    let square = 1;
    for (let i = steps - 1; i >= 0; i--) {
      const [now, before] = [kept[i] as number, i === 0 ? 1 : (kept[i - 1] as number)];
      const beta = 1 - now / before;
      const small = (beta * (1 - before)) / (1 - now);
      const pull = (Math.sqrt(now) * 0.09) / (now * 0.09 + 1 - now);
      const first = (beta * Math.sqrt(before)) / (1 - now);
      const second = ((1 - before) * Math.sqrt(1 - beta)) / (1 - now);
      const log = share * Math.log(beta) + (1 - share) * Math.log(small);
      square = (first * pull + second) ** 2 * square + (i === 0 ? 0 : Math.exp(log));
    }
    return Math.sqrt(square);
  }

  test.each<[DiffusionOptions["variance"] & string, number]>([
    ["small", 0],
    ["large", 1],
    ["learned", 0.4],
  ])("%s", async (variance, share) => {
    const diffusion = new Diffusion({ variance });
    const known = mixtureDenoise(diffusion, [normal]);
    const denoise: Denoise = async (noised, time) => ({
      ...(await known(noised, time)),
      share: new Float64Array(noised.length).fill(2 * share - 1),
    });
    const values = await sample(diffusion, denoise, {
      ...{ size: COUNT, steps: 25, sampler: { kind: "ddpm" }, seed: 8 },
    });
    const wanted = foretold(diffusion, 25, share);
    expect(moments(values).deviation / wanted).toBeCloseTo(1, 1.7);
    expect(moments(values).mean).toBeCloseTo(0.7, 1.7);
  });
});

test("a mixture's parts come in their shares", async () => {
  const diffusion = new Diffusion();
  const parts = [
    { share: 0.3, mean: [-1, 0], deviation: 0.1 },
    { share: 0.7, mean: [1, 1], deviation: 0.2 },
  ];
  const values = await sample(diffusion, mixtureDenoise(diffusion, parts), {
    ...{ size: 4000, steps: 160, seed: 2, sampler: { kind: "dpm", order: 3 } },
  });
  const firsts = values.filter((_, i) => i % 2 === 0);
  const seconds = values.filter((_, i) => i % 2 === 1);
  expect(firsts.filter((x) => x < 0).length / 2000).toBeCloseTo(0.3, 1.3);
  expect(moments(seconds.filter((_, i) => (firsts[i] as number) > 0)).deviation).toBeCloseTo(
    0.2,
    1.7,
  );
  expect(moments(seconds.filter((_, i) => (firsts[i] as number) < 0)).mean).toBeCloseTo(0, 1.7);
});

test("guidance of scale w leads to the density p(x | c)^w / p(x)^(w - 1) of the last network", async () => {
  const diffusion = new Diffusion();
  const at = (centre: number) =>
    mixtureDenoise(diffusion, [{ share: 1, mean: [centre], deviation: 0.5 }]);
  const values = await sample(diffusion, guided(at(1), at(0), 3), {
    ...{ size: 4000, steps: 100, seed: 1 },
  });
  // Scores of normal distributions of one deviation add up to that of one whose mean is 3 x 1 - 2 x 0.
  expect(moments(values).mean).toBeCloseTo(3, 1);
  expect(moments(values).deviation).toBeCloseTo(0.5, 1.5);
});

test("a limit keeps every foretold start within it", async () => {
  const diffusion = new Diffusion();
  const denoise = mixtureDenoise(diffusion, [{ share: 1, mean: [0], deviation: 2 }]);
  const given = { size: 100, steps: 10, limit: 0.5 };
  for await (const { start } of sampling(diffusion, denoise, given)) {
    expect(Math.max(...start.map(Math.abs))).toBeLessThanOrEqual(0.5);
  }
});

test("the same seed draws the same, another one does not", async () => {
  const diffusion = new Diffusion();
  const denoise = mixtureDenoise(diffusion, [normal]);
  const draw = (seed: number) =>
    sample(diffusion, denoise, { size: 4, steps: 5, seed, sampler: { kind: "ddpm" } });
  expect(await draw(1)).toEqual(await draw(1));
  expect(await draw(1)).not.toEqual(await draw(2));
});

test("impossible numbers of steps are refused", async () => {
  const diffusion = new Diffusion({ steps: 10 });
  const denoise = mixtureDenoise(diffusion, [normal]);
  const run = (sampler: Sampler, steps: number) =>
    sample(diffusion, denoise, { size: 1, steps, sampler });
  await expect(run({ kind: "ddim" }, 11)).rejects.toThrow(
    "sampling: steps must be a whole number from 1 to the schedule's 10, got 11.",
  );
  await expect(run({ kind: "dpm", order: 3 }, 2)).rejects.toThrow(
    "sampling: a solver of order 3 takes a whole number of steps from 3 up, got 2.",
  );
  await expect(
    sample(diffusion, denoise, { size: 2, steps: 2, noise: new Float64Array(1) }),
  ).rejects.toThrow("sampling: 2 values begin with as many draws, got 1.");
  expect(() => new Diffusion({ steps: 1 })).toThrow(
    "diffusion: steps must be a whole number from 2 up, got 1.",
  );
});
