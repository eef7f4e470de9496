import { type Module, partOfWhole, shardOf, wholeOf } from "@quire/nn";
import { type HostTensor, hostTensor, QuireError, type Variable } from "@quire/tensor";
import type { NamedTensors } from "./safetensors.ts";

/** A model's values by path, running statistics too. */
export function modelTensors(model: Module): Promise<NamedTensors> {
  return valuesOf(model.namedState());
}

/** Copies of variables' values, by name; whole ones where processes divide them, all of which then call it. */
export async function valuesOf(
  variables: readonly (readonly [name: string, variable: Variable])[],
): Promise<NamedTensors> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, variable] of variables) {
    const [value, shard] = [await variable.get(), shardOf(variable)];
    tensors.set(name, shard ? await wholeOf(shard, value) : value);
  }
  return tensors;
}

/** How values are put into a model. */
export interface LoadOptions {
  /** Whether names that only one side has are an error; true unless said. */
  readonly strict?: boolean;
}

/**
 * Gives a model's variables the values of their paths; float16 becomes float32.
 *
 * @throws QuireError that lists what is missing, what is not expected and what has another shape; nothing is
 * changed then.
 */
export async function loadModel(
  model: Module,
  tensors: NamedTensors,
  { strict = true }: LoadOptions = {},
): Promise<void> {
  await setValues("loadModel", model.namedState(), tensors, strict);
}

/** Sets variables by name after all names and types were checked. */
export async function setValues(
  what: string,
  variables: readonly (readonly [name: string, variable: Variable])[],
  tensors: NamedTensors,
  strict = true,
): Promise<void> {
  const known = new Map(variables);
  const names = [...tensors.keys()];
  const pairs = variables.flatMap(([name, variable]) => {
    const value = tensors.get(name);
    return value ? [{ name, variable, value: widened(value, variable) }] : [];
  });
  const problems = [
    listed("missing", strict ? [...known.keys()].filter((name) => !tensors.has(name)) : []),
    listed("unexpected", strict ? names.filter((name) => !known.has(name)) : []),
    listed("of another shape or type", pairs.flatMap(differenceOf)),
  ].filter((problem) => problem !== "");
  if (problems.length > 0) {
    throw new QuireError(`${what}: the values do not fit the model: ${problems.join("; ")}.`);
  }
  for (const { variable, value } of pairs) await variable.set(ownPart(variable, value));
}

/** What a process holds of a value that processes divide. */
function ownPart(variable: Variable, value: HostTensor): HostTensor {
  const shard = shardOf(variable);
  if (!shard) return value;
  return hostTensor(partOfWhole(shard, value.data as Float32Array), variable.shape);
}

function widened(value: HostTensor, variable: Variable): HostTensor {
  if (value.dtype !== "float16" || variable.dtype !== "float32") return value;
  return hostTensor(value.toArray(), value.shape);
}

function differenceOf(pair: {
  readonly name: string;
  readonly variable: Variable;
  readonly value: HostTensor;
}): string[] {
  const { name, variable, value } = pair;
  const shape = shardOf(variable)?.whole ?? variable.shape;
  const [wanted, got] = [typeName({ dtype: variable.dtype, shape }), typeName(value)];
  return wanted === got ? [] : [`${name} (${got}, the model has ${wanted})`];
}

function typeName({ dtype, shape }: Pick<Variable, "dtype" | "shape">): string {
  return `${dtype} [${shape.join(", ")}]`;
}

const MOST_LISTED = 5;

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : "";
  return `${what}: ${names.slice(0, MOST_LISTED).join(", ")}${more}`;
}
