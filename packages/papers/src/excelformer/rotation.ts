import { type NumericColumn, Table } from "@quire/data";
import { Random } from "@quire/tensor";
import { compare } from "../comparison.ts";
import type {
  Budget,
  Experiment,
  ExperimentContext,
  ExperimentResult,
  Row,
  ShownMetric,
} from "../paper.ts";
import { exceeds, meanOf, metricOf } from "../statistics.ts";
import {
  type ComparedTable,
  contestantOn,
  encodedParts,
  type PartedTable,
  partTable,
  type RunOnTable,
  type TakenRows,
  treesOnTable,
} from "../tasks/tabular-comparison.ts";
import { excelFormerOnTable, perceptronOnTable, readTables, recipe } from "./baselines.ts";

const names = { excel: "ExcelFormer", trees: "boosted trees", mlp: "MLP" } as const;

const taken: Readonly<Record<Budget, TakenRows>> = {
  full: { train: 500, validation: 200, test: 1000 },
  quick: { train: 100, validation: 50, test: 100 },
};

/** An orthogonal matrix drawn evenly, row by row: normal draws, each made orthogonal to those before it. */
export function randomRotation(size: number, random: Random): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, () => random.normal());
    for (const other of rows) {
      const along = dot(row, other);
      other.forEach((value, i) => {
        row[i] = (row[i] as number) - along * value;
      });
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

/**
 * The table with its encoded numbers as columns, turned or as they are. It is encoded anew, so that features are sorted by
 * what the new ones say, and all systems read the same numbers.
 */
function turned(
  parts: PartedTable,
  rotation: readonly Float64Array[] | undefined,
  seed: number,
): PartedTable {
  const { fitted, encodedValidation, encodedTest } = parts;
  const of = (table: Table, inputs: Float32Array): Table =>
    turnedTable(table, parts.target, inputs, rotation);
  const [train, validation] = [
    of(parts.train, fitted.rows.inputs),
    of(parts.validation, encodedValidation.inputs),
  ];
  const both = new Float32Array(fitted.rows.inputs.length + encodedValidation.inputs.length);
  both.set(fitted.rows.inputs);
  both.set(encodedValidation.inputs, fitted.rows.inputs.length);
  const learnt = of(parts.learnt, both);
  return encodedParts(parts, {
    train,
    validation,
    learnt,
    test: of(parts.test, encodedTest.inputs),
    seed,
  });
}

function turnedTable(
  table: Table,
  target: string,
  inputs: Float32Array,
  rotation: readonly Float64Array[] | undefined,
): Table {
  const features = inputs.length / table.rows;
  const columns = Array.from({ length: features }, (_, feature): NumericColumn => {
    const weights = rotation?.[feature];
    const values = Float64Array.from({ length: table.rows }, (_row, row) => {
      const own = Float64Array.from(inputs.subarray(row * features, (row + 1) * features));
      return weights ? dot(weights, own) : (own[feature] as number);
    });
    return { name: `feature ${feature + 1}`, kind: "number", values };
  });
  const { name, format, rows, place } = table;
  return new Table({ name, format, rows, place, columns: [...columns, table.column(target)] });
}

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<readonly ComparedTable[]>): Promise<ExperimentResult> {
  const epochs = budget === "full" ? recipe.epochs : 2;
  const tables = (isTurned: boolean) => (seed: number) =>
    data.map((table) => {
      const parts = partTable(table, taken[budget], seed);
      const features = parts.fitted.encoding.order.length;
      const random = new Random(seed).fork("rotation").fork(table.name);
      return turned(parts, isTurned ? randomRotation(features, random) : undefined, seed);
    });
  const systems: readonly (readonly [string, RunOnTable])[] = [
    [names.excel, excelFormerOnTable("none", {}, epochs)],
    [names.trees, treesOnTable],
    [names.mlp, perceptronOnTable(epochs)],
  ];
  const { rows } = await compare(
    systems.flatMap(([name, run]) => [
      contestantOn(name, tables(false), run),
      contestantOn(`${name}, rotated`, tables(true), run),
    ]),
    context,
  );
  const shown = data.map(({ name }) => name);
  return {
    metrics: shown.map((name): ShownMetric => ({ name, as: "number", better: "higher" })),
    rows,
    verdicts: [verdict(rows, shown)],
  };
}

/** What a system loses by the rotation, a mean over the tables for each seed. */
function lostBy(name: string, rows: readonly Row[], tables: readonly string[]): number[] {
  const scores = (system: string, table: string): readonly number[] =>
    metricOf(rows, system, table);
  const seeds = rows[0]?.seconds ?? [];
  return seeds.map((_, seed) =>
    meanOf(
      tables.map(
        (table) =>
          (scores(name, table)[seed] as number) -
          (scores(`${name}, rotated`, table)[seed] as number),
      ),
    ),
  );
}

function verdict(
  rows: readonly Row[],
  tables: readonly string[],
): ExperimentResult["verdicts"][number] {
  const lost = Object.values(names).map((name) => [name, lostBy(name, rows, tables)] as const);
  const of = (name: string): readonly number[] => lost.find(([each]) => each === name)?.[1] ?? [];
  return {
    claim: "rotation",
    holds:
      exceeds(
        of(names.excel),
        of(names.excel).map(() => 0),
      ) && exceeds(of(names.excel), of(names.mlp)),
    rule: "ExcelFormer loses, and more than the MLP, each by more than two standard errors over the seeds.",
    found: `By the rotation ${lost.map(([name, values]) => `${name} loses ${meanOf(values).toFixed(3)}`).join(", ")}.`,
  };
}

/** What is lost where every feature is a mixture of all: only numbers are taken, so that all can be mixed. */
export const rotation: Experiment<readonly ComparedTable[]> = {
  claims: ["rotation"],
  seeds: [1, 2, 3],
  load: async () => (await readTables(["concrete", "mlc_churn", "Sacramento"])).map(onlyNumbers),
  measure,
};

function onlyNumbers(compared: ComparedTable): ComparedTable {
  const { table, target } = compared;
  const { name, format, rows, place } = table;
  const columns = table.columns.filter(
    (column) => column.name === target || column.kind === "number" || column.kind === "integer",
  );
  return { ...compared, table: new Table({ name, format, rows, place, columns }) };
}
