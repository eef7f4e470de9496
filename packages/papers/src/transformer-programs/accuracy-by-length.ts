import { compare } from "../comparison.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, meanOf, metricOf, spreadOf } from "../statistics.ts";
import { labellerContestants } from "../tasks/sequence-comparison.ts";
import { type Measured, madeSequences, programOf, standardOf } from "./claim-data.ts";
import { paper } from "./paper.ts";
import { programSize } from "./solved-tasks.ts";

const lengths = { full: [6, 8, 12], quick: [6, 8] } as const;
const counts = {
  full: { train: 1800, validation: 200, test: 800 },
  quick: { train: 300, validation: 50, test: 100 },
} as const;
const epochs = { full: 50, quick: 2 } as const;

/** The standard transformer's learning rate. */
const RATE = 3e-3;

const options = programSize(2, [4, 0], [2, 0]);
const [program, standard] = ["program", "standard transformer"];

type Data = readonly (readonly [length: number, measured: Measured])[];

/// Reversal needs one head that finds the end and one that reads from it, whatever the length is. With its first
/// and last place taken, 6 places hold up to four of 8 digits, in 4,680 ways, which is enough for all three parts.
function load(budget: Budget): Promise<Data> {
  const all = lengths[budget].map((length) => {
    return [length, madeSequences("reverse", counts[budget], { length, vocabulary: 11 })] as const;
  });
  return Promise.resolve(all);
}

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<Data>): Promise<ExperimentResult> {
  const contestants = data.flatMap(([length, own]) =>
    labellerContestants({
      ...{ paper: paper.id, ...own },
      systems: [
        programOf(`${program}, ${length} places`, options, own),
        standardOf(`${standard}, ${length} places`, options, RATE),
      ],
      recipe: { ...paper.recipe, batchSize: 128, learningRate: 0.1, epochs: epochs[budget] },
    }),
  );
  const { rows, kept } = await compare(contestants, context);
  const shown = data.map(([length]) => length);
  return {
    metrics: [{ name: "accuracy", as: "share", better: "higher" }],
    ...{ rows, verdicts: [verdictOf(rows, shown)], figures: [figureOf(rows, shown)] },
    trained: kept,
  };
}

function accuracies(rows: readonly Row[], name: string, length: number): readonly number[] {
  return metricOf(rows, `${name}, ${length} places`, "accuracy");
}

function verdictOf(
  rows: readonly Row[],
  shown: readonly number[],
): ExperimentResult["verdicts"][number] {
  const lead = (length = 0): number[] => {
    const own = accuracies(rows, program as string, length);
    return accuracies(rows, standard as string, length).map(
      (value, seed) => value - (own[seed] as number),
    );
  };
  const [short, long] = [lead(shown[0]), lead(shown.at(-1))];
  const points = (values: readonly number[]): string => (100 * meanOf(values)).toFixed(1);
  return {
    claim: "length",
    holds: exceeds(long, short),
    rule: "The standard transformer's lead at the longest length is above its lead at the shortest by more than two standard errors over the seeds.",
    found: `It leads by ${points(short)} points at ${shown[0]} places and by ${points(long)} at ${shown.at(-1)}.`,
  };
}

function figureOf(
  rows: readonly Row[],
  shown: readonly number[],
): NonNullable<ExperimentResult["figures"]>[number] {
  return {
    ...{ kind: "lines", title: "Accuracy of reversal by length" },
    caption: "Each trained anew for its length; bands are one standard deviation over the seeds.",
    x: { title: "places" },
    y: { title: "accuracy on new sequences" },
    series: [program as string, standard as string].map((name) => {
      const values = shown.map((length) => accuracies(rows, name, length));
      return {
        name,
        points: shown.map((length, i) => [length, meanOf(values[i] as number[])] as const),
        band: values.map(
          (own) => [meanOf(own) - spreadOf(own), meanOf(own) + spreadOf(own)] as const,
        ),
      };
    }),
  };
}

/** Accuracy over length against a standard transformer of equal size. */
export const accuracyByLength: Experiment<Data> = {
  ...{ claims: ["length"], seeds: [1, 2, 3], load, measure },
};
