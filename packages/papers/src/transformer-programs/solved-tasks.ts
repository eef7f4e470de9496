import type { RaspTask } from "@quire/data";
import type { Figure } from "../figure.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { meanOf } from "../statistics.ts";
import { compareLabellers } from "../tasks/sequence-comparison.ts";
import type { SequenceLabeller } from "../tasks/sequence-system.ts";
import { type Measured, madeSequences, programOf } from "./claim-data.ts";
import type { TransformerProgramOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** A task, the program that is to learn it, and the paper's accuracy. */
interface Solved {
  readonly task: RaspTask;
  readonly options: TransformerProgramOptions;
  readonly figure: string;
  readonly epochs: number;
  readonly learningRate: number;
}

/** A program of a size; numbers of heads and modules are of each layer. */
export function programSize(
  depth: number,
  heads: readonly [categorical: number, numerical: number],
  lookups: readonly [categorical: number, numerical: number],
): TransformerProgramOptions {
  const { options } = paper.presets["rasp"] as (typeof paper.presets)[string];
  return {
    ...{ ...options, depth },
    heads: { ...options.heads, categorical: heads[0], numerical: heads[1] },
    lookups: { ...options.lookups, categorical: lookups[0], numerical: lookups[1] },
  };
}

/// Smaller than the paper's, and trained for at most a quarter of its steps, on batches a quarter as large; the data are the paper's tasks of 8 places.
const solved: readonly Solved[] = [
  {
    ...{ task: "hist", options: programSize(1, [1, 4], [1, 1]) },
    ...{ figure: "100 % (1 layer)", epochs: 25, learningRate: 0.05 },
  },
  {
    ...{ task: "reverse", options: programSize(2, [8, 0], [2, 0]) },
    ...{ figure: "99.79 % (3 layers)", epochs: 60, learningRate: 0.1 },
  },
];

const counts = {
  full: { train: 4000, validation: 400, test: 2000 },
  quick: { train: 300, validation: 50, test: 100 },
} as const;

const recipe = { ...paper.recipe, batchSize: 128 };

type Data = Readonly<Partial<Record<RaspTask, Measured>>>;

function load(budget: Budget): Promise<Data> {
  const all = solved.map(({ task }) => [task, madeSequences(task, counts[budget])] as const);
  return Promise.resolve(Object.fromEntries(all));
}

async function measure({
  data,
  budget,
  onProgress,
  ...context
}: ExperimentContext<Data>): Promise<ExperimentResult> {
  const rows: Row[] = [];
  const figures: Figure[] = [];
  let trained: SequenceLabeller | undefined;
  for (const [index, { task, options, figure, epochs, learningRate }] of solved.entries()) {
    const own = data[task] as Measured;
    const { rows: found, kept } = await compareLabellers(
      {
        ...{ paper: paper.id, ...own },
        systems: [programOf(`${task}: program`, options, own, figure)],
        recipe: { ...recipe, learningRate, epochs: budget === "quick" ? 2 : epochs },
      },
      {
        ...context,
        onProgress: ({ share, ...rest }) =>
          onProgress?.({ ...rest, share: (index + share) / solved.length }),
      },
    );
    rows.push(...found);
    figures.push(await programFigure(task, kept));
    if (trained) await kept.release();
    trained ??= kept;
  }
  return {
    metrics: [
      { name: "accuracy", as: "share", better: "higher" },
      { name: "agreement", as: "share", better: "higher" },
    ],
    ...{ rows, verdicts: [verdictOf(rows)], figures },
    ...(trained && { trained }),
  };
}

async function programFigure(task: RaspTask, system: SequenceLabeller): Promise<Figure> {
  const program = await system.program();
  return {
    ...{ kind: "text", title: `The program that was learnt for ${task}` },
    text: program?.typescript ?? "",
  };
}

/** The least accuracy of the tasks that the claim names. */
const LEAST = 0.95;

function verdictOf(rows: readonly Row[]): ExperimentResult["verdicts"][number] {
  const of = (name: string, metric: string): number =>
    meanOf(rows.find(({ system }) => system === name)?.metrics[metric] ?? [0]);
  const named = ["hist: program", "reverse: program"];
  const agreements = rows.flatMap(({ metrics }) => metrics["agreement"] ?? []);
  return {
    claim: "programs",
    holds:
      named.every((name) => of(name, "accuracy") >= LEAST) &&
      agreements.every((share) => share === 1),
    rule: "Mean accuracy over the seeds is at least 95 % for hist and for reverse, and every program agrees with its network on every test sequence.",
    found: `${rows.map(({ system }) => `${system} ${(100 * of(system, "accuracy")).toFixed(1)} %`).join(", ")}; agreement at least ${(100 * Math.min(...agreements)).toFixed(1)} %.`,
  };
}

/** Whether networks become programs that solve tasks. */
export const solvedTasks: Experiment<Data> = {
  ...{ claims: ["programs"], seeds: [1, 2, 3], load, measure },
};
