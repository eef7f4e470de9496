import { allocate, type DType, type TypedArray, type TypedArrays } from "./dtype.ts";
import { QuireError } from "./errors.ts";
import { type Shape, sizeOf, type TensorType, typeText } from "./shape.ts";

/** Values in memory: a dtype, a shape and a row-major array of as many elements. */
export class HostTensor<D extends DType = DType> implements TensorType {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: TypedArrays[D];

  constructor(dtype: D, shape: Shape, data: TypedArrays[D]) {
    if (data.length !== sizeOf(shape)) {
      throw new QuireError(
        `hostTensor: ${typeText({ dtype, shape })} needs ${sizeOf(shape)} values, got ${data.length}.`,
      );
    }
    this.dtype = dtype;
    this.shape = [...shape];
    this.data = data;
  }

  /** The only value of a tensor with one element. */
  item(): number {
    if (this.data.length !== 1) {
      throw new QuireError(`item: ${typeText(this)} has ${this.data.length} values, not one.`);
    }
    return Number(this.data[0]);
  }

  /** The values as ordinary numbers, row-major; float16 patterns are decoded. */
  toArray(): number[] {
    if (this.dtype === "float16") return Array.from(this.data as Uint16Array, fromFloat16Bits);
    return Array.from(this.data as ArrayLike<number | bigint>, Number);
  }
}

/**
 * Wraps values as a tensor. Plain numbers are converted to the dtype (float32 unless said); a typed array
 * is used as it stands, without a copy, its kind giving the dtype.
 *
 * @throws QuireError when the count of values differs from the shape's.
 */
export function hostTensor(data: TypedArray, shape?: Shape): HostTensor;
export function hostTensor<D extends DType>(
  data: readonly number[] | number | TypedArrays[D],
  shape: Shape,
  dtype: D,
): HostTensor<D>;
export function hostTensor(data: readonly number[] | number, shape?: Shape): HostTensor<"float32">;
export function hostTensor(
  data: readonly number[] | number | TypedArray,
  shape?: Shape,
  dtype?: DType,
): HostTensor {
  if (typeof data === "number") return fromNumbers([data], shape ?? [], dtype ?? "float32");
  if (Array.isArray(data)) return fromNumbers(data, shape ?? [data.length], dtype ?? "float32");
  const values = data as TypedArray;
  const kind = dtype ?? dtypeOfArray(values);
  if (allocate(kind, 0).constructor !== values.constructor) {
    throw new QuireError(`hostTensor: a ${values.constructor.name} cannot hold ${kind} values.`);
  }
  return new HostTensor(kind, shape ?? [values.length], values);
}

function dtypeOfArray(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Uint8Array) return "uint8";
  return "float16";
}

function fromNumbers(values: readonly number[], shape: Shape, dtype: DType): HostTensor {
  const data = allocate(dtype, values.length);
  if (dtype === "int64") {
    values.forEach((value, i) => {
      (data as BigInt64Array)[i] = BigInt(Math.trunc(value));
    });
  } else {
    const encode = dtype === "float16" ? toFloat16Bits : (value: number): number => value;
    values.forEach((value, i) => {
      (data as Float32Array)[i] = encode(value);
    });
  }
  return new HostTensor(dtype, shape, data);
}

const floatView = new Float32Array(1);
const bitView = new Uint32Array(floatView.buffer);

/** The 16-bit IEEE 754 pattern nearest to a number, ties to even. */
export function toFloat16Bits(value: number): number {
  floatView[0] = value;
  const bits = bitView[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) {
    const isNaNPattern = exponent === 143 && fraction !== 0;
    return sign | 0x7c00 | (isNaNPattern ? 0x200 : 0);
  }
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    return sign | roundShift(fraction | 0x800000, 14 - exponent);
  }
  return sign | roundShift((exponent << 23) | fraction, 13);
}

function roundShift(value: number, shift: number): number {
  const half = 2 ** (shift - 1);
  const quotient = Math.floor(value / 2 ** shift);
  const rest = value - quotient * 2 ** shift;
  return rest > half || (rest === half && quotient % 2 === 1) ? quotient + 1 : quotient;
}

/** The number that a 16-bit IEEE 754 pattern stands for. */
export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
