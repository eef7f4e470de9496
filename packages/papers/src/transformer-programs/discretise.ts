import { modelTensors } from "@quire/train";
import type { SequenceModelDescription } from "../tasks/sequence-target.ts";
import { placesOf, readRegions, readTables } from "./discretise-lookups.ts";
import type { TieBreak } from "./distance.ts";
import type { ProgramLayer, TransformerProgram } from "./model.ts";
import type {
  CategoricalVariable,
  CopyStep,
  LabelWeights,
  NumericalVariable,
  Preference,
  Program,
  Step,
  Wanted,
} from "./program.ts";
import { WeightRows } from "./weight-rows.ts";

/** The variables of the stream and the steps that appended them. */
export interface Stream {
  readonly categorical: readonly CategoricalVariable[];
  readonly numerical: readonly NumericalVariable[];
  readonly steps: readonly Step[];
}

/** What is appended to a stream. */
export type Appended = Partial<Stream>;

/** What of a layer is read, and how its steps are called. */
export interface Place {
  /** The path of the layer's weights. */
  readonly path: string;
  /** Counts from 1. */
  readonly layer: number;
}

type Description = Pick<SequenceModelDescription, "tokens" | "labels" | "ends">;

/**
 * Reads off a network what it does when every choice is the likeliest one (section 3.5). Variables keep only the values
 * that they can have, so what can never happen is not in the program.
 *
 * @param description What its tokens and labels are called.
 */
export async function discretise(
  model: TransformerProgram,
  description: Description,
): Promise<Program> {
  const weights = new WeightRows(await modelTensors(model));
  const begun = begin(model, weights, description);
  const { classes, numbers } = begun;
  let stream: Stream = begun.stream;
  for (const [index, layer] of model.layers.entries()) {
    const place = { path: `layers.${index}`, layer: index + 1 };
    const copies = readCopies(layer, weights, place, stream);
    const sums = readSums(layer, weights, place, stream, model.target.length);
    stream = joined(joined(stream, copies), sums);
    const tables = await readTables(layer.categoricalLookups, weights, place, stream);
    const regions = await readRegions(layer.numericalLookups, weights, place, stream);
    stream = joined(joined(stream, tables), regions);
  }
  return {
    ...{ target: model.target, classes, numbers },
    ...{ tokens: description.tokens.slice(1), ends: description.ends },
    labels: description.labels.filter((_, label) => !model.target.never?.includes(label)),
    ...stream,
    weights: labelWeights(model, weights, stream),
  };
}

function joined(
  stream: Stream,
  { categorical = [], numerical = [], steps = [] }: Appended,
): Stream {
  return {
    categorical: [...stream.categorical, ...categorical],
    numerical: [...stream.numerical, ...numerical],
    steps: [...stream.steps, ...steps],
  };
}

/** The variables of tokens and places that a program begins with. */
function begin(
  { options, target }: TransformerProgram,
  weights: WeightRows,
  { tokens }: Description,
): Pick<Program, "classes" | "numbers"> & { readonly stream: Stream } {
  const { cardinality, tokens: made } = options;
  const ids = tokens.map((_, id) => id).slice(1);
  const learnt = made.categorical === "token" ? 0 : made.categorical;
  const logits = learnt > 0 ? weights.rows("tokenValues") : [];
  const classes = Array.from({ length: learnt }, (_, each) => ({
    name: `class${each + 1}`,
    of: ids.map((id) => likeliestRow(logits, each * cardinality, cardinality, id)),
  }));
  const own = tokens.slice(1).map((value, i) => ({ place: i + 1, value }));
  const positions = Array.from({ length: target.length }, (_, place) => ({ place, value: place }));
  const categorical: CategoricalVariable[] = [
    ...(learnt === 0
      ? [{ name: "token", values: own }]
      : classes.map(({ name, of }) => ({ name, values: placesOf(of) }))),
    { name: "position", values: positions },
  ];
  const table = made.numerical === "learned" ? weights.rows("tokenNumbers") : [];
  const numbers = (table[0] ?? []).map((_, each) => ({
    name: `number${each + 1}`,
    of: ids.map((id) => table[id]?.[each] as number),
  }));
  const ones = Array.from({ length: made.numbers }, (_, each): NumericalVariable => {
    return { name: each === 0 ? "one" : `one${each + 1}`, whole: [1, 1] };
  });
  const numerical = numbers.length > 0 ? numbers.map(({ name }) => ({ name })) : ones;
  return { classes, numbers, stream: { categorical, numerical, steps: [] } };
}

/** The likeliest of the values from a row on for a token. */
function likeliestRow(
  rows: readonly (readonly number[])[],
  start: number,
  count: number,
  id: number,
): number {
  let best = 0;
  for (let value = 1; value < count; value++) {
    if ((rows[start + value]?.[id] as number) > (rows[start + best]?.[id] as number)) best = value;
  }
  return best;
}

function readCopies(
  { categoricalHeads }: ProgramLayer,
  weights: WeightRows,
  { path, layer }: Place,
  { categorical }: Stream,
): Appended {
  if (!categoricalHeads) return {};
  const { heads, cardinality, kind, tieBreak } = categoricalHeads.options;
  const own = `${path}.categoricalHeads`;
  const variable = (gate: string, head: number): CategoricalVariable =>
    categorical[weights.chosen(`${own}.${gate}`, head)] as CategoricalVariable;
  const steps = Array.from({ length: heads }, (_, head): CopyStep => {
    const [query, key] = [variable("query", head), variable("key", head)];
    const table = (place: number): number[] =>
      weights.row(`${own}.predicate`, head * cardinality + place);
    const preference = preferenceOf(tieBreak, () => weights.row(`${own}.distance`, head));
    const scores = query.values.flatMap((q) =>
      key.values.map((k) => ({
        query: q.value,
        key: k.value,
        score: table(q.place)[k.place] as number,
      })),
    );
    return {
      ...{ kind: "copy", name: `head${layer}_${head + 1}` },
      ...{ query: query.name, key: key.name, value: variable("value", head).name },
      match: kind === "score" ? { scores } : { wanted: wantedBy(query, key, table), preference },
    };
  });
  const copied = steps.map(({ name }, head) => ({ name, values: variable("value", head).values }));
  return { steps, categorical: copied };
}

function preferenceOf(tieBreak: TieBreak, learnt: () => number[]): Preference {
  if (tieBreak === "first") return "first";
  if (tieBreak === "nearest") return "nearest";
  return learnt().map((bias) => Math.min(10, Math.max(-10, bias)));
}

/** Which key value each query value looks for, by the largest of its row of the predicate. */
function wantedBy(
  query: CategoricalVariable,
  key: CategoricalVariable,
  table: (place: number) => number[],
): Wanted {
  return query.values.map(({ place, value }) => {
    const row = table(place);
    const best = row.indexOf(Math.max(...row));
    return { query: value, key: key.values.find((known) => known.place === best)?.value };
  });
}

function readSums(
  { numericalHeads }: ProgramLayer,
  weights: WeightRows,
  { path, layer }: Place,
  { categorical, numerical }: Stream,
  length: number,
): Appended {
  if (!numericalHeads) return {};
  const { heads, cardinality, counts } = numericalHeads.options;
  const own = `${path}.numericalHeads`;
  const variable = (gate: string, head: number): CategoricalVariable =>
    categorical[weights.chosen(`${own}.${gate}`, head)] as CategoricalVariable;
  const summed = (head: number): NumericalVariable =>
    numerical[counts ? 0 : weights.chosen(`${own}.value`, head)] as NumericalVariable;
  const indices = Array.from({ length: heads }, (_, head) => head);
  const name = (head: number): string => `count${layer}_${head + 1}`;
  const steps = indices.map((head): Step => {
    const [query, key] = [variable("query", head), variable("key", head)];
    const table = (place: number): number[] =>
      weights.row(`${own}.predicate`, head * cardinality + place);
    return {
      ...{ kind: "sum", name: name(head), query: query.name, key: key.name },
      ...{ value: summed(head).name, wanted: wantedBy(query, key, table) },
    };
  });
  const numbers = indices.map((head): NumericalVariable => {
    const { whole } = summed(head);
    return { name: name(head), ...(whole && { whole: [0, length * whole[1]] }) };
  });
  return { steps, numerical: numbers };
}

/** What every value of every variable counts for the labels, from the classifier's rows. */
function labelWeights(
  { options, target }: TransformerProgram,
  weights: WeightRows,
  { categorical, numerical }: Stream,
): LabelWeights[] {
  const { never = [] } = target;
  const row = (place: number): number[] =>
    weights.row("labels", place).filter((_, label) => !never.includes(label));
  const values = categorical.map((variable, index) => ({
    variable: variable.name,
    rows: variable.values.map(({ place, value }) => ({
      value,
      weights: row(index * options.cardinality + place),
    })),
  }));
  const first = categorical.length * options.cardinality;
  const units = options.readsNumbers
    ? numerical.map(({ name }, index) => ({
        variable: name,
        rows: [{ weights: row(first + index) }],
      }))
    : [];
  return [...values, ...units];
}
