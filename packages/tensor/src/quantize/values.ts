// N outputs, K inputs, a weight is [N, K]

import { HostTensor, toFloat16Bits } from "../host.ts";
import { sizeOf } from "../shape.ts";

/** Values in 8 bits with a sign, held as bytes, and what each row of them is multiplied by. */
export interface SignedBytes {
  readonly bytes: HostTensor<"uint8">;
  readonly scales: HostTensor<"float32">;
}

const LARGEST_BYTE = 127;

/** Each row of the first axis divided by its own scale and rounded; nothing is moved, so 0 stays 0. */
export function signedBytes({ shape, data }: HostTensor<"float32">): SignedBytes {
  const [rows = 1] = shape;
  const width = data.length / rows;
  const bytes = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * width, (row + 1) * width];
    const scale = Math.abs(farthest(data, start, end)) / LARGEST_BYTE;
    scales[row] = scale;
    for (let i = start; i < end; i++) bytes[i] = scaled(data[i] as number, scale);
  }
  return { bytes: asBytes(bytes, shape), scales: new HostTensor("float32", [rows], scales) };
}

/** Exchanges rows and columns. `[N, K] -> [K, N]` */
export function transposedBytes({ shape, data }: HostTensor<"uint8">): HostTensor<"uint8"> {
  const [rows, columns] = shape as readonly [number, number];
  const turned = new Uint8Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return new HostTensor("uint8", [columns, rows], turned);
}

/** Weights in blocks of inputs: `packed [N, blocks, bytes of a block]`, `scales [N blocks]`. */
export interface PackedBlocks {
  readonly packed: HostTensor<"uint8">;
  readonly scales: HostTensor<"float32">;
}

/**
 * Each block of a row divided by its own scale and rounded to whole numbers around the middle of its bits. The
 * value farthest from 0 becomes the lowest number, of which there is one more than of the others.
 */
export function packedBlocks(
  { shape, data }: HostTensor<"float32">,
  bits: 4 | 8,
  size: number,
): PackedBlocks {
  const [rows, columns] = shape as readonly [number, number];
  const count = Math.ceil(columns / size);
  const bytes = (size * bits) / 8;
  const middle = 2 ** (bits - 1);
  const packed = new Uint8Array(rows * count * bytes);
  const scales = new Float32Array(rows * count);
  for (let block = 0; block < rows * count; block++) {
    const start = Math.floor(block / count) * columns + (block % count) * size;
    const end = Math.min(start + size, (Math.floor(block / count) + 1) * columns);
    const scale = -farthest(data, start, end) / middle;
    scales[block] = scale;
    for (let i = 0; i < size; i++) {
      const value = start + i < end ? scaled(data[start + i] as number, scale) : 0;
      const number = Math.min(Math.max(value + middle, 0), 2 * middle - 1);
      const at = block * bytes + (bits === 8 ? i : i >> 1);
      packed[at] = (packed[at] as number) | (bits === 4 && i % 2 === 1 ? number << 4 : number);
    }
  }
  return {
    packed: new HostTensor("uint8", [rows, count, bytes], packed),
    scales: new HostTensor("float32", [rows * count], scales),
  };
}

/** Values in 16 bits. */
export function halved({ shape, data }: HostTensor<"float32">): HostTensor<"float16"> {
  const bits = new Uint16Array(sizeOf(shape));
  for (let i = 0; i < bits.length; i++) bits[i] = toFloat16Bits(data[i] as number);
  return new HostTensor("float16", shape, bits);
}

/** The scale and zero point of bytes without a sign that reach from one number to another, and hold 0. */
export function byteRange([least, largest]: readonly [number, number]): {
  readonly scale: number;
  readonly zero: number;
} {
  const [low, high] = [Math.min(least, 0), Math.max(largest, 0)];
  const scale = (high - low || 1) / 255;
  return { scale, zero: Math.round(-low / scale) };
}

/** The value farthest from 0, with its sign. */
function farthest(data: Float32Array, start: number, end: number): number {
  let found = 0;
  for (let i = start; i < end; i++) {
    if (Math.abs(data[i] as number) > Math.abs(found)) found = data[i] as number;
  }
  return found;
}

function scaled(value: number, scale: number): number {
  return scale === 0 ? 0 : Math.round(value / scale);
}

function asBytes(values: Int8Array, shape: readonly number[]): HostTensor<"uint8"> {
  return new HostTensor("uint8", shape, new Uint8Array(values.buffer));
}
