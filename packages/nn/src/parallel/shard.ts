import {
  type Collectives,
  type HostTensor,
  hostTensor,
  type Initializer,
  type Shape,
  sizeOf,
  type Variable,
} from "@quire/tensor";

/** What part of a whole tensor a process's variable holds: a share of an axis, filled up with zeros at the end. */
export interface Shard {
  readonly group: Collectives;
  /** The axis that is divided. */
  readonly axis: 0 | 1;
  /** The whole tensor's shape. */
  readonly whole: Shape;
  /** Length of a process's share; the axis's, divided and rounded up, unless said. */
  readonly share?: number;
}

const shards = new WeakMap<Variable, Shard>();

/** Notes that a variable is a process's part of a whole; optimisers' moments of it are then parts too. */
export function markShard(variable: Variable, shard: Shard | undefined): void {
  if (shard) shards.set(variable, shard);
}

/** What part of a whole a variable is, if processes divide it. */
export function shardOf(variable: Variable): Shard | undefined {
  return shards.get(variable);
}

/** The shape of a process's part. */
export function partShape(shard: Shard): Shape {
  return shard.whole.map((size, i) => (i === shard.axis ? shareOf(shard) : size));
}

function shareOf({ group, axis, whole, share }: Shard): number {
  return share ?? Math.ceil((whole[axis] as number) / group.size);
}

/** Fills a process's part as the whole would be filled. */
export function partOfInitial(shard: Shard, initial: Initializer): Initializer {
  return (data, _, random) => {
    const whole = new Float32Array(sizeOf(shard.whole));
    initial(whole, shard.whole, random);
    data.set(partOfWhole(shard, whole));
  };
}

/** The values of a process's part, from those of the whole. */
export function partOfWhole(shard: Shard, values: Float32Array): Float32Array {
  const part = new Float32Array(sizeOf(partShape(shard)));
  copyRows(shard, shard.group.rank, (from, to, length) => {
    part.set(values.subarray(from, from + length), to);
  });
  return part;
}

/** The whole tensor, from every process's part; all of the processes call it. */
export async function wholeOf(shard: Shard, value: HostTensor): Promise<HostTensor> {
  const own = value.data as Float32Array;
  const parts = new Float32Array(own.length * shard.group.size);
  await shard.group.allGather(own, parts);
  const whole = new Float32Array(sizeOf(shard.whole));
  for (let rank = 0; rank < shard.group.size; rank++) {
    const part = parts.subarray(rank * own.length, (rank + 1) * own.length);
    copyRows(shard, rank, (to, from, length) => {
      whole.set(part.subarray(from, from + length), to);
    });
  }
  return hostTensor(whole, shard.whole);
}

/** Names the stretches that a process's part has of the whole: where in the whole, where in the part, how long. */
function copyRows(
  shard: Shard,
  rank: number,
  copy: (inWhole: number, inPart: number, length: number) => void,
): void {
  const { axis, whole } = shard;
  const size = whole[axis] as number;
  const share = shareOf(shard);
  const inner = sizeOf(whole.slice(axis + 1));
  const length = Math.min(share, size - rank * share) * inner;
  if (length <= 0) return;
  for (let row = 0; row < sizeOf(whole.slice(0, axis)); row++) {
    copy((row * size + rank * share) * inner, row * share * inner, length);
  }
}
