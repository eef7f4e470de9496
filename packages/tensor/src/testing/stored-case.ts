import type { DType } from "../dtype.ts";
import { pullback } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { type HostTensor, hostTensor } from "../host.ts";

/** A tensor in a file of references; `"NaN"` and `"Infinity"` are spelled out. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

/** One call of an operation by other software: what went in, what came out, what flowed back. */
export interface StoredCase {
  readonly op: string;
  readonly label: string;
  readonly inputs: readonly StoredTensor[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly StoredTensor[];
  readonly cotangents?: readonly (StoredTensor | null)[];
  readonly gradients?: readonly (StoredTensor | null)[];
}

/** Builds an operation from its operands and the stored attributes, which it knows the types of. */
export type Builder = (
  inputs: readonly [Tensor, Tensor, Tensor, ...Tensor[]],
  // biome-ignore lint/suspicious/noExplicitAny: stored attributes have a type per operation
  attributes: any,
) => Tensor | readonly Tensor[];

/** The operations of one file of references, and how they are held against it. */
export interface Family {
  /** The name of the file. */
  readonly name: string;
  readonly builders: Readonly<Record<string, Builder>>;
  /** Cases at a kink, where finite differences say nothing; stored gradients are compared all the same. */
  readonly kinked?: (stored: StoredCase) => boolean;
}

/** Largest difference from a stored value, absolute or relative to it. */
export const tolerance = 1e-5;

/** Stored numbers as a host tensor. */
export function toHost({ dtype, shape, data }: StoredTensor): HostTensor {
  return hostTensor(data.map(Number), shape, dtype);
}

/** Operand positions that gradients are stored for. */
export function activeInputs(stored: StoredCase): number[] {
  return (stored.gradients ?? []).flatMap((gradient, i) => (gradient ? [i] : []));
}

/** The gradients that flow in, as far as they are stored. */
export function cotangentsOf(stored: StoredCase): HostTensor[] {
  return (stored.cotangents ?? []).flatMap((dy) => (dy ? [toHost(dy)] : []));
}

/** A case's outputs, built from its operands. */
export function outputsOf(
  stored: StoredCase,
  build: Builder,
  x: readonly Tensor[],
): readonly Tensor[] {
  const built = build(x as unknown as Parameters<Builder>[0], stored.attributes);
  return Array.isArray(built) ? (built as readonly Tensor[]) : [built as Tensor];
}

/** The gradients of a case's active operands, from those of its outputs. */
export function gradientsOf(
  stored: StoredCase,
  build: Builder,
  x: readonly Tensor[],
  dy: readonly Tensor[],
): Tensor[] {
  const queue = [...dy];
  return pullback(
    outputsOf(stored, build, x),
    activeInputs(stored).map((i) => x[i] as Tensor),
    (stored.cotangents ?? []).map((cotangent) => (cotangent ? queue.shift() : undefined)),
  );
}

/** An element that is not what was wanted. */
export interface Difference {
  readonly at: number;
  readonly got: number;
  readonly wanted: number;
}

/** The elements of a tensor that are farther from the wanted ones than the tolerance. */
export function differences(
  got: HostTensor,
  wanted: HostTensor,
  tolerated: number = tolerance,
): Difference[] {
  const values = got.toArray();
  return wanted.toArray().flatMap((value, i) => {
    const other = values[i] as number;
    const isSame = Object.is(value, other) || value === other;
    const isClose = Math.abs(value - other) <= tolerated * Math.max(1, Math.abs(value));
    return isSame || isClose ? [] : [{ at: i, got: other, wanted: value }];
  });
}
