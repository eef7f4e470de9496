import { Random } from "@quire/tensor";

/** How batches are made of groups. */
export interface GroupBatchOptions {
  /** Members of each group. */
  readonly members: readonly (readonly number[])[];
  /** Places a batch. */
  readonly batchSize: number;
  /** Members of one group in a batch, at most. */
  readonly perGroup: number;
  /** Groups that each is told apart from. */
  readonly rivals?: readonly (readonly number[])[];
  /** How often a group brings one of them with it. */
  readonly rivalShare?: number;
  readonly seed: number;
}

/** The places of each group. */
export function membersOf(groups: ArrayLike<number>): number[][] {
  const members: number[][] = [];
  for (let place = 0; place < groups.length; place++) {
    const group = groups[place] as number;
    members[group] ??= [];
    members[group].push(place);
  }
  return members;
}

/** How many batches of whole size an epoch has; a group of many members comes several times. */
export function groupBatchCount({
  members,
  batchSize,
  perGroup,
}: Pick<GroupBatchOptions, "members" | "batchSize" | "perGroup">): number {
  const places = members.reduce(
    (sum, own) => sum + visitsOf(own, perGroup) * Math.min(perGroup, own.length),
    0,
  );
  return Math.max(1, Math.floor(places / batchSize));
}

/**
 * An epoch's batches: places of members of groups, `batchSize` each, the groups in random order. A batch holds a
 * group once, with two members at least where it has them, so that each finds another one.
 */
export function* groupBatches(
  options: GroupBatchOptions,
  epoch: number,
  start = 0,
): Generator<Int32Array, void, undefined> {
  const { members, batchSize } = options;
  const random = new Random(options.seed).fork("groups").fork(epoch);
  const source = visits(options, random);
  const count = groupBatchCount(options);
  let waiting: number[] = [];
  for (let batch = 0; batch < count; batch++) {
    const places: number[] = [];
    const inside = new Set<number>();
    const later: number[] = [];
    while (places.length < batchSize) {
      const group = waiting.shift() ?? (source.next().value as number);
      // Few groups make a batch that holds some of them twice.
      if (inside.has(group) && inside.size < members.length) {
        later.push(group);
        continue;
      }
      inside.add(group);
      places.push(
        ...drawn(members[group] ?? [], options.perGroup, batchSize - places.length, random),
      );
      const rival = rivalOf(group, options, random);
      if (rival !== undefined && !inside.has(rival)) waiting.unshift(rival);
    }
    waiting = [...later, ...waiting];
    if (batch >= start) yield Int32Array.from(places);
  }
}

/** Groups without end, each as often as its members need, in a new order each time. */
function* visits(
  { members, perGroup }: GroupBatchOptions,
  random: Random,
): Generator<number, never, undefined> {
  const all = members.flatMap((own, group) =>
    new Array<number>(visitsOf(own, perGroup)).fill(group),
  );
  for (;;) for (const place of random.permutation(all.length)) yield all[place] as number;
}

function visitsOf(members: readonly number[], perGroup: number): number {
  return Math.ceil(members.length / perGroup);
}

function drawn(
  members: readonly number[],
  perGroup: number,
  room: number,
  random: Random,
): number[] {
  const count = Math.min(perGroup, members.length, room);
  const order = random.permutation(members.length);
  return Array.from(order.subarray(0, count), (place) => members[place] as number);
}

function rivalOf(
  group: number,
  { rivals, rivalShare = 0 }: GroupBatchOptions,
  random: Random,
): number | undefined {
  const own = rivals?.[group] ?? [];
  if (own.length === 0 || rivalShare === 0) return undefined;
  const [luck, choice] = [random.uniform(), random.uniform()];
  return luck < rivalShare ? own[Math.floor(choice * own.length)] : undefined;
}
