import { environments } from "@quire/data";
import { compare } from "../comparison.ts";
import type { Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import type { ControlAgent, MakeEnvironments } from "../tasks/control.ts";
import { contestants, parametersOf } from "./contestants.ts";
import { named, taught } from "./reinforced.ts";

/// As deep as those that are looked at for stability.
const budgets = {
  full: { steps: 30_000, episodes: 256, depth: 8, size: 5 },
  quick: { steps: 3200, episodes: 32, depth: 1, size: 3 },
} as const;

async function measure(context: ExperimentContext<null>): Promise<ExperimentResult> {
  const { steps, episodes, depth, size } = budgets[context.budget];
  const make: MakeEnvironments = (beside) => environments("reach", { size }, beside);
  const sizes = { observation: 2, actions: 4, memoryLength: 8, depth };
  const course = { name: `reach:size=${size}`, make, steps, episodes };
  const { rows, kept } = await compare<ControlAgent>(
    contestants(sizes).map((contestant) => ({
      ...named(contestant),
      run: async (seed, hooks) => {
        const { agent, points, seconds, success } = await taught(contestant, course, seed, hooks);
        const returns = points.map(({ values }) => values["return"] ?? 0);
        return {
          parameters: parametersOf(contestant.options, sizes),
          // The mean over the training counts how soon a system gets there.
          metrics: { meanReturn: meanOf(returns), success },
          ...{ seconds, curve: { seed, points }, kept: agent, release: () => agent.release() },
        };
      },
    })),
    context,
  );
  const of = (name: string): readonly number[] => metricOf(rows, name, "meanReturn");
  const found = rows.map(({ system }) => `${system} ${meanOf(of(system)).toFixed(3)}`).join(", ");
  return {
    metrics: [
      { name: "meanReturn", as: "number", better: "higher" },
      { name: "success", as: "share", better: "higher" },
    ],
    rows,
    verdicts: [
      {
        claim: "reactive",
        holds: exceeds(of("GTrXL"), of("TrXL")),
        rule: exceedsRule,
        found: `Mean return over the training: ${found}.`,
      },
    ],
    trained: kept,
  };
}

/** Measures how soon systems learn what takes no memory. */
export const reactiveExperiment: Experiment<null> = {
  claims: ["reactive"],
  seeds: [1, 2, 3],
  load: () => Promise.resolve(null),
  measure,
};
