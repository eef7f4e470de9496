import type { ExportedFunction } from "@quire/papers";
import { HostTensor, sizeOf } from "@quire/tensor";

/** Inputs of a model, example after example. */
export interface Examples {
  /** Each input of the model in their order, `[N, ...]`. */
  readonly inputs: readonly HostTensor[];
  /** The classes of the examples, `[N]`, where they are known. */
  readonly labels?: Int32Array;
}

/** How many examples are computed at a time where a model takes any number. */
const BATCH = 32;

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
