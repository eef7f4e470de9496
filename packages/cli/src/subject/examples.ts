import type { ExportedFunction } from "@quire/papers";
import { type DType, HostTensor, hostTensor, Random, sizeOf } from "@quire/tensor";

/** Inputs of a model, example after example. */
export interface Examples {
  /** Each input of the model in their order, `[N, ...]`. */
  readonly inputs: readonly HostTensor[];
  /** The classes of the examples, `[N]`, where they are known. */
  readonly labels?: Int32Array;
}

/** How many examples are computed at a time where a model takes any number. */
const BATCH = 32;
/** What stands for a free size that is not the first where nothing says what it is. */
const FREE_SIZE = 16;

/** How many examples a call must take; undefined where an input leaves its first size free. */
function fixedBatch({ inputs }: ExportedFunction): number | undefined {
  const first = Object.values(inputs).map(({ shape }) => shape[0]);
  return first.find((size) => typeof size === "number");
}

/** The calls that see all examples; where a call takes several, those that are left over are left out. */
export function* batchesOf(
  exported: ExportedFunction,
  examples: Examples,
): Generator<readonly HostTensor[]> {
  const count = countSeen(exported, examples);
  const size = fixedBatch(exported) ?? BATCH;
  for (let from = 0; from < count; from += size) {
    yield examples.inputs.map((input) => rowsOf(input, from, Math.min(size, count - from)));
  }
}

/** How many examples the calls see. */
export function countSeen(exported: ExportedFunction, { inputs }: Examples): number {
  const count = inputs[0]?.shape[0] ?? 0;
  return count - (count % (fixedBatch(exported) ?? 1));
}

function rowsOf({ dtype, shape, data }: HostTensor, from: number, count: number): HostTensor {
  const row = sizeOf(shape.slice(1));
  const rows = data.subarray(from * row, (from + count) * row);
  return new HostTensor(dtype, [count, ...shape.slice(1)], rows as HostTensor["data"]);
}

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
