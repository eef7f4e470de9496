import {
  compile,
  type DType,
  type HostTensor,
  hostTensor,
  Random,
  sizeOf,
  Tensor,
  type Tree,
} from "@quire/tensor";
import type { ExportedFunction } from "./system.ts";

/** What stands for a free size that is not the first where nothing says what it is. */
const FREE_SIZE = 16;

/**
 * Random arguments of a model: numbers of a normal distribution, and 0 or 1 where it takes whole numbers, which are
 * tokens of every vocabulary and right in every mask.
 */
export function randomInputs(
  { inputs, samples = {} }: ExportedFunction,
  seed: number,
  batch = 2,
): HostTensor[] {
  const random = new Random(seed);
  return Object.entries(inputs).map(([name, { shape, dtype = "float32" }]) => {
    const sizes = shape.map((size, axis) => {
      if (typeof size === "number") return size;
      return samples[size]?.[0] ?? (axis === 0 ? batch : FREE_SIZE);
    });
    return randomTensor(dtype, sizes, random.fork(name));
  });
}

function randomTensor(dtype: DType, shape: readonly number[], random: Random): HostTensor {
  const isNumber = dtype === "float32" || dtype === "float16";
  const draw = (): number => (isNumber ? random.normal() : random.integer(2));
  return hostTensor(Array.from({ length: sizeOf(shape) }, draw), shape, dtype);
}

/** What a file computes as a function whose results have the names that they have in the file. */
export function namedOutputs({
  run,
  outputs,
}: ExportedFunction): (...inputs: Tensor[]) => Record<string, Tensor> {
  const names = Object.keys(outputs);
  return (...inputs) => {
    const found: Record<string, Tensor> = {};
    const visit = (tree: Tree<Tensor>): void => {
      if (tree instanceof Tensor) found[names[Object.keys(found).length] as string] = tree;
      else for (const part of Object.values(tree)) visit(part as Tree<Tensor>);
    };
    visit(run(...inputs));
    return found;
  };
}

/** Inputs of a model and what it makes of them, by their names in its file. */
export interface Example {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly outputs: Readonly<Record<string, HostTensor>>;
}

/** Random inputs, and what a model makes of them here: what its file is to make of them elsewhere. */
export async function exampleOf(exported: ExportedFunction, seed: number): Promise<Example> {
  const inputs = randomInputs(exported, seed);
  const run = compile(namedOutputs(exported), { name: "example" });
  const outputs = await run(...inputs);
  await run.release();
  const names = Object.keys(exported.inputs);
  return {
    inputs: Object.fromEntries(names.map((name, i) => [name, inputs[i] as HostTensor])),
    outputs,
  };
}

/** An example as JSON: of each tensor its dtype, its shape and its values. */
export function exampleText(example: Example): string {
  const told = (tensors: Example["inputs"]): object =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const { dtype, shape } = tensor;
        return [name, { dtype, shape, values: tensor.toArray() }];
      }),
    );
  return JSON.stringify({ inputs: told(example.inputs), outputs: told(example.outputs) });
}
