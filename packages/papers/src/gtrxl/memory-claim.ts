import { environments } from "@quire/data";
import { compare, type Turn, type TurnHooks } from "../comparison.ts";
import type { LineSeries } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, exceedsRule, meanOf } from "../statistics.ts";
import type { ControlAgent, MakeEnvironments } from "../tasks/control.ts";
import { type Contestant, contestants, parametersOf } from "./contestants.ts";
import { named, taught, valuesOf } from "./reinforced.ts";

/// Section 4.2 varies how far back must be remembered by the Numpad's size; here the T-maze's corridor does. The length that
/// the claim is judged by stands first.
const budgets = {
  full: { lengths: [10, 4], steps: 200_000, episodes: 256 },
  quick: { lengths: [1], steps: 3000, episodes: 32 },
} as const;

type Counts = (typeof budgets)[keyof typeof budgets];

/** All see the same: the shortest memory that reaches back from the junction of the longest corridor. */
const sizes = { observation: 4, actions: 4, memoryLength: 16, depth: 1 };

/** Learns each corridor from the beginning, and says in how many episodes it then turned as the cue had said. */
async function run(
  contestant: Contestant,
  { lengths, steps, episodes }: Counts,
  seed: number,
  hooks: TurnHooks,
): Promise<Turn<ControlAgent>> {
  const agents: ControlAgent[] = [];
  const metrics: Record<string, number> = {};
  let [seconds, points]: [number, Turn<ControlAgent>["curve"]["points"]] = [0, []];
  for (const [place, length] of lengths.entries()) {
    const make: MakeEnvironments = (sideBySide) => environments("t-maze", { length }, sideBySide);
    const course = { name: `t-maze:length=${length}`, make, steps, episodes };
    const found = await taught(contestant, course, seed, {
      ...hooks,
      onProgress: (share, loss) => hooks.onProgress((place + share) / lengths.length, loss),
    });
    metrics[successAfter(length)] = found.success;
    agents.push(found.agent);
    seconds += found.seconds;
    if (place === 0) points = found.points;
  }
  const [kept, ...rest] = agents as [ControlAgent, ...ControlAgent[]];
  await Promise.all(rest.map((agent) => agent.release()));
  const parameters = parametersOf(contestant.options, sizes);
  const curve = { seed, points };
  return { parameters, metrics, seconds, curve, kept, release: () => kept.release() };
}

function successAfter(length: number): string {
  return `success${length}`;
}

async function measure(context: ExperimentContext<null>): Promise<ExperimentResult> {
  const counts: Counts = budgets[context.budget];
  const [judged] = counts.lengths;
  const { rows, kept } = await compare<ControlAgent>(
    contestants(sizes).map((contestant) => ({
      ...named(contestant),
      run: (seed, hooks) => run(contestant, counts, seed, hooks),
    })),
    context,
  );
  const of = (name: string): readonly number[] => valuesOf(rows, name, successAfter(judged));
  const shares = rows.map(({ system }) => `${system} ${(100 * meanOf(of(system))).toFixed(1)} %`);
  return {
    metrics: counts.lengths.map((length) => {
      return { name: successAfter(length), as: "share", better: "higher" } as const;
    }),
    rows,
    verdicts: [
      {
        claim: "memory",
        holds: exceeds(of("GTrXL"), of("LSTM")),
        rule: exceedsRule,
        found: `A corridor of ${judged}: ${shares.join(", ")}.`,
      },
    ],
    figures: [
      {
        ...{ kind: "lines", title: "Turning as the cue said, by the corridor's length" },
        caption: `Means over the seeds, after ${counts.steps.toLocaleString("en-US")} steps in mazes of one length. Half of all turns are right by chance.`,
        x: { title: "steps of the corridor" },
        y: { title: "success" },
        series: rows.map((row) => seriesOf(row, counts.lengths)),
      },
    ],
    trained: kept,
  };
}

function seriesOf({ system, metrics }: Row, lengths: readonly number[]): LineSeries {
  const points = lengths
    .toSorted((a, b) => a - b)
    .map((length) => [length, meanOf(metrics[successAfter(length)] ?? [])] as const);
  return { name: system, points };
}

/** Measures over how long a corridor agents learn to remember. */
export const memoryExperiment: Experiment<null> = {
  claims: ["memory"],
  seeds: [1, 2, 3],
  load: () => Promise.resolve(null),
  measure,
};
