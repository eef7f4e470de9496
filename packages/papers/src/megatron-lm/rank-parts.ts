import { type HostTensor, hostTensor, QuireError, sizeOf } from "@quire/tensor";
import type { State } from "../official-weights.ts";

/** Before the checkpoints' third version of it, the parts of a matrix stood in other orders. */
export type Order = "part, head, row" | "head, row, part" | "head, part, row";

/**
 * The order of a checkpoint's version.
 *
 * @throws QuireError when there is no such version.
 */
export function orderOf(version: number): Order {
  if (version === 0) return "part, head, row";
  if (version === 1) return "head, row, part";
  if (version >= 2) return "head, part, row";
  throw new QuireError(
    `Checkpoint version ${version} is not known: give the checkpoint_version of the file, 0, 1, 2 or 3.`,
  );
}

const QKV = "query_key_value";
const three = ["query", "key", "value"] as const;

/** Where a row of a part stands in a fused matrix. */
function rowIn(order: Order, sizes: { heads: number; width: number }) {
  const { heads, width } = sizes;
  return (part: number, head: number, row: number): number => {
    if (order === "part, head, row") return (part * heads + head) * width + row;
    if (order === "head, row, part") return (head * width + row) * three.length + part;
    return (head * three.length + part) * width + row;
  };
}

/** Fused matrices of some heads cut into queries, keys and values. */
export function cutQkv(state: State, heads: number, order: Order): Map<string, HostTensor> {
  const cut = new Map<string, HostTensor>();
  for (const [name, value] of state) {
    const rows = value.shape[0] ?? 0;
    // What does not divide is left as it is, and named when the whole is compared.
    if (!name.includes(`.${QKV}.`) || rows % (three.length * heads) !== 0) cut.set(name, value);
    else {
      three.forEach((part, i) => {
        cut.set(name.replace(QKV, `${QKV}(${part})`), partRows(value, i, heads, order));
      });
    }
  }
  return cut;
}

function partRows(whole: HostTensor, part: number, heads: number, order: Order): HostTensor {
  const [rows = 0, ...rest] = whole.shape;
  const width = rows / (three.length * heads);
  const inner = sizeOf(rest);
  const place = rowIn(order, { heads, width });
  const source = whole.data as Float32Array;
  const data = new Float32Array(heads * width * inner);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < width; row++) {
      const from = place(part, head, row) * inner;
      data.set(source.subarray(from, from + inner), (head * width + row) * inner);
    }
  }
  return hostTensor(data, [heads * width, ...rest]);
}

/** Queries, keys and values of some heads, in one matrix again. */
export function fusedQkv(state: State, heads: number, order: Order): Map<string, HostTensor> {
  const fused = new Map<string, HostTensor>();
  for (const [name, value] of state) {
    if (!name.includes(`${QKV}(`)) fused.set(name, value);
    if (!name.includes(`${QKV}(query)`)) continue;
    const [rows = 0, ...rest] = value.shape;
    const [width, inner] = [rows / heads, sizeOf(rest)];
    const place = rowIn(order, { heads, width });
    const data = new Float32Array(three.length * rows * inner);
    three.forEach((part, i) => {
      const own = state.get(name.replace("(query)", `(${part})`))?.data as Float32Array;
      for (let row = 0; row < rows; row++) {
        const to = place(i, Math.floor(row / width), row % width) * inner;
        data.set(own.subarray(row * inner, (row + 1) * inner), to);
      }
    });
    fused.set(name.replace("(query)", ""), hostTensor(data, [three.length * rows, ...rest]));
  }
  return fused;
}

/** The first rows, with rows of zeros after them where there are fewer. */
export function firstRows(value: HostTensor, rows: number): HostTensor {
  const [, ...rest] = value.shape;
  const data = new Float32Array(rows * sizeOf(rest));
  data.set((value.data as Float32Array).subarray(0, data.length));
  return hostTensor(data, [rows, ...rest]);
}

/** A stretch of an axis of a vector or a matrix. */
export function sliced(value: HostTensor, axis: 0 | 1, from: number, length: number): HostTensor {
  const source = value.data as Float32Array;
  const [rows = 0, ...rest] = value.shape;
  if (axis === 0) {
    const inner = sizeOf(rest);
    return hostTensor(source.slice(from * inner, (from + length) * inner), [length, ...rest]);
  }
  const columns = rest[0] as number;
  const data = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const start = row * columns + from;
    data.set(source.subarray(start, start + length), row * length);
  }
  return hostTensor(data, [rows, length]);
}

/** Vectors or matrices side by side along an axis. */
export function concatenated(values: readonly HostTensor[], axis: 0 | 1): HostTensor {
  const [first] = values as [HostTensor];
  const sizes = values.map(({ shape }) => shape[axis] as number);
  const whole = first.shape.with(
    axis,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const outer = axis === 0 ? 1 : (first.shape[0] as number);
  const data = new Float32Array(sizeOf(whole));
  let at = 0;
  for (let row = 0; row < outer; row++) {
    for (const { data: own } of values) {
      const length = own.length / outer;
      data.set((own as Float32Array).subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  }
  return hostTensor(data, whole);
}
