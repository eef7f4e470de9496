import type { HostTensor } from "@quire/tensor";
import { compare } from "./comparison.ts";
import type { Budget, Curve, Experiment } from "./paper.ts";
import type { Contestant } from "./turn.ts";

/** What one seed found. */
export interface Measured {
  readonly metrics: Readonly<Record<string, number>>;
  /** How it went, where there is something to see. */
  readonly points?: Curve["points"];
}

/** Something that is measured with each seed and leaves nothing, as a contestant of `compare`. */
export function measurement(
  name: string,
  measure: (seed: number) => Promise<Measured>,
  parameters = 0,
): Contestant<undefined> {
  const run = async (seed: number) => {
    const started = performance.now();
    const { metrics, points = [] } = await measure(seed);
    const seconds = (performance.now() - started) / 1000;
    return { parameters, metrics, seconds, curve: { seed, points }, kept: undefined };
  };
  return { name, run };
}

/** Differences are shown in millionths of the largest value. */
export const MILLION = 1e6;

/** The largest difference of two tensors over the largest value of the one that is right. */
export function relativeDifference(got: HostTensor, wanted: HostTensor): number {
  const values = got.toArray();
  let [largest, furthest] = [0, 0];
  for (const [i, value] of wanted.toArray().entries()) {
    largest = Math.max(largest, Math.abs(value));
    furthest = Math.max(furthest, Math.abs(value - (values[i] as number)));
  }
  return furthest / largest;
}

/** Millionths of the largest value by which forms that are one function may differ. */
const ALLOWED = 10;

/** Forms of one function, each held against the form that is right. */
export interface Forms<Case> {
  readonly cases: Readonly<Record<Budget, readonly Case[]>>;
  nameOf(one: Case): string;
  /** How far values, and then each of the gradients, are from what they should be, in millionths of the largest. */
  differences(one: Case, seed: number): Promise<readonly number[]>;
}

/** Whether all forms give the same, in values and gradients: the claim `exact`. */
export function formsExperiment<Case>({
  cases,
  nameOf,
  differences,
}: Forms<Case>): Experiment<Budget> {
  return {
    claims: ["exact"],
    seeds: [1, 2, 3],
    load: (budget) => Promise.resolve(budget),
    measure: async ({ data: budget, ...context }) => {
      const contestants = cases[budget].map((one) =>
        measurement(nameOf(one), async (seed) => {
          const [values = Number.NaN, ...slopes] = await differences(one, seed);
          return {
            metrics: { valuesInMillionths: values, gradientsInMillionths: Math.max(...slopes) },
          };
        }),
      );
      const { rows } = await compare(contestants, context);
      const worst = Math.max(...rows.flatMap(({ metrics }) => Object.values(metrics).flat()));
      return {
        metrics: [
          { name: "valuesInMillionths", as: "number", better: "lower" },
          { name: "gradientsInMillionths", as: "number", better: "lower" },
        ],
        rows,
        verdicts: [
          {
            claim: "exact",
            holds: worst < ALLOWED,
            rule: "Every difference is below 10 millionths of the largest value.",
            found: `At most ${worst.toFixed(2)} millionths.`,
          },
        ],
      };
    },
  };
}
