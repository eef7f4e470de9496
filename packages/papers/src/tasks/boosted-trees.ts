import { type Table, tabular } from "@quire/data";
import type { EncodedTarget } from "./tabular-encoding.ts";
import { type TabularPredictions, tabularScores } from "./tabular-metrics.ts";

/** Columns by their names, as the library takes them. */
type Columns = Readonly<Record<string, readonly number[] | readonly string[]>>;

/** What trees are trained and measured on: tables as they are, with categories and missing values. */
export interface TreesOptions {
  /** A part of it, a tenth, says when the training ends. */
  readonly train: Table;
  readonly test: Table;
  readonly target: string;
  readonly predict: EncodedTarget["predict"];
}

/** How trees did. */
export interface TreesResult {
  /** What `tabularMetrics` names. */
  readonly scores: Readonly<Record<string, number>>;
  /** Nodes of all trees. */
  readonly nodes: number;
}

let loading: ReturnType<typeof load> | undefined;

/** The library, made once: each time it would ask the process anew to tell it of its end. */
function library(): ReturnType<typeof load> {
  loading ??= load();
  return loading;
}

async function load() {
  const { default: make } = await import("ydf-training");
  const silent = (): void => undefined;
  return await make({ print: silent, printErr: silent });
}

/** What a missing category is called: it is one of its own. */
const MISSING = "(missing)";

/**
 * Trains gradient-boosted trees, Google's Yggdrasil Decision Forests as they are without tuning, and measures them.
 *
 * @throws DataError when the target cannot be learnt from.
 */
export async function boostedTrees({
  train,
  test,
  target,
  predict,
}: TreesOptions): Promise<TreesResult> {
  const { GradientBoostedTreesLearner } = await library();
  const known = tabular(test, { target, predict }).target;
  const columns = columnsOf(train, target, predict);
  const kind = predict === "class" ? "CLASSIFICATION" : "REGRESSION";
  const forest = new GradientBoostedTreesLearner(target, kind).train(columns);
  try {
    const values = forest.predict(columnsOf(test, target, predict));
    const nodes = Number(/Total number of nodes: (\d+)/.exec(forest.describe())?.[1] ?? 0);
    if (known.predict === "number") {
      const predictions = { predict: "number", values: Float64Array.from(values) } as const;
      return { scores: tabularScores(predictions, known.values), nodes };
    }
    const predictions = probabilitiesOf(values, forest.getLabelClasses(), known.classes);
    return { scores: tabularScores(predictions, known.labels), nodes };
  } finally {
    forest.unload();
  }
}

/** The library's probabilities in the order of our classes; one that it never saw has none. */
function probabilitiesOf(
  values: readonly number[],
  learnt: readonly string[],
  classes: readonly string[],
): TabularPredictions {
  const isBinary = learnt.length === 2;
  const rows = isBinary ? values.length : values.length / learnt.length;
  const probabilities = new Float32Array(rows * classes.length);
  learnt.forEach((name, place) => {
    const column = classes.indexOf(name);
    if (column < 0) return;
    for (let row = 0; row < rows; row++) {
      const second = values[row] as number;
      const binary = place === 1 ? second : 1 - second;
      const value = isBinary ? binary : (values[row * learnt.length + place] as number);
      probabilities[row * classes.length + column] = value;
    }
  });
  return { predict: "class", classes, probabilities };
}

function columnsOf(table: Table, target: string, predict: EncodedTarget["predict"]): Columns {
  const kept = table.columns.filter(({ name, kind }) => name === target || kind !== "text");
  return Object.fromEntries(
    kept.map((column) => {
      const isText = column.kind === "category" || column.kind === "text";
      if (isText || (column.name === target && predict === "class")) {
        return [column.name, table.texts(column.name).map((text) => text ?? MISSING)];
      }
      return [column.name, Array.from(column.values)];
    }),
  );
}
