import type { TypedArray } from "../dtype.ts";
import { bytesPerElement } from "../dtype.ts";
import type { Variable } from "../graph/variable.ts";
import { sizeOf } from "../shape.ts";
import type { TensorProto } from "./proto.ts";
import { elementType } from "./values.ts";

/** Weights that stand beside a model in a file of their own. */
export interface ExternalData {
  /** The file's name, which the model holds; it must stand in the model's folder. */
  readonly location: string;
  readonly byteLength: number;
  /** The file's bytes in order; each weight is read when its turn comes. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** A weight under the name it has in a file. */
export interface NamedWeight {
  readonly name: string;
  readonly variable: Variable;
}

/** Offsets are whole pages, so that readers can map the file into memory. */
const PAGE = 4096;

/** Weights smaller than this stay in the model itself. */
const INLINE_BYTES = 1024;

const EXTERNAL = 1n;

/** Bytes that a variable's values take. */
export function byteLengthOf({ dtype, shape }: Variable): number {
  return sizeOf(shape) * bytesPerElement(dtype);
}

/** A weight with its values. */
export async function inlineWeight({ name, variable }: NamedWeight): Promise<TensorProto> {
  return { ...described({ name, variable }), rawData: bytesOf((await variable.get()).data) };
}

/** Weights that refer to a file beside the model, and that file. */
export async function externalWeights(
  weights: readonly NamedWeight[],
  location: string,
): Promise<{ readonly initializers: readonly TensorProto[]; readonly data: ExternalData }> {
  let end = 0;
  const placed: { offset: number; variable: Variable }[] = [];
  const initializers: TensorProto[] = [];
  for (const weight of weights) {
    const length = byteLengthOf(weight.variable);
    if (length < INLINE_BYTES) {
      initializers.push(await inlineWeight(weight));
      continue;
    }
    const offset = Math.ceil(end / PAGE) * PAGE;
    const entries = { location, offset, length };
    const externalData = Object.entries(entries).map(([key, value]) => ({
      key,
      value: String(value),
    }));
    initializers.push({ ...described(weight), externalData, dataLocation: EXTERNAL });
    placed.push({ offset, variable: weight.variable });
    end = offset + length;
  }
  return { initializers, data: { location, byteLength: end, chunks: () => chunksOf(placed) } };
}

async function* chunksOf(
  placed: readonly { readonly offset: number; readonly variable: Variable }[],
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const { offset, variable } of placed) {
    if (offset > at) yield new Uint8Array(offset - at);
    const bytes = bytesOf((await variable.get()).data);
    yield bytes;
    at = offset + bytes.length;
  }
}

function described({ name, variable: { dtype, shape } }: NamedWeight): TensorProto {
  return { dims: shape.map(BigInt), dataType: BigInt(elementType(dtype)), name };
}

function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
