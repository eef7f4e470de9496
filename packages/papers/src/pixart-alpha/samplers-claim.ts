import { Random } from "@quire/tensor";
import { Diffusion, type MixturePart, mixtureDenoise, type Sampler, sample } from "@quire/train";
import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { growthOf, meanOf, metricOf } from "../statistics.ts";
import type { Turn } from "../turn.ts";

/** The distribution of a single number that all samplers draw. */
const normal: MixturePart = { share: 1, mean: [0.7], deviation: 0.3 };

/** Steps between which an order is fitted: where the error is neither that of few steps nor that of rounding. */
interface Solver {
  readonly name: string;
  readonly sampler: Sampler;
  readonly order: number;
  readonly fitted: readonly number[];
}

const DDIM = "DDIM";
const SECOND = "DPM-Solver++ of order 2";

const solvers: readonly Solver[] = [
  { name: DDIM, sampler: { kind: "ddim" }, order: 1, fitted: [80, 160, 320] },
  ...([1, 2, 3] as const).map((order) => ({
    name: `DPM-Solver++ of order ${order}`,
    sampler: { kind: "dpm", order } as const,
    ...{ order, fitted: order === 3 ? [160, 320] : [80, 160, 320] },
  })),
];

const ddpm = { name: "DDPM", sampler: { kind: "ddpm" } as const };

const STEPS = [10, 20, 40, 80, 160, 320] as const;
const ORDER_BOUND = 0.5;

const sizes = {
  full: { points: 400, draws: 2000, steps: 1000 },
  quick: { points: 50, draws: 200, steps: 100 },
};

interface Drawn {
  readonly noise: Float64Array;
  readonly seed?: number;
  /** The distribution; that which all samplers draw unless said. */
  readonly part?: MixturePart;
}

/** Deviations of data, narrow to wide beside the noise's 1, for which 20 steps are compared. */
const DEVIATIONS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1] as const;
const FEW = 20;

/** What a sampler gives of noise, for the best denoiser of a distribution. */
function drawn(
  sampler: Sampler,
  steps: number,
  { noise, seed = 0, part = normal }: Drawn,
): Promise<Float64Array> {
  const diffusion = new Diffusion();
  const denoise = mixtureDenoise(diffusion, [part]);
  return sample(diffusion, denoise, { size: noise.length, steps, sampler, noise, seed });
}

/** Where the flow leads noise exactly, at the time at which a solver ends. */
function exact(
  { kind }: Sampler,
  noise: Float64Array,
  { mean: [mean = 0], deviation }: MixturePart = normal,
): Float64Array {
  const { schedule, steps } = new Diffusion();
  const from = schedule.at(steps - 1);
  const to = kind === "ddim" ? { alpha: 1, sigma: 0 } : schedule.at(0);
  const width = ({ alpha, sigma }: { alpha: number; sigma: number }): number =>
    Math.hypot(alpha * deviation, sigma);
  return noise.map((x) => to.alpha * mean + (width(to) * (x - from.alpha * mean)) / width(from));
}

async function errorsOf({ sampler }: Solver, noise: Float64Array): Promise<number[]> {
  const errors: number[] = [];
  for (const steps of STEPS) errors.push(await errorOf(sampler, steps, { noise }));
  return errors;
}

/** The mean absolute error of a sampler's draws. */
async function errorOf(sampler: Sampler, steps: number, given: Drawn): Promise<number> {
  const wanted = exact(sampler, given.noise, given.part);
  const values = await drawn(sampler, steps, given);
  return meanOf(Array.from(values, (v, i) => Math.abs(v - (wanted[i] as number))));
}

/** Errors of few steps by the data's deviation, as shares of it. */
async function errorsByDeviation(sampler: Sampler, noise: Float64Array): Promise<number[]> {
  const errors: number[] = [];
  for (const deviation of DEVIATIONS) {
    const error = await errorOf(sampler, FEW, { noise, part: { ...normal, deviation } });
    errors.push(error / deviation);
  }
  return errors;
}

function orderOf({ fitted }: Solver, errors: readonly number[]): number {
  const costs = fitted.map(
    (steps) => errors[STEPS.indexOf(steps as (typeof STEPS)[number])] as number,
  );
  return -growthOf(fitted, costs);
}

function momentsOf(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  const mean = meanOf(Array.from(values));
  const deviation = Math.sqrt(meanOf(Array.from(values, (v) => (v - mean) ** 2)));
  return { mean, deviation };
}

async function measure({
  budget,
  ...context
}: ExperimentContext<undefined>): Promise<ExperimentResult> {
  const { points, draws, steps } = sizes[budget];
  const noiseOf = (seed: number, size: number): Float64Array => {
    const random = new Random(seed).fork("noise");
    return Float64Array.from({ length: size }, () => random.normal());
  };
  const { rows } = await compare<undefined>(
    [
      ...solvers.map((solver) => ({
        name: solver.name,
        run: async (seed: number) => {
          const began = performance.now();
          const errors = await errorsOf(solver, noiseOf(seed, points));
          const values = await drawn(solver.sampler, 320, { noise: noiseOf(seed, draws), seed });
          const order = orderOf(solver, errors);
          const narrow = await errorsByDeviation(solver.sampler, noiseOf(seed, points));
          const more = { order, ...byStep(errors), ...byDeviation(narrow) };
          return turnOf({ values, seed, began, more });
        },
      })),
      {
        name: ddpm.name,
        run: async (seed: number) => {
          const began = performance.now();
          const values = await drawn(ddpm.sampler, steps, { noise: noiseOf(seed, draws), seed });
          return turnOf({ values, seed, began, more: {} });
        },
      },
    ],
    context,
  );
  return { ...resultOf(rows, draws), figures: [figureOf(rows), deviationFigure(rows)] };
}

function byStep(errors: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(STEPS.map((steps, i) => [`error${steps}`, errors[i] as number]));
}

function byDeviation(errors: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    DEVIATIONS.map((deviation, i) => [`deviation${deviation}`, errors[i] as number]),
  );
}

function turnOf(given: {
  readonly values: Float64Array;
  readonly seed: number;
  readonly began: number;
  /** What solvers are measured by beside their draws. */
  readonly more: Readonly<Record<string, number>>;
}): Turn<undefined> {
  const { values, seed, began, more } = given;
  return {
    ...{ parameters: 0, seconds: (performance.now() - began) / 1000 },
    metrics: { ...more, ...momentsOf(values) },
    ...{ curve: { seed, points: [] }, kept: undefined },
  };
}

function resultOf(
  rows: ExperimentResult["rows"],
  draws: number,
): Omit<ExperimentResult, "figures"> {
  const of = (row: string, metric: string): readonly number[] => metricOf(rows, row, metric);
  const orders = solvers.map(({ name, order }) => ({ order, found: meanOf(of(name, "order")) }));
  // The mean of so many draws, over all seeds, has this standard error; the deviation's is smaller by the root of 2.
  const bound = 3 * (normal.deviation / Math.sqrt(draws));
  const offs = rows.flatMap(({ metrics }) => [
    ...(metrics["mean"] ?? []).map((value) => Math.abs(value - (normal.mean[0] as number))),
    ...(metrics["deviation"] ?? []).map((value) => Math.abs(value - normal.deviation)),
  ]);
  const nearer = DEVIATIONS.filter((deviation) => {
    const [second, ddim] = [SECOND, DDIM].map((name) => of(name, `deviation${deviation}`));
    return second?.every((error, i) => error < (ddim?.[i] as number));
  });
  const others = DEVIATIONS.filter((deviation) => !nearer.includes(deviation));
  return {
    metrics: [
      { name: "order", as: "number", better: "higher" },
      { name: "mean", as: "number", better: "higher" },
      { name: "deviation", as: "number", better: "lower" },
      { name: "error20", as: "number", better: "lower" },
      { name: "error160", as: "number", better: "lower" },
    ],
    rows,
    verdicts: [
      {
        claim: "samplers",
        holds:
          orders.every(({ order, found }) => Math.abs(found - order) <= ORDER_BOUND) &&
          Math.max(...offs) <= bound,
        rule: `Each solver's error falls by its order, within ${ORDER_BOUND}; and the mean and deviation of ${draws} draws are within three standard errors of the known ones, for every sampler and seed.`,
        found: `Orders ${orders.map(({ found }) => found.toFixed(2)).join(", ")} of ${orders.map(({ order }) => order).join(", ")}; means and deviations at most ${Math.max(...offs).toFixed(4)} off, allowed ${bound.toFixed(4)}.`,
      },
      {
        claim: "twenty-steps",
        holds: others.length === 0,
        rule: `With ${FEW} steps DPM-Solver++ of order 2 is nearer to the exact solution than DDIM, for every seed and for data of every deviation from ${DEVIATIONS[0]} to ${DEVIATIONS.at(-1)}.`,
        found: `It is nearer for data of deviations ${nearer.join(", ") || "none"}, and not for ${others.join(", ") || "none"}.`,
      },
    ],
  };
}

function figureOf(rows: ExperimentResult["rows"]): Figure {
  return {
    ...{ kind: "lines", title: "How far samplers are from the exact solution" },
    caption:
      "The mean absolute error of draws from one normal distribution whose best denoiser is known.",
    x: { title: "steps", scale: "log" },
    y: { title: "error", scale: "log" },
    series: solvers.map(({ name }) => ({
      name,
      points: STEPS.map((steps) => {
        const row = rows.find(({ system }) => system === name);
        return [steps, meanOf(row?.metrics[`error${steps}`] ?? [1])] as const;
      }),
    })),
  };
}

function deviationFigure(rows: ExperimentResult["rows"]): Figure {
  return {
    ...{ kind: "lines", title: `What ${FEW} steps make of narrow and of wide data` },
    caption: "The mean absolute error as a share of the data's own deviation.",
    x: { title: "deviation of the data", scale: "log" },
    y: { title: "error / deviation", scale: "log" },
    series: solvers.map(({ name }) => ({
      name,
      points: DEVIATIONS.map((deviation) => {
        const row = rows.find(({ system }) => system === name);
        return [deviation, meanOf(row?.metrics[`deviation${deviation}`] ?? [1])] as const;
      }),
    })),
  };
}

/** Measures samplers against a distribution that is known. */
export const samplers: Experiment<undefined> = {
  claims: ["samplers", "twenty-steps"],
  seeds: [1, 2, 3],
  load: () => Promise.resolve(undefined),
  measure,
};
