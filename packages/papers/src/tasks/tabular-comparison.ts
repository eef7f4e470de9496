import { randomSplit, stratifiedSplit, type Table } from "@quire/data";
import { countParameters } from "@quire/nn";
import { Random } from "@quire/tensor";
import type { Row } from "../paper.ts";
import type { Contestant, Turn, TurnHooks } from "../turn.ts";
import { boostedTrees } from "./boosted-trees.ts";
import { type FittedEncoding, fitTabularEncoding, type TabularRows } from "./tabular-encoding.ts";
import { TabularPredictor } from "./tabular-predictor.ts";
import { describeTabularModel, tabularTarget } from "./tabular-recipe.ts";
import { encodeTable } from "./tabular-rows.ts";
import type { TabularModel, TabularRecipe, TabularTarget } from "./tabular-target.ts";
import { trainTabular } from "./tabular-training.ts";

/** A table that systems are compared on. */
export interface ComparedTable {
  readonly name: string;
  readonly table: Table;
  readonly target: string;
  readonly predict: "class" | "number";
}

/** Rows that are taken of a table, at most. */
export interface TakenRows {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** A table parted by a seed: the same for all systems. */
export interface PartedTable extends ComparedTable {
  readonly train: Table;
  readonly validation: Table;
  readonly test: Table;
  /** The training and validation rows, for what parts them itself. */
  readonly learnt: Table;
  readonly fitted: FittedEncoding;
  readonly encodedValidation: TabularRows;
  readonly encodedTest: TabularRows;
}

/** What a system did on one table. */
export interface TableTurn {
  /** Area under the curve, or share of the variance explained: higher is better, 1 is best. */
  readonly score: number;
  readonly parameters: number;
  readonly seconds: number;
  readonly kept?: TabularPredictor;
}

/** Trains on one table and measures on its test rows. */
export type RunOnTable = (parts: PartedTable, seed: number, hooks: TurnHooks) => Promise<TableTurn>;

const SHARES = { validation: 0.2, test: 0.3 };

/** Parts a table, classes in proportion, and takes rows of each part at random. */
export function partTable(compared: ComparedTable, taken: TakenRows, seed: number): PartedTable {
  const { table, target, predict } = compared;
  const { codes, categories } = table.categories(target);
  const split =
    predict === "class"
      ? stratifiedSplit(codes, categories, { ...SHARES, seed })
      : randomSplit(table.rows, { ...SHARES, seed });
  const random = new Random(seed).fork("taken");
  const taking = (name: keyof TakenRows): number[] => {
    const places = split[name];
    const order = random.fork(name).permutation(places.length).subarray(0, taken[name]);
    return Array.from(order, (place) => places[place] as number);
  };
  const [train, validation, test] = [taking("train"), taking("validation"), taking("test")];
  return encodedParts(compared, {
    ...{ train: table.select(train), validation: table.select(validation) },
    ...{ test: table.select(test), learnt: table.select([...train, ...validation]), seed },
  });
}

/** Encodes the parts of a table by what its training rows say. */
export function encodedParts(
  compared: ComparedTable,
  parts: Pick<PartedTable, "train" | "validation" | "test" | "learnt"> & { readonly seed: number },
): PartedTable {
  const { target, predict } = compared;
  const { seed, ...tables } = parts;
  const fitted = fitTabularEncoding(tables.train, { target, predict, seed });
  return {
    ...{ ...compared, ...tables, fitted },
    encodedValidation: encodeTable(fitted.encoding, tables.validation),
    encodedTest: encodeTable(fitted.encoding, tables.test),
  };
}

/** A system that is trained on encoded rows. */
export interface ComparedModel {
  readonly build: (target: TabularTarget) => TabularModel;
  readonly recipe: TabularRecipe;
  readonly paper: string;
  readonly options: object;
}

/** Trains a model on a table's encoded rows; its best epoch on the validation rows is measured. */
export function modelOnTable({ build, recipe, paper, options }: ComparedModel): RunOnTable {
  return async ({ fitted, encodedValidation, encodedTest }, seed, { signal, onProgress }) => {
    const { encoding, rows } = fitted;
    const description = describeTabularModel({ paper, options, encoding });
    const model = build(tabularTarget(encoding));
    const predictor = new TabularPredictor(model, description);
    const { seconds } = await trainTabular(predictor, {
      ...{ train: rows, validation: encodedValidation, recipe, seed },
      ...(signal && { signal }),
      onBatch: ({ share, loss }) => onProgress(share, loss),
    });
    signal?.throwIfAborted();
    const scores = await predictor.evaluate(encodedTest);
    return { score: scoreOf(scores), parameters: countParameters(model), seconds, kept: predictor };
  };
}

/** Trains gradient-boosted trees on a table as it is; they part the rows to end by themselves. */
export const treesOnTable: RunOnTable = async ({ learnt, test, target, predict }) => {
  const started = performance.now();
  const { scores, nodes } = await boostedTrees({ train: learnt, test, target, predict });
  const seconds = (performance.now() - started) / 1000;
  return { score: scoreOf(scores), parameters: nodes, seconds };
};

/** The score that both tasks share a scale of. */
function scoreOf(scores: Readonly<Record<string, number>>): number {
  return (scores["auc"] ?? scores["r2"]) as number;
}

/** A system that takes its turn on several tables; its metrics are the scores, by the tables' names. */
export function contestantOn(
  name: string,
  tables: (seed: number) => readonly PartedTable[],
  run: RunOnTable,
): Contestant<TabularPredictor | undefined> {
  return {
    name,
    run: async (seed, { signal, onProgress }): Promise<Turn<TabularPredictor | undefined>> => {
      const parted = tables(seed);
      const turns: TableTurn[] = [];
      for (const [place, parts] of parted.entries()) {
        const turn = await run(parts, seed, {
          ...(signal && { signal }),
          onProgress: (share, loss) => onProgress((place + share) / parted.length, loss),
        });
        if (place > 0) await turn.kept?.release();
        turns.push(turn);
      }
      const sum = (of: (turn: TableTurn) => number): number =>
        turns.reduce((all, turn) => all + of(turn), 0);
      const kept = turns[0]?.kept;
      return {
        parameters: Math.round(sum(({ parameters }) => parameters) / turns.length),
        metrics: Object.fromEntries(parted.map((parts, i) => [parts.name, turns[i]?.score ?? 0])),
        ...{ seconds: sum(({ seconds }) => seconds), curve: { seed, points: [] }, kept },
        release: async () => await kept?.release(),
      };
    },
  };
}

/** The rows with each system's mean rank over the tables, 1 for the best; equal scores share a rank. */
export function withRanks(rows: readonly Row[], tables: readonly string[]): Row[] {
  const seeds = rows[0]?.seconds.length ?? 0;
  return rows.map((row) => {
    const ranks = Array.from({ length: seeds }, (_, seed) => {
      const sum = tables.reduce((all, table) => {
        const own = row.metrics[table]?.[seed] as number;
        const others = rows.map((other) => other.metrics[table]?.[seed] as number);
        const better = others.filter((score) => score > own).length;
        const equal = others.filter((score) => score === own).length;
        return all + better + (equal + 1) / 2;
      }, 0);
      return sum / tables.length;
    });
    return { ...row, metrics: { rank: ranks, ...row.metrics } };
  });
}
