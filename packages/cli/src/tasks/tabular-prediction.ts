import { type ColumnKind, DataError, type Table } from "@quire/data";
import { readTable } from "@quire/data/files";
import {
  describeTabularModel,
  encodeTable,
  fitTabularEncoding,
  type Mixing,
  planTabularTraining,
  type TabularBatch,
  type TabularEncoding,
  type TabularModel,
  type TabularModelDescription,
  TabularPredictor,
  type TabularRecipe,
  type TabularRows,
  tabularPresetFor,
  tabularRecipeFor,
} from "@quire/papers";
import { count } from "../numbers.ts";
import { choice, names, number, required, text, type Values, withDefault } from "../option.ts";
import { tabularSections } from "../report/tabular-sections.ts";
import { kindOption } from "./column-kinds.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { splitOption, splitTable } from "./table-split.ts";
import {
  evaluateTable,
  type PredictTableOptions,
  predictTable,
  tabularEvaluation,
  tabularInputs,
} from "./tabular-use.ts";
import { task } from "./task.ts";

const options = {
  target: required(text("COLUMN", "The column to predict")),
  features: names("Columns to predict from; all others except texts unless said"),
  kind: kindOption,
  predict: choice("Whether the target is a class or a number; by its kind unless said", [
    "class",
    "number",
  ]),
  split: splitOption,
  validation: withDefault(
    number("Share of the rows by which the training ends", { above: 0, to: 0.45 }),
    0.15,
  ),
  test: withDefault(
    number("Share of the rows that is kept apart to measure", { above: 0, to: 0.45 }),
    0.15,
  ),
  mix: withDefault(
    choice(
      "How rows are mixed in training: the paper's way, by features, hidden values or rows, or not",
      ["paper", "features", "hidden", "rows", "none"],
    ),
    "paper",
  ),
  sheet: text("NAME", "The sheet of a workbook, the first one unless said"),
};

/** Rows to learn from, to end the training by, and to measure on. */
export interface Parts {
  readonly encoding: TabularEncoding;
  readonly train: TabularRows;
  readonly validation: TabularRows;
  readonly test: TabularRows;
}

/** A table in, a class with its probability or a number for every row out. */
export const tabularPrediction = task<
  typeof options,
  Parts,
  TabularPredictor,
  TabularBatch,
  PredictTableOptions
>({
  name: "tabular-prediction",
  title: "tabular prediction",
  data: {
    value: "TABLE",
    summary: "A csv, tsv, jsonl, json, parquet, arrow or xlsx file, one row an example",
  },
  options,
  recipe: {},
  examples: [
    "quire train excelformer --data churn.csv --target left",
    "quire train excelformer --data houses.csv --target price --kind zip=category --split time:sold",
    "quire predict excelformer-1 --data new.csv --out prices.csv",
  ],
  read: async (path, given, { seed, start }) => {
    const { sheet, kind } = given;
    const kinds = Object.fromEntries(kind) as Record<string, ColumnKind>;
    return partsOf(await readTable(path, { kinds, ...(sheet !== undefined && { sheet }) }), given, {
      seed,
      known: start && (start.description as TabularModelDescription).encoding,
    });
  },
  fingerprint: ({ encoding, train, validation, test }) =>
    fingerprintOf(
      JSON.stringify(encoding),
      ...[train, validation, test].flatMap(({ inputs, targets }) => [inputs, targets]),
    ),
  presetFor: ({ presets }, { encoding }) => tabularPresetFor(presets, encoding.order.length),
  recipeFor: ({ recipe }, { encoding, train }) =>
    tabularRecipeFor(recipe as TabularRecipe, {
      rows: train.size,
      features: encoding.order.length,
    }),
  begin: ({ paper, build, preset, settings, data, options: { mix }, ...making }) => {
    const { encoding, train, validation } = data;
    const description = describeTabularModel({
      ...{ paper: paper.id, preset, options: settings, encoding },
    });
    const model = build(settings, description.target) as TabularModel;
    const predictor = new TabularPredictor(model, description);
    const recipe = { ...(making.recipe as TabularRecipe), mix: mixingOf(mix, paper.recipe) };
    const { extras, seed } = making;
    const plan = planTabularTraining(predictor, { train, validation, recipe, extras, seed });
    return { ...{ system: predictor, plan }, facts: factsOf(data) };
  },
  open: ({ description, build, compile = {} }) => {
    const { options: settings, target } = description;
    const model = build(settings, target) as TabularModel;
    return new TabularPredictor(model, description as TabularModelDescription, compile);
  },
  measure: (predictor, { test }, seed) => tabularEvaluation(predictor, test, seed),
  inputs: (predictor, { train }) => tabularInputs(predictor, train),
  report: (predictor, { test }) => tabularSections(predictor, test),
  predict: predictTable,
  evaluate: evaluateTable,
});

/** Parts a table, fits the encoding on the training rows, unless one is known, and encodes the others by it. */
function partsOf(
  table: Table,
  given: Values<typeof options>,
  { seed, known }: { readonly seed: number; readonly known: TabularEncoding | undefined },
): Parts {
  const { target, features, predict, split, validation, test } = given;
  const { kind } = table.column(target);
  const isNumber =
    (predict ?? (kind === "number" || kind === "integer" ? "number" : "class")) === "number";
  if (isNumber) table.completeNumbers(target);
  else table.completeTexts(target);
  const places = splitTable(table, split, { target, isClass: !isNumber, validation, test, seed });
  if (known) {
    const [train, validation, held] = [places.train, places.validation, places.test].map((part) =>
      encodeTable(known, table.select(part)),
    ) as [TabularRows, TabularRows, TabularRows];
    return { encoding: known, train, validation, test: held };
  }
  const { encoding, rows } = fitTabularEncoding(table.select(places.train), {
    ...{ target, seed, predict: isNumber ? "number" : "class" },
    ...(features && { features }),
  });
  const encoded = (part: Int32Array): TabularRows => encodeTable(encoding, table.select(part));
  return {
    ...{ encoding, train: rows },
    ...{ validation: encoded(places.validation), test: encoded(places.test) },
  };
}

function mixingOf(word: string, recipe: object): Mixing | "none" {
  const { mix } = recipe as TabularRecipe;
  if (word === "paper") return mix;
  if (word === "none") return "none";
  if (word !== "features" && word !== "hidden" && word !== "rows") {
    throw new DataError(`There is no way to mix called "${word}".`);
  }
  return { of: word, alpha: mix === "none" ? 0.5 : mix.alpha };
}

function factsOf({ encoding, train, validation, test }: Parts): [string, string][] {
  const { target, columns, order } = encoding;
  const sizes = [train, validation, test].map(({ size }) => count(size));
  const what =
    target.predict === "class" ? `one of ${count(target.classes.length)} classes` : "a number";
  return [
    ["rows", `${sizes[0]} to train, ${sizes[1]} to end by, ${sizes[2]} to measure`],
    ["target", `${target.name}, ${what}`],
    ["features", `${count(order.length)} numbers of ${count(columns.length)} columns`],
  ];
}
