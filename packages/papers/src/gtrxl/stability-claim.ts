import { environments } from "@quire/data";
import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import type { ControlAgent, MakeEnvironments } from "../tasks/control.ts";
import type { Turn, TurnHooks } from "../turn.ts";
import { type Contestant, contestants, parametersOf } from "./contestants.ts";
import { named, type Taught, taught } from "./reinforced.ts";

/// Section 4.3 draws learning rates and seeds and looks which runs fall apart; here each rate meets each seed. It takes depth
/// for a canonical transformer to fall apart; the paper's have 12 layers.
const budgets = {
  full: { rates: [1e-3, 3e-3, 1e-2, 3e-2], steps: 20_000, episodes: 128, depth: 8 },
  quick: { rates: [3e-3], steps: 3200, episodes: 32, depth: 2 },
} as const;

type Counts = (typeof budgets)[keyof typeof budgets];

/** A cell of a rate and a seed has collapsed that ends below this: half of the turns are right by chance. */
const COLLAPSED = 0.75;
const CORRIDOR = 4;

const make: MakeEnvironments = (sideBySide) =>
  environments("t-maze", { length: CORRIDOR }, sideBySide);

function sizesOf({ depth }: Counts) {
  return { observation: 4, actions: 4, memoryLength: 8, depth };
}

/** Learns with every rate; says which share of them has collapsed. */
async function run(
  contestant: Contestant,
  counts: Counts,
  seed: number,
  hooks: TurnHooks,
): Promise<Turn<ControlAgent>> {
  const { rates, steps, episodes } = counts;
  const metrics: Record<string, number> = {};
  const cells: Taught[] = [];
  for (const [place, learningRate] of rates.entries()) {
    const change = { learningRate };
    const course = { name: `t-maze:length=${CORRIDOR}`, make, steps, episodes, change };
    const cell = await taught(contestant, course, seed, {
      ...hooks,
      onProgress: (share, loss) => hooks.onProgress((place + share) / rates.length, loss),
    });
    metrics[successAt(learningRate)] = cell.success;
    cells.push(cell);
  }
  const collapsed = cells.filter(({ success }) => success < COLLAPSED).length / rates.length;
  const [first, ...rest] = cells.map(({ agent }) => agent) as [ControlAgent, ...ControlAgent[]];
  await Promise.all(rest.map((agent) => agent.release()));
  return {
    parameters: parametersOf(contestant.options, sizesOf(counts)),
    metrics: { collapsed, ...metrics },
    seconds: cells.reduce((sum, { seconds }) => sum + seconds, 0),
    curve: { seed, points: cells[0]?.points ?? [] },
    kept: first,
    release: () => first.release(),
  };
}

function successAt(rate: number): string {
  return `successAt${rate}`;
}

async function measure(context: ExperimentContext<null>): Promise<ExperimentResult> {
  const counts: Counts = budgets[context.budget];
  const { rates } = counts;
  const transformers = contestants(sizesOf(counts)).filter(({ name }) => name !== "LSTM");
  const { rows, kept } = await compare<ControlAgent>(
    transformers.map((contestant) => ({
      ...named(contestant),
      run: (seed, hooks) => run(contestant, counts, seed, hooks),
    })),
    context,
  );
  const of = (name: string): readonly number[] => metricOf(rows, name, "collapsed");
  const shares = rows.map(({ system }) => `${system} ${(100 * meanOf(of(system))).toFixed(0)} %`);
  return {
    metrics: [
      { name: "collapsed", as: "share", better: "lower" },
      ...rates.map((rate) => ({ name: successAt(rate), as: "share", better: "higher" }) as const),
    ],
    rows,
    verdicts: [
      {
        claim: "stability",
        holds: exceeds(of("TrXL"), of("GTrXL")),
        rule: exceedsRule,
        found: `Of ${rates.length * context.seeds.length} cells each have collapsed: ${shares.join(", ")}.`,
      },
    ],
    figures: [figureOf(rows, counts)],
    trained: kept,
  };
}

function figureOf(rows: readonly Row[], { rates, steps }: Counts): Figure {
  return {
    ...{ kind: "lines", title: "Success by learning rate" },
    caption: `Means over the seeds, after ${steps.toLocaleString("en-US")} steps in a T-maze of ${CORRIDOR}.`,
    x: { title: "learning rate", scale: "log" },
    y: { title: "success" },
    series: rows.map(({ system, metrics }) => ({
      name: system,
      points: rates.map((rate) => {
        return [rate, meanOf(metrics[successAt(rate)] as readonly number[])] as const;
      }),
    })),
  };
}

/** Measures which learning rates and seeds a system falls apart with. */
export const stabilityExperiment: Experiment<null> = {
  claims: ["stability"],
  seeds: [1, 2, 3],
  load: () => Promise.resolve(null),
  measure,
};
