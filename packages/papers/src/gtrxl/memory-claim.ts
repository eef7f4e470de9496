import { environments } from "@quire/data";
import { compare } from "../comparison.ts";
import type { LineSeries } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import type { ControlAgent, ControlRecipe, MakeEnvironments } from "../tasks/control.ts";
import type { Turn, TurnHooks } from "../turn.ts";
import { type Contestant, contestants, parametersOf } from "./contestants.ts";
import { named, type Taught, taught } from "./reinforced.ts";

/// Section 4.2 varies how far back must be remembered by the Numpad's size; here the T-maze's corridor does. Longer corridors
/// are learnt in for more steps, by all systems alike. The last one is what the claim is judged by.
const budgets = {
  full: {
    courses: [
      { length: 10, steps: 50_000 },
      { length: 30, steps: 75_000 },
      { length: 100, steps: 300_000 },
    ],
    episodes: 128,
  },
  quick: { courses: [{ length: 1, steps: 3000 }], episodes: 32 },
} as const;

type Counts = (typeof budgets)[keyof typeof budgets];

/** Steps that a walk may waste before it forgets the cue. */
const SLACK = 4;

/**
 * What each system learns with, found on other seeds: rates of 0.003, 0.01 and, for the LSTM, 0.03, over unrolls of 16, 32
 * and 64 steps of as many environments as make 512 or 1024 steps together. An LSTM has gradients over an unroll alone, and
 * learns by the longest.
 */
const summedOrGated = { learningRate: 1e-2 };
const changes: Readonly<Record<string, Partial<ControlRecipe>>> = {
  GTrXL: summedOrGated,
  "TrXL-I": summedOrGated,
  TrXL: summedOrGated,
  LSTM: { learningRate: 3e-2, unroll: 64, batchSize: 16 },
};

/** The corridor that the claim is judged by. */
function longestOf({ courses }: Counts): number {
  return courses[courses.length - 1]?.length as number;
}

/** Transformers see back from the junction to the cue. */
function sizesFor(length: number) {
  return { observation: 4, actions: 4, memoryLength: length + SLACK, depth: 1 };
}

/** Learns each corridor from the beginning, and says in how many episodes it then turned as the cue had said. */
async function run(
  name: string,
  { courses, episodes }: Counts,
  seed: number,
  hooks: TurnHooks,
): Promise<Turn<ControlAgent>> {
  const found: Taught[] = [];
  const metrics: Record<string, number> = {};
  for (const [place, { length, steps }] of courses.entries()) {
    const make: MakeEnvironments = (beside) => environments("t-maze", { length }, beside);
    const change = changes[name] as Partial<ControlRecipe>;
    const course = { name: `t-maze:length=${length}`, make, steps, episodes, change };
    const one = await taught(contestantOf(name, length), course, seed, {
      ...hooks,
      onProgress: (share, loss) => hooks.onProgress((place + share) / courses.length, loss),
    });
    metrics[successAfter(length)] = one.success;
    found.push(one);
  }
  const last = found.pop() as Taught;
  await Promise.all(found.map(({ agent }) => agent.release()));
  const length = courses.at(-1)?.length as number;
  return {
    parameters: parametersOf(contestantOf(name, length).options, sizesFor(length)),
    metrics,
    seconds: [...found, last].reduce((sum, { seconds }) => sum + seconds, 0),
    curve: { seed, points: last.points },
    kept: last.agent,
    release: () => last.agent.release(),
  };
}

function contestantOf(name: string, length: number): Contestant {
  return contestants(sizesFor(length)).find((one) => one.name === name) as Contestant;
}

function successAfter(length: number): string {
  return `success${length}`;
}

async function measure(context: ExperimentContext<null>): Promise<ExperimentResult> {
  const counts: Counts = budgets[context.budget];
  const judged = longestOf(counts);
  const { rows, kept } = await compare<ControlAgent>(
    contestants(sizesFor(judged)).map((contestant) => ({
      ...named(contestant),
      run: (seed, hooks) => run(contestant.name, counts, seed, hooks),
    })),
    context,
  );
  const of = (name: string): readonly number[] => metricOf(rows, name, successAfter(judged));
  const shares = rows.map(({ system }) => `${system} ${(100 * meanOf(of(system))).toFixed(1)} %`);
  const lengths = counts.courses.map(({ length }) => length);
  const steps = counts.courses.map((course) => course.steps.toLocaleString("en-US"));
  return {
    // The first is the one that is looked at.
    metrics: lengths.toReversed().map((length) => {
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
        caption: `Means over the seeds, after ${steps.join(", ")} steps. Half of all turns are right by chance.`,
        x: { title: "steps of the corridor" },
        y: { title: "success" },
        series: rows.map((row) => seriesOf(row, lengths)),
      },
    ],
    trained: kept,
  };
}

function seriesOf({ system, metrics }: Row, lengths: readonly number[]): LineSeries {
  const points = lengths.map((length) => {
    return [length, meanOf(metrics[successAfter(length)] ?? [])] as const;
  });
  return { name: system, points };
}

/** Measures over how long corridors agents learn to remember. */
export const memoryExperiment: Experiment<null> = {
  claims: ["memory"],
  // Seeds 1 to 3 were learnt with for half as long in the longest corridor, where gates had come to it on one of the three.
  seeds: [4, 5, 6],
  load: () => Promise.resolve(null),
  measure,
};
