import {
  bytesPerElement,
  type DType,
  HostTensor,
  hostTensor,
  QuireError,
  sizeOf,
  type TypedArray,
} from "@quire/tensor";

/** Tensors by name, as a file of weights holds them. */
export type NamedTensors = ReadonlyMap<string, HostTensor>;

/** What a safetensors file holds: tensors, and texts about them. */
export interface SafetensorsContent {
  readonly tensors: NamedTensors;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where a tensor stands in the data behind the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the header says. */
export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes in front of the header, which hold its length. */
export const LENGTH_BYTES = 8;
/** The longest header that readers accept. */
const LONGEST_HEADER = 100_000_000;

/** In the order that tensors stand in, the reference implementation's, where every type stands aligned. */
const typeOf: Readonly<Record<DType, string>> = {
  int64: "I64",
  float32: "F32",
  int32: "I32",
  float16: "F16",
  uint8: "U8",
  bool: "BOOL",
};
const order = Object.keys(typeOf);
const dtypeOf = new Map(Object.entries(typeOf).map(([dtype, type]) => [type, dtype as DType]));

/** Writes tensors as the bytes of a safetensors file. */
export function writeSafetensors(content: SafetensorsContent): Uint8Array {
  const chunks = [...safetensorsChunks(content)];
  const bytes = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * The same bytes in pieces, without a copy of the tensors. Tensors stand by type, then by name: equal content gives
 * equal bytes, those of the reference implementation.
 */
export function* safetensorsChunks(content: SafetensorsContent): Generator<Uint8Array> {
  const sorted = [...content.tensors].sort(
    ([a, { dtype: left }], [b, { dtype: right }]) =>
      order.indexOf(left) - order.indexOf(right) || compare(a, b),
  );
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const texts = Object.entries(content.metadata ?? {}).sort(([a], [b]) => compare(a, b));
  if (texts.length > 0) header["__metadata__"] = Object.fromEntries(texts);
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === "__metadata__") {
      throw new QuireError('safetensors: no tensor can be called "__metadata__"; rename it.');
    }
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: typeOf[dtype], shape, data_offsets: [begin, end] };
  }
  yield headerBytes(JSON.stringify(header));
  for (const [, { data }] of sorted) {
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The header behind its length, filled with blanks until the data stands aligned. */
function headerBytes(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}

/**
 * Reads a safetensors file. Tensors share the bytes' memory where they stand aligned; bfloat16 becomes float32.
 *
 * @throws QuireError when the bytes are no such file, or hold a type that tensors cannot have.
 */
export function readSafetensors(bytes: Uint8Array): Required<SafetensorsContent> {
  const start = LENGTH_BYTES + headerLength(bytes, bytes.length);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start), bytes.length - start);
  const tensors = header.entries.map((entry): [string, HostTensor] => {
    const { name, begin, end } = entry;
    return [name, tensorOf(entry, bytes.subarray(start + begin, start + end))];
  });
  return { tensors: new Map(tensors), metadata: header.metadata };
}

/** The header's length from the file's first bytes. */
export function headerLength(bytes: Uint8Array, fileLength: number): number {
  if (bytes.length < LENGTH_BYTES) refuse(`it has ${fileLength} bytes, too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > LONGEST_HEADER || LENGTH_BYTES + Number(length) > fileLength) {
    refuse(`its header would take ${length} bytes, the file has ${fileLength}`);
  }
  return Number(length);
}

function refuse(why: string): never {
  throw new QuireError(`This is not a whole safetensors file: ${why}.`);
}

/** Reads and checks the header of a file with so many bytes of data. */
export function parseHeader(bytes: Uint8Array, dataLength: number): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...tensors } = parseJson(bytes);
  if (!isRecord(metadata) || Object.values(metadata).some((text) => typeof text !== "string")) {
    refuse("its metadata are not texts");
  }
  const entries = Object.entries(tensors).map(([name, entry]) => entryOf(name, entry));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const relation =
        entry.begin < end ? "overlaps the tensor before it" : "leaves a gap before it";
      refuse(`"${entry.name}" at byte ${entry.begin} ${relation}, which ends at ${end}`);
    }
    end = entry.end;
  }
  if (end !== dataLength) refuse(`its tensors take ${end} bytes, the file holds ${dataLength}`);
  return { entries, metadata: metadata as Record<string, string> };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    refuse("its header is no JSON");
  }
  return isRecord(value) ? value : refuse("its header is no JSON object");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entryOf(name: string, entry: unknown): SafetensorsEntry {
  const { dtype: type, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  const isEntry =
    typeof type === "string" && isSizes(shape) && isSizes(offsets) && offsets.length === 2;
  if (!isEntry) return refuse(`the header's entry of "${name}" is malformed`);
  const [begin, end] = offsets as [number, number];
  const size = type === "BF16" ? 2 : elementBytes(name, type);
  if (end - begin !== sizeOf(shape) * size) {
    const wanted = sizeOf(shape) * size;
    refuse(`"${name}" ${type} [${shape.join(", ")}] needs ${wanted} bytes, has ${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function elementBytes(name: string, type: string): number {
  const dtype = dtypeOf.get(type);
  if (dtype) return bytesPerElement(dtype);
  const known = [...dtypeOf.keys(), "BF16"].join(", ");
  throw new QuireError(
    `safetensors: "${name}" is of type ${type}; only ${known} can be read: convert it first.`,
  );
}

/** An entry's tensor from its bytes. */
export function tensorOf({ type, shape }: SafetensorsEntry, bytes: Uint8Array): HostTensor {
  const dtype = dtypeOf.get(type);
  if (!dtype) return fromBfloat16(aligned("float16", bytes) as Uint16Array, shape);
  return new HostTensor(dtype, shape, aligned(dtype, bytes));
}

/** The bytes as an array of a dtype, copied if they do not stand aligned. */
function aligned(dtype: DType, bytes: Uint8Array): TypedArray {
  const kind = hostTensor([], [0], dtype).data.constructor as new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => TypedArray;
  const size = bytesPerElement(dtype);
  const view = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new kind(view.buffer, view.byteOffset, view.byteLength / size);
}

/** A bfloat16 pattern is the upper half of a float32's. */
function fromBfloat16(patterns: Uint16Array, shape: readonly number[]): HostTensor {
  const bits = Uint32Array.from(patterns, (pattern) => pattern * 0x10000);
  return hostTensor(new Float32Array(bits.buffer), shape);
}
