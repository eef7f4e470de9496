import { QuireError } from "@quire/tensor";
import { limited, noiseOf, startOf } from "./prediction.ts";
import type { SamplingStep, Walk } from "./sampling.ts";

/** λ below which a cosine schedule's last times are left out: there is nothing but noise. */
const LEAST_LAMBDA = -5.1;
/** With fewer steps, the last ones are of lower order. */
const FEW_STEPS = 10;

/** What was foretold at a time: the start or the noise. */
interface Seen {
  readonly lambda: number;
  readonly values: Float64Array;
}

/** One step: where it begins and ends, and what was seen, the newest last. */
interface Stride {
  readonly from: Readonly<Point>;
  readonly to: Readonly<Point>;
  readonly seen: readonly Seen[];
}

interface Point {
  readonly alpha: number;
  readonly sigma: number;
  readonly lambda: number;
}

/**
 * The multistep solvers of DPM-Solver (noise foretold) and DPM-Solver++ (start foretold): the exponential part of the
 * ordinary differential equation is solved exactly, what the network says is a polynomial in λ through what it said
 * before (Lu et al. 2022, DPM-Solver++, eq. 9 and algorithm 2). Times are even, from the last to the first.
 *
 * @throws QuireError when there are fewer steps than the order.
 */
export async function* dpmSolverSteps(
  { diffusion, denoise, steps, limit, noise }: Walk,
  order: 1 | 2 | 3,
  foretells: "start" | "noise",
): AsyncGenerator<SamplingStep, void, undefined> {
  if (!Number.isInteger(steps) || steps < order) {
    throw new QuireError(
      `sampling: a solver of order ${order} takes a whole number of steps from ${order} up, got ${steps}.`,
    );
  }
  const { schedule, prediction } = diffusion;
  const last = schedule.lastAbove(LEAST_LAMBDA);
  const time = (step: number): number => last - (last * step) / steps;
  const seen: Seen[] = [];
  let values = noise;
  for (let step = 1; step <= steps; step++) {
    const [from, to] = [schedule.at(time(step - 1)), schedule.at(time(step))];
    const { said } = await denoise(values, time(step - 1));
    const start = limited(startOf(prediction, from, values, said), limit);
    const known = foretells === "start" ? start : noiseOf(from, values, start);
    seen.push({ lambda: from.lambda, values: known });
    const left = steps < FEW_STEPS ? steps + 1 - step : order;
    const now = Math.min(order, step, left);
    values = stepped(values, { from, to, seen: seen.slice(-now) }, foretells);
    yield { step, steps, values, start };
  }
}

/** Values after a step whose order is the number of values that were seen. */
function stepped(
  values: Float64Array,
  { from, to, seen }: Stride,
  foretells: "start" | "noise",
): Float64Array {
  const h = to.lambda - from.lambda;
  const isStart = foretells === "start";
  const kept = isStart ? to.sigma / from.sigma : to.alpha / from.alpha;
  const scale = isStart ? to.alpha : to.sigma;
  const [first, second, third] = weightsOf(h, isStart);
  const [newest, ...older] = seen.toReversed() as [Seen, ...Seen[]];
  const slopes = slopesOf(from.lambda, h, [newest, ...older]);
  // The second order takes half of the first weight for the slope's, as the authors recommend: "dpmsolver", not "taylor".
  const bend = older.length === 1 ? first / 2 : second;
  return values.map((x, i) => {
    const said = newest.values[i] as number;
    const [slope, curve] = slopes(i);
    return kept * x + scale * (first * said + bend * slope + third * curve);
  });
}

/** Integrals over the step of the exponential times 1, λ and λ². */
function weightsOf(h: number, isStart: boolean): readonly [number, number, number] {
  if (isStart) {
    const first = Math.expm1(-h);
    const second = first / h + 1;
    return [-first, second, -(second / h - 0.5)];
  }
  const first = Math.expm1(h);
  const second = first / h - 1;
  return [-first, -second, -(second / h - 0.5)];
}

/** The first and second divided differences over a step of length h, at the newest place. */
function slopesOf(
  lambda: number,
  h: number,
  [newest, before, oldest]: readonly Seen[],
): (place: number) => readonly [number, number] {
  if (!newest || !before) return () => [0, 0];
  const near = (lambda - before.lambda) / h;
  const first = (i: number): number =>
    ((newest.values[i] as number) - (before.values[i] as number)) / near;
  if (!oldest) return (i) => [first(i), 0];
  const far = (before.lambda - oldest.lambda) / h;
  return (i) => {
    const recent = first(i);
    const earlier = ((before.values[i] as number) - (oldest.values[i] as number)) / far;
    const change = (recent - earlier) / (near + far);
    return [recent + near * change, change];
  };
}
