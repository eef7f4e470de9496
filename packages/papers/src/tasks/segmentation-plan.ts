/** What a network for patches of a size looks like. */
export interface PoolingPlan {
  /** The patch, made larger until all strides divide it. */
  readonly patch: readonly number[];
  /** By how much each level is coarser than the one above, along each axis; the first is not. */
  readonly strides: readonly (readonly number[])[];
  /** Sizes of a window at each level. */
  readonly kernels: readonly (readonly number[])[];
}

/** The fewest places along an axis at the coarsest level. */
const SMALLEST = 4;

/**
 * Levels for a patch as nnU-Net plans them (Isensee et al. 2021, supplementary note 2): axes are halved while eight
 * places or more are left; only those whose places stand less than twice as far apart as the nearest ones; and windows
 * are one place wide along an axis until it is among these.
 */
export function poolingPlan(
  patch: readonly number[],
  spacing: readonly number[],
  { most = Number.POSITIVE_INFINITY } = {},
): PoolingPlan {
  const size = [...patch];
  const apart = [...spacing];
  const kernel = patch.map(() => 1);
  const strides: number[][] = [patch.map(() => 1)];
  const kernels: number[][] = [];
  while (strides.length <= most) {
    const halved = axesToHalve(size, apart);
    if (halved.length === 0) break;
    widen(kernel, apart);
    for (const axis of halved) {
      size[axis] = Math.ceil((size[axis] as number) / 2);
      apart[axis] = 2 * (apart[axis] as number);
    }
    strides.push(patch.map((_, axis) => (halved.includes(axis) ? 2 : 1)));
    kernels.push([...kernel]);
  }
  kernels.push(patch.map(() => 3));
  const divisors = patch.map((_, axis) =>
    strides.reduce((product, stride) => product * (stride[axis] as number), 1),
  );
  const whole = patch.map((length, axis) => {
    const divisor = divisors[axis] as number;
    return Math.ceil(length / divisor) * divisor;
  });
  return { patch: whole, strides, kernels };
}

function axesToHalve(size: readonly number[], apart: readonly number[]): number[] {
  const large = size.flatMap((length, axis) => (length >= 2 * SMALLEST ? [axis] : []));
  const nearest = Math.min(...large.map((axis) => apart[axis] as number));
  const halved = large.filter((axis) => (apart[axis] as number) / nearest < 2);
  const [only] = halved;
  const isThin = halved.length === 1 && (size[only as number] as number) < 3 * SMALLEST;
  return isThin ? [] : halved;
}

/** Windows become three places wide along axes whose places stand about as near as the nearest. */
function widen(kernel: number[], apart: readonly number[]): void {
  const nearest = Math.min(...apart);
  apart.forEach((distance, axis) => {
    if (distance / nearest < 2) kernel[axis] = 3;
  });
}

/** What a patch is planned from. */
export interface PatchOptions {
  /** The sizes of all cases along each axis of space. */
  readonly sizes: readonly (readonly number[])[];
  readonly spacing: readonly number[];
  /** The most places of a patch: what memory and time grow with. */
  readonly places: number;
}

/**
 * A patch as large as the middle of all cases and no larger than the budget, made smaller along the axis that is
 * largest beside the middle case, as nnU-Net does it, until it fits; divisible by its network's strides.
 */
export function patchFor({ sizes, spacing, places }: PatchOptions): number[] {
  const middle = spacing.map((_, axis) => median(sizes.map((size) => size[axis] as number)));
  const extent = middle.map((length, axis) => length * (spacing[axis] as number));
  // Begins as wide in space along all axes as the budget lets it be.
  const volume = spacing.reduce((product, distance) => product * distance, places);
  const side = volume ** (1 / spacing.length);
  const wanted = middle.map((length, axis) => {
    const isWhole = (extent[axis] as number) <= side;
    return isWhole ? length : Math.min(length, Math.round(side / (spacing[axis] as number)));
  });
  const grown = growInto(wanted, middle, places);
  const { patch } = poolingPlan(grown, spacing);
  return shrunk(patch, middle, { spacing, places });
}

/** What small axes leave of the budget goes to the others. */
function growInto(patch: readonly number[], middle: readonly number[], places: number): number[] {
  const grown = [...patch];
  const free = grown.flatMap((length, axis) => (length < (middle[axis] as number) ? [axis] : []));
  const used = grown.reduce((product, length) => product * length, 1);
  if (free.length === 0 || used >= places) return grown;
  const factor = (places / used) ** (1 / free.length);
  for (const axis of free) {
    const length = Math.floor((grown[axis] as number) * factor);
    grown[axis] = Math.min(middle[axis] as number, length);
  }
  return grown;
}

function shrunk(
  patch: readonly number[],
  middle: readonly number[],
  { spacing, places }: Pick<PatchOptions, "spacing" | "places">,
): number[] {
  let fitted = [...patch];
  const isOver = (): boolean => fitted.reduce((product, length) => product * length, 1) > places;
  while (isOver() && fitted.some((length) => length > SMALLEST)) {
    const shares = fitted.map((length, axis) =>
      length > SMALLEST ? length / (middle[axis] as number) : 0,
    );
    const axis = shares.indexOf(Math.max(...shares));
    const { strides } = poolingPlan(fitted, spacing);
    const divisor = strides.reduce((product, stride) => product * (stride[axis] as number), 1);
    const smaller = Math.max(SMALLEST, (fitted[axis] as number) - divisor);
    fitted = [...poolingPlan(fitted.with(axis, smaller), spacing).patch];
    if ((fitted[axis] as number) > smaller) fitted = fitted.with(axis, smaller);
  }
  return fitted;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
