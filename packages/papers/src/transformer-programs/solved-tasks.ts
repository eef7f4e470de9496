import { type RaspTask, raspForm } from "@quire/data";
import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { meanOf, percentText, spreadOf } from "../statistics.ts";
import { labellerContestants } from "../tasks/sequence-comparison.ts";
import type { SequenceLabeller } from "../tasks/sequence-system.ts";
import { shownAfter } from "../turn.ts";
import { type Counts, type Measured, madeSequences, programOf } from "./claim-data.ts";
import type { TransformerProgramOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** A task, the program that is to learn it, and the paper's accuracy. */
interface Solved {
  readonly task: RaspTask;
  readonly options: TransformerProgramOptions;
  /** The paper's accuracy, as a share, and of how many layers. */
  readonly published: readonly [accuracy: number, layers: number];
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
}

/** A program of a size; numbers of heads and modules are of each layer. */
export function programSize(
  depth: number,
  heads: readonly [categorical: number, numerical: number],
  lookups: readonly [categorical: number, numerical: number],
  preset: "rasp" | "dyck" = "rasp",
): TransformerProgramOptions {
  const { options } = paper.presets[preset] as (typeof paper.presets)[string];
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
    ...{ published: [1, 1], epochs: 25, learningRate: 0.05, batchSize: 128 },
  },
  {
    ...{ task: "reverse", options: programSize(2, [8, 0], [2, 0]) },
    ...{ published: [0.9979, 3], epochs: 60, learningRate: 0.1, batchSize: 128 },
  },
];

/// The sizes of the official programs of these tasks and the official data of 20,000 sequences. The paper trains for
/// 8,000 steps on batches of 512. All sequences of a batch share one draw of every gate, so the same time is better spent
/// on more and smaller batches: on validation sequences double-hist came to 92 % in 12,000 steps of 32 at a rate of 0.03,
/// and not above 68 % in 2,000 to 7,600 steps of 128 or 512 at 0.03 to 0.1.
const others: readonly Solved[] = [
  {
    ...{ task: "double-hist", options: programSize(3, [4, 4], [1, 1]) },
    ...{ published: [0.984, 3], epochs: 24, learningRate: 0.03, batchSize: 32 },
  },
  {
    ...{ task: "sort", options: programSize(3, [4, 4], [2, 2]) },
    ...{ published: [0.9983, 3], epochs: 34, learningRate: 0.05, batchSize: 128 },
  },
  {
    ...{ task: "most-freq", options: programSize(3, [4, 4], [2, 2]) },
    ...{ published: [0.7569, 3], epochs: 16, learningRate: 0.05, batchSize: 128 },
  },
  {
    ...{ task: "dyck-1", options: programSize(3, [4, 4], [1, 1], "dyck") },
    ...{ published: [0.993, 3], epochs: 10, learningRate: 0.05, batchSize: 128 },
  },
  {
    ...{ task: "dyck-2", options: programSize(3, [2, 2], [2, 2], "dyck") },
    ...{ published: [0.9909, 3], epochs: 30, learningRate: 0.05, batchSize: 128 },
  },
];

/** Sequences of the smaller programs; of the others those of the paper, as far as there are so many of the task. */
const counts = { train: 4000, validation: 400, test: 2000 };
const quickCounts = { train: 300, validation: 50, test: 100 };

function officialCounts(task: RaspTask): Counts {
  return raspForm(task).ends
    ? { train: 8000, validation: 500, test: 1400 }
    : { train: 16_200, validation: 1800, test: 2000 };
}

type Data = Readonly<Partial<Record<RaspTask, Measured>>>;

const dataOf =
  (solved: readonly Solved[], countsOf: (task: RaspTask) => Counts) =>
  (budget: Budget): Promise<Data> => {
    const all = solved.map(({ task }) => {
      const own = budget === "quick" ? quickCounts : countsOf(task);
      return [task, madeSequences(task, own)] as const;
    });
    return Promise.resolve(Object.fromEntries(all));
  };

/** Trains a program for each task, once a seed, and keeps the first task's. */
async function programsFor(
  solved: readonly Solved[],
  { data, budget, ...context }: ExperimentContext<Data>,
): Promise<Omit<ExperimentResult, "verdicts">> {
  const contestants = solved.flatMap(({ task, options, published, epochs, ...recipe }) => {
    const own = data[task] as Measured;
    const programs = labellerContestants({
      ...{ paper: paper.id, ...own },
      systems: [programOf(nameOf(task), options, own, figureText(published))],
      recipe: { ...paper.recipe, ...recipe, epochs: budget === "quick" ? 2 : epochs },
    });
    const show = async (trained: SequenceLabeller) => [await programFigure(task, trained)];
    return programs.map((program) => shownAfter(program, context.seeds[0], show));
  });
  const { rows, figures, kept } = await compare(contestants, context);
  return {
    metrics: [
      { name: "accuracy", as: "share", better: "higher" },
      { name: "agreement", as: "share", better: "higher" },
    ],
    ...{ rows, figures, trained: kept },
  };
}

function nameOf(task: RaspTask): string {
  return `${task}: program`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}

function figureText([accuracy, layers]: Solved["published"]): string {
  return `${percent(accuracy)} (${layers === 1 ? "1 layer" : `${layers} layers`})`;
}

async function programFigure(task: RaspTask, system: SequenceLabeller): Promise<Figure> {
  const program = await system.program();
  return {
    ...{ kind: "text", title: `The program that was learnt for ${task}` },
    text: program?.typescript ?? "",
  };
}

/** What was measured of a task's programs, over the seeds. */
function measuredOf(
  rows: readonly Row[],
  task: RaspTask,
): Record<"accuracy" | "agreement", number> {
  const metrics = rows.find(({ system }) => system === nameOf(task))?.metrics;
  return {
    accuracy: meanOf(metrics?.["accuracy"] ?? [0]),
    agreement: Math.min(...(metrics?.["agreement"] ?? [0])),
  };
}

function foundText(rows: readonly Row[], tasks: readonly RaspTask[]): string {
  const all = tasks.map((task) => ({ task, ...measuredOf(rows, task) }));
  const accuracies = all.map(({ task, accuracy }) => `${task} ${(100 * accuracy).toFixed(1)} %`);
  const least = Math.min(...all.map(({ agreement }) => agreement));
  return `${accuracies.join(", ")}; agreement at least ${(100 * least).toFixed(1)} %.`;
}

/** The least accuracy of the tasks that the first claim names. */
const LEAST = 0.95;

/** Whether networks become programs that solve tasks. */
export const solvedTasks: Experiment<Data> = {
  ...{ claims: ["programs"], seeds: [1, 2, 3], load: dataOf(solved, () => counts) },
  measure: async (context) => {
    const result = await programsFor(solved, context);
    const found = solved.map(({ task }) => measuredOf(result.rows, task));
    const verdict = {
      claim: "programs",
      holds: found.every(({ accuracy, agreement }) => accuracy >= LEAST && agreement === 1),
      rule: "Mean accuracy over the seeds is at least 95 % for hist and for reverse, and every program agrees with its network on every test sequence.",
      found: foundText(
        result.rows,
        solved.map(({ task }) => task),
      ),
    };
    return { ...result, verdicts: [verdict] };
  },
};

/** How far below the paper's accuracy a program may be that saw a part of the paper's training. */
const MARGIN = 0.05;

/// Whether a training finds a program is a matter of luck, and the paper's figures are those of its best models: the
/// official program of double-hist, for one, labels 98.4 % of the tokens drawn here, which is the table's figure.
/** The place of the seed whose program labels most validation tokens right. */
function bestSeed({ curves }: Row): number {
  const validated = curves.map(({ points }) => points.at(-1)?.values["accuracy"] ?? 0);
  return validated.indexOf(Math.max(...validated));
}

/** Tasks each against the paper's accuracy, by the best of many seeds. */
function bestOfSeeds(tasks: readonly Solved[], seeds: readonly number[]): Experiment<Data> {
  return {
    ...{ claims: tasks.map(({ task }) => task), seeds, load: dataOf(tasks, officialCounts) },
    measure: async (context) => {
      const result = await programsFor(tasks, context);
      const verdicts = tasks.map(({ task, published: [published] }) => {
        const row = result.rows.find(({ system }) => system === nameOf(task)) as Row;
        const values = row.metrics["accuracy"] ?? [];
        const accuracy = values[bestSeed(row)] ?? 0;
        const { agreement } = measuredOf(result.rows, task);
        const spread = `mean over ${values.length} seeds ${percentText(meanOf(values))} ± ${percentText(spreadOf(values))}`;
        return {
          claim: task,
          holds: accuracy >= published - MARGIN && agreement === 1,
          rule: `As in the paper, the program counts that is best on validation sequences, here of all seeds': its accuracy on the test sequences is at least ${percent(published - MARGIN)}, five points below the paper's, and every program agrees with its network on every test sequence.`,
          found: `${task} ${percentText(accuracy)}, ${spread}; agreement at least ${percentText(agreement)}.`,
        };
      });
      return { ...result, verdicts };
    },
  };
}

/** The other tasks. */
export const otherTasks = bestOfSeeds(others, [1, 2, 3, 4, 5]);
