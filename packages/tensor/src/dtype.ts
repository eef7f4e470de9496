/** The element types a tensor may have; `float16` is for storage, its values travel as 16-bit patterns. */
export type DType = "float32" | "float16" | "int32" | "int64" | "uint8" | "bool";

/** The memory a host tensor's values stand in, by dtype. */
export interface TypedArrays {
  float32: Float32Array;
  float16: Uint16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** Any of the arrays that hold tensor values. */
export type TypedArray = TypedArrays[DType];

interface DTypeFacts {
  readonly bytes: number;
  readonly short: string;
  readonly floating: boolean;
  readonly integer: boolean;
  readonly allocate: (length: number) => TypedArray;
}

const facts: Readonly<Record<DType, DTypeFacts>> = {
  float32: {
    bytes: 4,
    short: "f32",
    floating: true,
    integer: false,
    allocate: (length) => new Float32Array(length),
  },
  float16: {
    bytes: 2,
    short: "f16",
    floating: true,
    integer: false,
    allocate: (length) => new Uint16Array(length),
  },
  int32: {
    bytes: 4,
    short: "i32",
    floating: false,
    integer: true,
    allocate: (length) => new Int32Array(length),
  },
  int64: {
    bytes: 8,
    short: "i64",
    floating: false,
    integer: true,
    allocate: (length) => new BigInt64Array(length),
  },
  uint8: {
    bytes: 1,
    short: "u8",
    floating: false,
    integer: true,
    allocate: (length) => new Uint8Array(length),
  },
  bool: {
    bytes: 1,
    short: "bool",
    floating: false,
    integer: false,
    allocate: (length) => new Uint8Array(length),
  },
};

/** Every dtype, in a fixed order. */
export const dtypes: readonly DType[] = Object.keys(facts) as DType[];

/** Whether values of this dtype have gradients. */
export function isFloating(dtype: DType): boolean {
  return facts[dtype].floating;
}

/** Whether values of this dtype may serve as indices and counts. */
export function isInteger(dtype: DType): boolean {
  return facts[dtype].integer;
}

/** Bytes one element takes. */
export function bytesPerElement(dtype: DType): number {
  return facts[dtype].bytes;
}

/** The short name that printed graphs and error messages use: `f32`, `i64`, `bool`. */
export function shortName(dtype: DType): string {
  return facts[dtype].short;
}

/** Zeroed memory for `length` elements of a dtype. */
export function allocate<D extends DType>(dtype: D, length: number): TypedArrays[D] {
  return facts[dtype].allocate(length) as TypedArrays[D];
}
