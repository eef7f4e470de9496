import { crc32, deflateSync } from "node:zlib";

/** A PNG of red, green and blue bytes, made without a library so that it is there at once. `[H, W, 3]` */
export function pngBytes(width: number, height: number, pixels: ArrayLike<number>): Uint8Array {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < 3 * width; i++)
      rows[y * (1 + 3 * width) + 1 + i] = Number(pixels[y * 3 * width + i]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a channel, colours without opacity.
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A picture of a bright square on noise, and its mask. */
export function squarePicture(
  size: number,
  place: number,
): { readonly image: Uint8Array; readonly mask: Uint8Array } {
  const [image, mask] = [new Uint8Array(3 * size * size), new Uint8Array(3 * size * size)];
  const side = Math.floor(size / 3);
  for (let i = 0; i < size * size; i++) {
    const [x, y] = [i % size, Math.floor(i / size)];
    const isInside = x >= place && x < place + side && y >= place && y < place + side;
    // Noise that is the same each time.
    const noise = ((i * 7919 + place * 104_729) % 60) + (isInside ? 150 : 0);
    image.fill(noise, 3 * i, 3 * i + 3);
    mask.fill(isInside ? 255 : 0, 3 * i, 3 * i + 3);
  }
  return { image: pngBytes(size, size, image), mask: pngBytes(size, size, mask) };
}

/** A NIfTI-1 volume of 16-bit integers, `[D, H, W]`. */
export function niftiBytes(
  [depth, height, width]: readonly [number, number, number],
  values: ArrayLike<number>,
): Uint8Array {
  const bytes = Buffer.alloc(352 + 2 * depth * height * width);
  bytes.writeInt32LE(348, 0);
  [3, width, height, depth, 1, 1, 1, 1].forEach((length, i) => {
    bytes.writeInt16LE(length, 40 + 2 * i);
  });
  bytes.writeInt16LE(4, 70);
  bytes.writeInt16LE(16, 72);
  [1, 1, 1, 2].forEach((distance, i) => {
    bytes.writeFloatLE(distance, 76 + 4 * i);
  });
  bytes.writeFloatLE(352, 108);
  bytes.writeFloatLE(1, 112);
  bytes.write("n+1\0", 344, "latin1");
  for (let i = 0; i < depth * height * width; i++) {
    bytes.writeInt16LE(Number(values[i]), 352 + 2 * i);
  }
  return bytes;
}

/** A volume with a bright cube, and its mask, in which the cube is 7. */
export function cubeVolume(size: number, place: number) {
  const [values, labels]: [number[], number[]] = [[], []];
  const side = Math.floor(size / 2);
  const isIn = (at: number): boolean => at >= place && at < place + side;
  for (let i = 0; i < size ** 3; i++) {
    const [x, y, z] = [i % size, Math.floor(i / size) % size, Math.floor(i / size ** 2)];
    const isInside = isIn(x) && isIn(y) && isIn(z);
    values.push(((i * 7919) % 60) + (isInside ? 150 : 0));
    labels.push(isInside ? 7 : 0);
  }
  const shape = [size, size, size] as const;
  return { image: niftiBytes(shape, values), mask: niftiBytes(shape, labels) };
}
