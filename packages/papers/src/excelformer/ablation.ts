import { compare } from "../comparison.ts";
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
} from "../tasks/tabular-comparison.ts";
import { excelFormerOnTable, readTables, recipe } from "./baselines.ts";

const names = {
  masked: "semi-permeable",
  full: "full attention",
  features: "semi-permeable, Feat-Mix",
  hidden: "semi-permeable, Hid-Mix",
} as const;

/// Few rows, as mixing is for: the paper's smallest tables have hundreds.
const taken: Readonly<Record<Budget, TakenRows>> = {
  full: { train: 300, validation: 150, test: 1000 },
  quick: { train: 100, validation: 50, test: 100 },
};

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<readonly ComparedTable[]>): Promise<ExperimentResult> {
  const tables = (seed: number) => data.map((table) => partTable(table, taken[budget], seed));
  const epochs = budget === "full" ? recipe.epochs : 2;
  const mixing = (of: "features" | "hidden") => ({ of, alpha: 0.5 });
  const { rows } = await compare(
    [
      contestantOn(names.masked, tables, excelFormerOnTable("none", {}, epochs)),
      contestantOn(names.full, tables, excelFormerOnTable("none", { attention: "full" }, epochs)),
      contestantOn(names.features, tables, excelFormerOnTable(mixing("features"), {}, epochs)),
      contestantOn(names.hidden, tables, excelFormerOnTable(mixing("hidden"), {}, epochs)),
    ],
    context,
  );
  const shown = data.map(({ name }) => name);
  const averaged = rows.map((row) => withMean(row, shown));
  const verdict = (claim: string, first: string, second: string) => ({
    claim,
    holds: exceeds(meansOf(averaged, first), meansOf(averaged, second)),
    rule: exceedsRule,
    found: [first, second]
      .map((name) => `${name} ${meanOf(meansOf(averaged, name)).toFixed(3)}`)
      .join(", ")
      .concat("."),
  });
  return {
    metrics: [
      { name: "mean", as: "number", better: "higher" },
      ...shown.map((name): ShownMetric => ({ name, as: "number", better: "higher" })),
    ],
    rows: averaged,
    verdicts: [
      verdict("mask", names.masked, names.full),
      verdict("feature-mixing", names.features, names.masked),
      verdict("hidden-mixing", names.hidden, names.masked),
    ],
  };
}

function meansOf(rows: readonly Row[], name: string): readonly number[] {
  return metricOf(rows, name, "mean");
}

/** A row with the mean of its scores over the tables. */
function withMean(row: Row, tables: readonly string[]): Row {
  const mean = row.seconds.map((_, seed) =>
    meanOf(tables.map((table) => row.metrics[table]?.[seed] as number)),
  );
  return { ...row, metrics: { mean, ...row.metrics } };
}

/** What the mask and both ways of mixing do, each by itself, with everything else the same. */
export const ablation: Experiment<readonly ComparedTable[]> = {
  claims: ["mask", "feature-mixing", "hidden-mixing"],
  seeds: [1, 2, 3],
  load: () => readTables(["credit_data", "hpc_data", "concrete", "car_prices"]),
  measure,
};
