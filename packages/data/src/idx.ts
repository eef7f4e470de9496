import { DataError } from "./errors.ts";

/** What an idx file holds: unsigned bytes, row-major. */
export interface IdxContent {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads the idx format of MNIST: two zero bytes, a type, the number of axes, each axis as four bytes with the
 * highest first, then the values.
 *
 * @param name what errors call the file.
 * @throws DataError when the bytes are not an idx file of unsigned bytes with as many axes as asked, or the
 * file is cut off or too long.
 */
export function parseIdx(bytes: Uint8Array, name: string, axes: number): IdxContent {
  const header = 4 + 4 * axes;
  if (bytes.length < header) {
    throw new DataError(
      `${name}: the file has ${bytes.length} bytes, too few for an idx header of ${header}: get it again.`,
    );
  }
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTE || bytes[3] !== axes) {
    const found = Array.from(bytes.subarray(0, 4), hex).join(" ");
    const wanted = [0, 0, UNSIGNED_BYTE, axes].map(hex).join(" ");
    throw new DataError(
      `${name}: the file starts with ${found} instead of ${wanted}: it is not an unpacked idx file of ` +
        `bytes with ${axes} ${axes === 1 ? "axis" : "axes"}.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const wanted = shape.reduce((product, length) => product * length, 1);
  const found = bytes.length - header;
  if (found !== wanted) {
    throw new DataError(
      `${name}: the header promises ${shape.join(" x ")} values, but the file holds ${found}: ` +
        "it is damaged, get it again.",
    );
  }
  return { shape, data: bytes.subarray(header) };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
