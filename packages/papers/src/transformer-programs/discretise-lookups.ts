// P feed-forward modules, C combinations of what they read, I inputs, V values of a variable, K of the result

import {
  argmax,
  compile,
  type HostTensor,
  hostTensor,
  logSoftmax,
  type Tensor,
} from "@quire/tensor";
import type { Appended, Place, Stream } from "./discretise.ts";
import type { Lookups } from "./lookup.ts";
import type {
  CategoricalVariable,
  NumericalVariable,
  RegionStep,
  TableStep,
  Value,
} from "./program.ts";
import type { WeightRows } from "./weight-rows.ts";

/** Tables of numbers with more rows than this are left as the layers that they come of. */
const MOST_ROWS = 40_000;

/** Reads modules of categorical variables as tables, by asking them for every combination that there can be. */
export async function readTables(
  lookups: Lookups | undefined,
  weights: WeightRows,
  { path, layer }: Place,
  { categorical }: Stream,
): Promise<Appended> {
  if (!lookups) return {};
  const { reads, values } = lookups.options;
  const own = `${path}.categoricalLookups.each`;
  const chosen = lookups.each.map((_, each) => chosenBy(weights, `${own}.${each}.gates`, reads));
  const combinations = chosen.map((variables) =>
    combined(
      variables,
      variables.map((variable) => categorical[variable]?.values ?? []),
    ),
  );
  const inputs = combinations.map((rows) =>
    rows.map((row) =>
      row.flatMap(({ place }) => Array.from({ length: values }, (_, i) => Number(i === place))),
    ),
  );
  const results = await resultsOf(lookups, inputs);
  const steps = chosen.map((variables, each): TableStep => {
    const kept = distinct(variables);
    const names = kept.map((at) => categorical[variables[at] as number]?.name as string);
    const rows = (combinations[each] ?? []).map((row, i) => ({
      keys: kept.map((at) => row[at]?.value as Value),
      result: results[each]?.[i] as number,
    }));
    return { kind: "table", name: `table${layer}_${each + 1}`, ...withoutIdle(names, rows) };
  });
  return { steps, categorical: steps.map(appended) };
}

/** Reads modules of numbers: as tables where all are whole and bounded, else as layers. */
export async function readRegions(
  lookups: Lookups | undefined,
  weights: WeightRows,
  { path, layer }: Place,
  { numerical }: Stream,
): Promise<Appended> {
  if (!lookups) return {};
  const { reads, cardinality } = lookups.options;
  const own = `${path}.numericalLookups.each`;
  const chosen = lookups.each.map((_, each) => chosenBy(weights, `${own}.${each}.gates`, reads));
  const combinations = chosen.map((variables) => {
    const ranges = variables.map((variable) => rangeOf(numerical[variable]));
    const rows = distinct(variables).reduce(
      (all, at) => all * (ranges[at]?.length ?? Number.POSITIVE_INFINITY),
      1,
    );
    return rows <= MOST_ROWS ? combined(variables, ranges as number[][]) : undefined;
  });
  const results = await resultsOf(
    lookups,
    combinations.map((rows) => rows ?? []),
  );
  const steps = chosen.map((variables, each): RegionStep => {
    const rows = combinations[each];
    const name = `rule${layer}_${each + 1}`;
    const names = variables.map((variable) => numerical[variable]?.name as string);
    if (!rows) {
      return {
        kind: "regions",
        name,
        reads: names,
        layers: layersOf(lookups, weights, `${own}.${each}`),
      };
    }
    const kept = distinct(variables);
    const found = rows.map((row, i) => ({
      keys: kept.map((at) => row[at] as number),
      result: results[each]?.[i] as number,
    }));
    const read = kept.map((at) => names[at] as string);
    return { kind: "regions", name, ...withoutIdle(read, found) };
  });
  const all = Array.from({ length: cardinality }, (_, value) => value);
  return {
    steps,
    categorical: steps.map(({ name, rows }) =>
      rows ? appended({ name, rows }) : { name, values: placesOf(all) },
    ),
  };
}

/** Numbers as values at their own places, each once. */
export function placesOf(values: readonly number[]): CategoricalVariable["values"] {
  return [...new Set(values)].sort((a, b) => a - b).map((value) => ({ place: value, value }));
}

type Rows = TableStep["rows"];

/** A table without the variables that make no difference. */
function withoutIdle(
  reads: readonly string[],
  rows: Rows,
): { readonly reads: readonly string[]; readonly rows: Rows } {
  for (const at of reads.keys()) {
    const results = new Map<string, TableStep["rows"][number]>();
    const isIdle = rows.every(({ keys, result }) => {
      const others = keys.filter((_, place) => place !== at);
      const name = JSON.stringify(others);
      const known = results.get(name);
      if (!known) results.set(name, { keys: others, result });
      return known === undefined || known.result === result;
    });
    if (isIdle) {
      const kept = reads.filter((_, place) => place !== at);
      return withoutIdle(kept, [...results.values()]);
    }
  }
  return { reads, rows };
}

function appended({ name, rows }: Pick<TableStep, "name" | "rows">) {
  return { name, values: placesOf(rows.map(({ result }) => result)) };
}

/** The variables that a module's gates choose. */
function chosenBy(weights: WeightRows, path: string, reads: number): number[] {
  return Array.from({ length: reads }, (_, read) => weights.chosen(path, read));
}

/** The places of different values in a list, the first of each. */
function distinct(values: readonly number[]): number[] {
  return values.flatMap((value, at) => (values.indexOf(value) === at ? [at] : []));
}

/** Every combination of values of what is read; a variable that is read twice has one value. */
function combined<T>(variables: readonly number[], values: readonly (readonly T[])[]): T[][] {
  let rows: T[][] = [[]];
  for (const [at, variable] of variables.entries()) {
    const before = variables.indexOf(variable);
    rows = rows.flatMap((row) =>
      before < at
        ? [[...row, row[before] as T]]
        : (values[at] ?? []).map((value) => [...row, value]),
    );
  }
  return rows;
}

function rangeOf(variable: NumericalVariable | undefined): number[] | undefined {
  const { whole } = variable ?? {};
  if (!whole) return undefined;
  return Array.from({ length: whole[1] - whole[0] + 1 }, (_, i) => whole[0] + i);
}

/** What the network's own layers give for inputs of each module, so that a table says what the network does. */
async function resultsOf(
  lookups: Lookups,
  inputs: readonly (readonly (readonly number[])[])[],
): Promise<number[][]> {
  const count = Math.max(...inputs.map((rows) => rows.length));
  if (count === 0) return inputs.map(() => []);
  const { reads, values } = lookups.options;
  const width = reads * values;
  const flat = new Float32Array(inputs.length * count * width);
  for (const [each, rows] of inputs.entries()) {
    for (const [row, own] of rows.entries()) flat.set(own, (each * count + row) * width);
  }
  const run = compile((x: Tensor) => argmax(logSoftmax(lookups.layers(x))));
  const found: HostTensor = await run(hostTensor(flat, [inputs.length, count, width]));
  await run.release();
  const all = found.toArray();
  return inputs.map((rows, each) => all.slice(each * count, each * count + rows.length));
}

function layersOf(
  lookups: Lookups,
  weights: WeightRows,
  path: string,
): NonNullable<RegionStep["layers"]> {
  return {
    activation: lookups.options.activation,
    inputs: weights.rows(`${path}.inputWeight`),
    inputBias: weights.row(`${path}.inputBias`, 0),
    outputs: weights.rows(`${path}.outputWeight`),
    outputBias: weights.row(`${path}.outputBias`, 0),
  };
}
