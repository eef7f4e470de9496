import type { Table } from "@quire/data";
import { readTable } from "@quire/data/files";
import {
  classAccuracy,
  evaluateLinking,
  type LinkageExamples,
  type Linker,
  linkageExamples,
  pairLabels,
  recordsOf,
  shareInterval,
} from "@quire/papers";
import { pairScores, type Vectors } from "@quire/train";
import { exampleColumns } from "../linkage/columns.ts";
import { extendedRows, give } from "../linkage/rows.ts";
import { names, text } from "../option.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

const predictOptions = {
  left: names("Columns of the first record; those that were trained on unless said"),
  right: names("Columns of the second record"),
  out: text("FILE", "Where the table with scores is written, as csv; shown in part unless said"),
};

/** Gives every pair of records its score, or every record its class. */
export const predictPairs: PredictSpec<Linker, typeof predictOptions> = {
  data: { value: "FILE", summary: "A table of pairs to be scored, or of records to be classified" },
  options: predictOptions,
  examples: [
    "quire predict linktransformer-1 --data candidates.csv --left name --right other_name --out scored.csv",
    "quire link customers.csv suppliers.csv --model linktransformer-1 --on name",
  ],
  run: async (linker, path, { left, right, out }, { console }) => {
    const table = await readTable(path);
    const places = Array.from({ length: table.rows }, (_, row) => row);
    if (linker.description.classes) {
      const found = await linker.classify(recordsOf(table, left ?? linker.description.fields));
      await give(
        extendedRows(table, places, { class: (row) => found[row]?.label ?? "" }),
        out,
        console,
      );
      console.result({ classes: found.map(({ label }) => label) });
      return;
    }
    const columns = exampleColumns(table, { left, right });
    const pairs = columns.kind === "pairs" ? columns : { left: [], right: [] };
    const scores = await scoresOf(linker, table, pairs);
    await give(
      extendedRows(table, places, { score: (row) => (scores[row] as number).toFixed(4) }),
      out,
      console,
    );
    console.result({ scores: [...scores] });
  },
};

/** Measures a linker on pairs, groups or classes. */
export const evaluateRecords: EvaluateSpec<Linker> = {
  data: { value: "FILE", summary: "A table of the form that the run was trained on" },
  run: async (linker, path, { options }) => {
    const table = await readTable(path);
    const columns = exampleColumns(table, fits(table, options) ? options : {});
    if (columns.kind === "pairs" && columns.label !== undefined) {
      const scores = await scoresOf(linker, table, columns);
      return pairEvaluation(scores, pairLabels(table, columns.label).map(Number));
    }
    return await linkageEvaluation(linker, linkageExamples(table, columns));
  },
};

/** Whether a table has the columns that a run was trained on. */
function fits(table: Table, options: Readonly<Record<string, unknown>>): boolean {
  const { left, right, on, label, group, class: own } = options;
  const named = [left, right, on, label, group, own].flat().filter((name) => name !== undefined);
  return named.every((name) => table.has(String(name)));
}

/** Measures a linker on groups, or a classifier. */
export async function linkageEvaluation(
  linker: Linker,
  examples: LinkageExamples,
): Promise<Evaluation> {
  const share = { as: "share", better: "higher" } as const;
  if (examples.classes) {
    const all = examples.records.length;
    const accuracy = await classAccuracy(linker, examples);
    const interval = shareInterval(Math.round(accuracy * all), all);
    const metric = { name: "accuracy", ...share, value: accuracy, interval };
    return { count: all, what: "records", metrics: [metric] };
  }
  const queries = examples.groups.length - new Set(examples.groups).size;
  const found = await evaluateLinking(linker, examples);
  const interval = shareInterval(Math.round(found.accuracy * queries), queries);
  return {
    ...{ count: queries, what: "records, each to find its group's first" },
    metrics: [
      { name: "accuracy", ...share, value: found.accuracy, interval },
      { name: "recallAt10", ...share, value: found.recallAt10 },
      {
        name: "meanReciprocalRank",
        as: "number",
        better: "higher",
        value: found.meanReciprocalRank,
      },
    ],
  };
}

function pairEvaluation(scores: Float32Array, same: readonly number[]): Evaluation {
  const { averagePrecision, f1, threshold } = pairScores(scores, same);
  return {
    ...{ count: scores.length, what: "pairs" },
    metrics: [
      { name: "averagePrecision", as: "share", better: "higher", value: averagePrecision },
      { name: "bestF1", as: "share", better: "higher", value: f1 },
      { name: "threshold", as: "number", better: "higher", value: threshold },
    ],
  };
}

/** The cosine of each row's two records. */
async function scoresOf(
  linker: Linker,
  table: Table,
  { left, right }: { readonly left: readonly string[]; readonly right: readonly string[] },
): Promise<Float32Array> {
  const [a, b] = [
    await linker.embed(recordsOf(table, left)),
    await linker.embed(recordsOf(table, right)),
  ] as [Vectors, Vectors];
  const { width } = a;
  return Float32Array.from({ length: table.rows }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      sum += (a.values[i] as number) * (b.values[i] as number);
    }
    return sum;
  });
}
