import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type {
  Budget,
  Experiment,
  ExperimentContext,
  ExperimentResult,
  Row,
  ShownMetric,
} from "../paper.ts";
import { exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import {
  type ComparedTable,
  contestantOn,
  partTable,
  type TakenRows,
  treesOnTable,
  withRanks,
} from "../tasks/tabular-comparison.ts";
import { ablation } from "./ablation.ts";
import {
  excelFormerOnTable,
  perceptronOnTable,
  readTables,
  recipe,
  tableNames,
} from "./baselines.ts";
import { paper } from "./paper.ts";
import { rotation } from "./rotation.ts";

const names = { excel: "ExcelFormer", trees: "boosted trees", mlp: "MLP" } as const;

const taken: Readonly<Record<Budget, TakenRows>> = {
  full: { train: 500, validation: 200, test: 1000 },
  quick: { train: 120, validation: 60, test: 100 },
};

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<readonly ComparedTable[]>): Promise<ExperimentResult> {
  const tables = (seed: number) => data.map((table) => partTable(table, taken[budget], seed));
  const epochs = budget === "full" ? recipe.epochs : 2;
  const { rows, kept } = await compare(
    [
      contestantOn(names.excel, tables, excelFormerOnTable(paper.recipe.mix, {}, epochs)),
      contestantOn(names.trees, tables, treesOnTable),
      contestantOn(names.mlp, tables, perceptronOnTable(epochs)),
    ],
    context,
  );
  const shown = data.map(({ name }) => name);
  const ranked = withRanks(rows, shown);
  return {
    metrics: [
      { name: "rank", as: "number", better: "lower" },
      ...shown.map((name): ShownMetric => ({ name, as: "number", better: "higher" })),
    ],
    rows: ranked,
    verdicts: [verdict("trees", names.trees, ranked), verdict("perceptron", names.mlp, ranked)],
    figures: [scoresFigure(ranked, shown)],
    ...(kept && { trained: kept }),
  };
}

function verdict(
  claim: string,
  other: string,
  rows: readonly Row[],
): ExperimentResult["verdicts"][number] {
  const of = (name: string): readonly number[] => metricOf(rows, name, "rank");
  return {
    claim,
    holds: exceeds(of(other), of(names.excel)),
    rule: `The other's mean rank less ExcelFormer's: ${exceedsRule}`,
    found: rows
      .map(({ system }) => `${system}: mean rank ${meanOf(of(system)).toFixed(2)}`)
      .join(", ")
      .concat("."),
  };
}

function scoresFigure(rows: readonly Row[], tables: readonly string[]): Figure {
  return {
    ...{ kind: "heat", title: "Scores by table" },
    caption:
      "The area under the curve of classes, the share of the variance explained of numbers; means over seeds.",
    rows: rows.map(({ system }) => system),
    columns: tables,
    values: rows.map(({ metrics }) => tables.map((table) => meanOf(metrics[table] ?? []))),
  };
}

const ranks: Experiment<readonly ComparedTable[]> = {
  claims: ["trees", "perceptron"],
  seeds: [1, 2, 3],
  load: () => readTables(tableNames),
  measure,
};

/** Ranks on eight tables; what the mask and the mixing do; what a rotation takes away. */
export const experiments: readonly Experiment<readonly ComparedTable[]>[] = [
  ranks,
  ablation,
  rotation,
];
