import { type ColumnKind, delimitedText, type Table } from "@quire/data";
import { readTable } from "@quire/data/files";
import {
  bootstrapInterval,
  encodedKinds,
  encodeTable,
  likeliest,
  requireColumns,
  type TabularEncoding,
  type TabularPredictions,
  type TabularPredictor,
  type TabularRows,
  tabularMetrics,
  tabularScores,
} from "@quire/papers";
import { type HostTensor, hostTensor } from "@quire/tensor";
import { writeWhole } from "../files.ts";
import { count, percent } from "../numbers.ts";
import { type Option, text } from "../option.ts";
import { table } from "../table.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** How many predictions are shown, and how many examples say between which values a model's inputs stand. */
const SHOWN = 10;
const EXAMPLES = 100;
const DRAWS = 300;

/** What a user may say of predicting. */
export type PredictTableOptions = { readonly out: Option<string | undefined> };

/** Predicts the target for every row of a table. */
export const predictTable: PredictSpec<TabularPredictor, PredictTableOptions> = {
  data: { value: "TABLE", summary: "A table with the columns that the run was trained on" },
  options: { out: text("FILE", "A csv file for all predictions with their probabilities") },
  examples: [
    "quire predict excelformer-1 --data new.csv --out predictions.csv",
    "quire predict excelformer-1 --data new.csv --json",
  ],
  run: async (predictor, path, { out }, { console, options }) => {
    const { encoding } = predictor.description;
    const { [encoding.target.name]: _, ...kinds } = encodedKinds(encoding);
    const read = await readKnown(path, encoding, { kinds, sheet: options["sheet"] });
    const predictions = await predictor.predict(read);
    const { titles, rows } = listed(predictions, encoding.target.name);
    if (out !== undefined) await writeWhole(out, delimitedText(titles, rows));
    const shown = rows
      .slice(0, SHOWN)
      .map((row) => row.map((value, i) => shownText(titles, value, i)));
    const more = rows.length > SHOWN ? `\n${count(rows.length - SHOWN)} rows more` : "";
    const where = out === undefined ? "; --out FILE writes all of them" : `; all are in ${out}`;
    const columns = titles.map((title, i) => ({ title, align: alignOf(rows, i) }));
    console.print(
      `${table(columns, shown)}${more}${more === "" && out === undefined ? "" : where}`,
    );
    const objects = rows.map((row) =>
      Object.fromEntries(titles.map((title, i) => [title, row[i]])),
    );
    console.result({ ...(out !== undefined && { file: out }), predictions: objects });
  },
};

/** Measures a system on a table whose target is known. */
export const evaluateTable: EvaluateSpec<TabularPredictor> = {
  data: {
    value: "TABLE",
    summary: "A table with the columns that the run was trained on, and its target",
  },
  run: async (predictor, path, { seed, options }) => {
    const { encoding } = predictor.description;
    const kinds = encodedKinds(encoding);
    const read = await readKnown(path, encoding, { kinds, sheet: options["sheet"] });
    return await tabularEvaluation(predictor, encodeTable(encoding, read), seed);
  },
};

/**
 * Reads a table as the model knows its columns; before kinds are set, it is seen whether they are all there.
 *
 * @throws DataError when columns are missing, or a value is not of its column's kind.
 */
async function readKnown(
  path: string,
  encoding: TabularEncoding,
  { kinds, sheet }: { readonly kinds: Record<string, ColumnKind>; readonly sheet: unknown },
): Promise<Table> {
  const given = typeof sheet === "string" ? { sheet } : {};
  requireColumns(encoding, await readTable(path, given));
  return await readTable(path, { ...given, kinds });
}

/** Measures a system on encoded rows, with intervals over rows drawn again. */
export async function tabularEvaluation(
  predictor: TabularPredictor,
  rows: TabularRows,
  seed: number,
): Promise<Evaluation> {
  const predictions = await predictor.predictRows(rows.inputs);
  const known = predictor.knownTargets(rows);
  const scores = tabularScores(predictions, known);
  const metrics = tabularMetrics(predictor.description.encoding.target).map((metric) => {
    const statistic = (places: Uint32Array): number => {
      const targets = Float64Array.from(places, (place) => known[place] as number);
      return tabularScores(chosen(predictions, places), targets)[metric.name] as number;
    };
    const interval = bootstrapInterval(rows.size, statistic, { seed, draws: DRAWS });
    return { ...metric, value: scores[metric.name] as number, interval };
  });
  return { count: rows.size, what: "rows", metrics };
}

/** Rows from all over a table, one at a time. */
export function* tabularInputs(
  { description: { target } }: TabularPredictor,
  { inputs, size }: TabularRows,
): Generator<[HostTensor]> {
  const step = Math.max(1, Math.floor(size / EXAMPLES));
  for (let row = 0; row < size; row += step) {
    const values = inputs.slice(row * target.features, (row + 1) * target.features);
    yield [hostTensor(values, [1, target.features], "float32")];
  }
}

/** The predictions of the rows in the given places. */
function chosen(predictions: TabularPredictions, places: Uint32Array): TabularPredictions {
  if (predictions.predict === "number") {
    return {
      ...predictions,
      values: Float64Array.from(places, (place) => predictions.values[place] ?? 0),
    };
  }
  const { classes, probabilities: all } = predictions;
  const probabilities = new Float32Array(places.length * classes.length);
  places.forEach((place, row) => {
    const own = all.subarray(place * classes.length, (place + 1) * classes.length);
    probabilities.set(own, row * classes.length);
  });
  return { ...predictions, probabilities };
}

/** Predictions as rows: which row of the table, what is predicted, and each class's probability. */
function listed(
  predictions: TabularPredictions,
  target: string,
): {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
} {
  if (predictions.predict === "number") {
    const rows = Array.from(predictions.values, (value, row) => [row + 1, rounded(value)]);
    return { titles: ["row", target], rows };
  }
  const { classes, probabilities } = predictions;
  const rows = Array.from({ length: probabilities.length / classes.length }, (_, row) => {
    const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    return [row + 1, classes[likeliest(own)] ?? "", ...Array.from(own, rounded)];
  });
  return { titles: ["row", target, ...classes.map((name) => `probability of ${name}`)], rows };
}

/** What a float32 knows of a value. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}

function shownText(titles: readonly string[], value: string | number, column: number): string {
  const isShare = titles[column]?.startsWith("probability of ") && column > 1;
  return isShare ? percent(value as number) : String(value);
}

function alignOf(
  rows: readonly (readonly (string | number)[])[],
  column: number,
): "left" | "right" {
  return typeof rows[0]?.[column] === "number" ? "right" : "left";
}
