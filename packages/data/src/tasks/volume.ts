import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { ownBuffer } from "../own-buffer.ts";

/** A volume of voxels in the order in which NIfTI stores them: x fastest, then y, then z. */
export interface Volume {
  /** Voxels along z, y and x, and before them the number of volumes where there is more than one. */
  readonly shape: readonly number[];
  /** Values scaled as the header says, `[D, H, W]`. */
  readonly values: Float32Array;
  /** Millimetres between voxels along z, y and x. */
  readonly spacing: readonly number[];
}

interface Header {
  readonly dims: readonly number[];
  readonly pixDims: readonly number[];
  readonly datatypeCode: number;
  readonly littleEndian: boolean;
  readonly scl_slope: number;
  readonly scl_inter: number;
}

type Getter = (view: DataView, at: number, little: boolean) => number;

/** How values of NIfTI's type codes are read: how many bytes one takes, and its value. */
const readers = new Map<number, readonly [number, Getter]>([
  [2, [1, (view, at) => view.getUint8(at)]],
  [256, [1, (view, at) => view.getInt8(at)]],
  [4, [2, (view, at, little) => view.getInt16(at, little)]],
  [512, [2, (view, at, little) => view.getUint16(at, little)]],
  [8, [4, (view, at, little) => view.getInt32(at, little)]],
  [768, [4, (view, at, little) => view.getUint32(at, little)]],
  [16, [4, (view, at, little) => view.getFloat32(at, little)]],
  [64, [8, (view, at, little) => view.getFloat64(at, little)]],
]);

/**
 * Reads NIfTI-1 or NIfTI-2 in one file (`.nii`), packed by gzip or not.
 *
 * @param name what errors call the file.
 * @throws DataError when the bytes are no NIfTI, are cut off, or hold values of a type that is not read.
 */
export async function parseNifti(bytes: Uint8Array, name: string): Promise<Volume> {
  if (bytes.length === 0) throw new DataError(`${name} is empty: get it again.`);
  const nifti = await import("nifti-reader-js");
  const packed = ownBuffer(bytes);
  const content = nifti.isCompressed(packed) ? await unpack(packed, name) : packed;
  if (!nifti.isNIFTI(content)) {
    throw new DataError(`${name} is no NIfTI volume: convert it to .nii or .nii.gz.`);
  }
  const header = nifti.readHeader(content);
  return readVoxels(header, nifti.readImage(header, content), name);
}

async function unpack(packed: ArrayBuffer, name: string): Promise<ArrayBuffer> {
  try {
    // The platform's own stream checks the checksum, which the reader's library does not.
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).arrayBuffer();
  } catch (cause) {
    throw new DataError(`${name} is a damaged gzip file: get it again.`, { cause });
  }
}

function readVoxels(header: Header, image: ArrayBuffer, name: string): Volume {
  const { dims, pixDims, datatypeCode, littleEndian } = header;
  const axes = Math.max(3, dims[0] ?? 0);
  const lengths = Array.from({ length: axes }, (_, axis) => Math.max(1, dims[axis + 1] ?? 1));
  while (lengths.length > 3 && lengths.at(-1) === 1) lengths.pop();
  const reader = readers.get(datatypeCode);
  if (!reader) {
    throw new DataError(
      `${name} holds values of NIfTI's type ${datatypeCode}, which is not read: convert it to integers or float32.`,
    );
  }
  const [size, get] = reader;
  const count = lengths.reduce((product, length) => product * length, 1);
  if (image.byteLength < count * size) {
    throw new DataError(
      `${name} is cut off: ${lengths.join(" x ")} voxels take ${count * size} bytes, and it holds ` +
        `${image.byteLength}; get it again.`,
    );
  }
  const view = new DataView(image);
  const slope = Number.isFinite(header.scl_slope) && header.scl_slope !== 0 ? header.scl_slope : 1;
  const shift = Number.isFinite(header.scl_inter) ? header.scl_inter : 0;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = get(view, i * size, littleEndian) * slope + shift;
  const spacing = [3, 2, 1].map((axis) => Math.abs(pixDims[axis] ?? 1));
  return { shape: lengths.reverse(), values, spacing };
}

/** Where a header says what, by its version: offsets, and how its lengths and factors are written. */
const fields = {
  1: { dim: 40, dimBytes: 2, datatype: 70, bitpix: 72, offset: 108, slope: 112, factorBytes: 4 },
  2: { dim: 16, dimBytes: 8, datatype: 12, bitpix: 14, offset: 168, slope: 176, factorBytes: 8 },
} as const;
const INT16 = 4;

/**
 * A volume of classes as a NIfTI file, packed by gzip, with the header of another: it stands where that one stands in
 * space. `[D, H, W]`
 *
 * @param like the bytes of the file whose header is taken, which must have been read before.
 */
export async function niftiLike(like: Uint8Array, labels: ArrayLike<number>): Promise<Uint8Array> {
  const nifti = await import("nifti-reader-js");
  const packed = ownBuffer(like);
  const content = nifti.isCompressed(packed) ? await unpack(packed, "the volume") : packed;
  const { littleEndian: little } = nifti.readHeader(content) as Header;
  const old = new DataView(content);
  const at = fields[[348, 540].indexOf(old.getInt32(0, little)) === 1 ? 2 : 1];
  const isLong = at.dimBytes === 8;
  const start = isLong
    ? Number(old.getBigInt64(at.offset, little))
    : Math.max(352, old.getFloat32(at.offset, little));
  const bytes = new Uint8Array(start + 2 * labels.length);
  bytes.set(new Uint8Array(content, 0, start));
  const view = new DataView(bytes.buffer);
  const setLength = (place: number, length: number): void => {
    const where = at.dim + place * at.dimBytes;
    if (isLong) view.setBigInt64(where, BigInt(length), little);
    else view.setInt16(where, length, little);
  };
  setLength(0, 3);
  for (let axis = 4; axis <= 7; axis++) setLength(axis, 1);
  view.setInt16(at.datatype, INT16, little);
  view.setInt16(at.bitpix, 16, little);
  for (const [i, factor] of [1, 0].entries()) {
    const where = at.slope + i * at.factorBytes;
    if (isLong) view.setFloat64(where, factor, little);
    else view.setFloat32(where, factor, little);
  }
  for (let i = 0; i < labels.length; i++) view.setInt16(start + 2 * i, labels[i] as number, little);
  return await pack(bytes);
}

async function pack(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A volume and the class of each of its voxels. */
export interface VolumePair {
  readonly name: string;
  readonly image: Volume;
  readonly mask: Volume;
}

/** Volumes and their masks. Format: a folder of `.nii` or `.nii.gz` images and one of masks of the same names. */
export interface VolumeSegmentationData {
  readonly volumes: readonly VolumePair[];
  /** The values that masks hold, sorted: a class each. */
  readonly classes: readonly number[];
  readonly size: number;
  describe(): string;
}

/**
 * Volumes with their masks.
 *
 * @throws DataError when there is none, or a mask is of another shape than its image or holds other values than
 * whole numbers.
 */
export function volumeSegmentation(volumes: readonly VolumePair[]): VolumeSegmentationData {
  if (volumes.length === 0) throw new DataError("there are no volumes: add images and masks.");
  const seen = new Set<number>();
  for (const { name, image, mask } of volumes) {
    if (image.shape.join() !== mask.shape.join()) {
      throw new DataError(
        `${name}: the image has ${image.shape.join(" x ")} voxels, but its mask ${mask.shape.join(" x ")}: use a mask on ` +
          "the image's own grid.",
      );
    }
    for (const value of mask.values) {
      if (seen.has(value)) continue;
      if (!Number.isInteger(value)) {
        throw new DataError(
          `${name}: the mask holds ${value}, and classes are whole numbers: correct it.`,
        );
      }
      seen.add(value);
    }
  }
  const classes = [...seen].sort((a, b) => a - b);
  const shapes = new Set(volumes.map(({ image }) => image.shape.join(" x ")));
  const describe = (): string =>
    `${counted(volumes.length, "volume")} of ${[...shapes].join(", ")} voxels in ` +
    counted(classes.length, "class");
  return { volumes, classes, size: volumes.length, describe };
}
