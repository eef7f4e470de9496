// K classes

/** How many places of each class were found, missed and wrongly said. */
export class Overlap {
  readonly both: Float64Array;
  readonly said: Float64Array;
  readonly wanted: Float64Array;

  /** @param classes How many classes there are. */
  constructor(classes: number) {
    this.both = new Float64Array(classes);
    this.said = new Float64Array(classes);
    this.wanted = new Float64Array(classes);
  }

  /** Counts places: what was said of each, and what each is. */
  add(said: ArrayLike<number>, wanted: ArrayLike<number>): void {
    for (let i = 0; i < said.length; i++) {
      const [one, other] = [said[i] as number, wanted[i] as number];
      this.said[one] = (this.said[one] as number) + 1;
      this.wanted[other] = (this.wanted[other] as number) + 1;
      if (one === other) this.both[one] = (this.both[one] as number) + 1;
    }
  }

  /** Dice's coefficient of a class, 2 |A ∩ B| / (|A| + |B|); no number where it is neither said nor there. */
  dice(label: number): number {
    const all = (this.said[label] as number) + (this.wanted[label] as number);
    return all === 0 ? Number.NaN : (2 * (this.both[label] as number)) / all;
  }

  /** Intersection over union of a class; no number where it is neither said nor there. */
  iou(label: number): number {
    const both = this.both[label] as number;
    const union = (this.said[label] as number) + (this.wanted[label] as number) - both;
    return union === 0 ? Number.NaN : both / union;
  }
}

/** Where shapes stand: how many places there are along each axis, and how far apart they are. */
export interface Grid {
  readonly size: readonly number[];
  /** In any unit; 1 along each axis unless said. */
  readonly spacing?: readonly number[];
}

/**
 * The distance between the borders of two shapes that a share of the borders' places do not exceed, the larger of both
 * directions: 1 is Hausdorff's distance, .95 the usual robust one. No number where one of them is empty.
 *
 * @param first whether each place belongs to the one shape; `second` likewise to the other.
 */
export function borderDistance(
  first: ArrayLike<unknown>,
  second: ArrayLike<unknown>,
  { share = 1, ...grid }: Grid & { readonly share?: number },
): number {
  const [one, other] = [bordersOf(first, grid.size), bordersOf(second, grid.size)];
  if (one.length === 0 || other.length === 0) return Number.NaN;
  const there = reached(one, distancesFrom(other, grid), share);
  return Math.max(there, reached(other, distancesFrom(one, grid), share));
}

/** The distance that a share of places do not exceed. */
function reached(places: readonly number[], distances: Float64Array, share: number): number {
  const found = places.map((place) => distances[place] as number).sort((a, b) => a - b);
  return found[Math.min(found.length - 1, Math.ceil(share * found.length) - 1)] as number;
}

/** How far places that follow each other along an axis stand apart in memory. */
function stridesOf(size: readonly number[]): number[] {
  return size.map((_, axis) => size.slice(axis + 1).reduce((all, length) => all * length, 1));
}

/** Places of a shape that have a neighbour, along an axis, outside of it or of the grid. */
function bordersOf(shape: ArrayLike<unknown>, size: readonly number[]): number[] {
  const strides = stridesOf(size);
  const found: number[] = [];
  for (let place = 0; place < shape.length; place++) {
    if (!shape[place]) continue;
    const isBorder = strides.some((stride, axis) => {
      const at = Math.floor(place / stride) % (size[axis] as number);
      const isEdge = at === 0 || at === (size[axis] as number) - 1;
      return isEdge || !shape[place - stride] || !shape[place + stride];
    });
    if (isBorder) found.push(place);
  }
  return found;
}

/** Each place's distance from the nearest of some places: one pass an axis (Felzenszwalb and Huttenlocher 2012). */
function distancesFrom(places: readonly number[], { size, spacing }: Grid): Float64Array {
  const all = size.reduce((product, length) => product * length, 1);
  const squares = new Float64Array(all).fill(Number.POSITIVE_INFINITY);
  for (const place of places) squares[place] = 0;
  for (const [axis, stride] of stridesOf(size).entries()) {
    const length = size[axis] as number;
    const unit = spacing?.[axis] ?? 1;
    for (let line = 0; line < all / length; line++) {
      const start = Math.floor(line / stride) * stride * length + (line % stride);
      const row = Float64Array.from({ length }, (_, i) => squares[start + i * stride] as number);
      const lowered = lowestParabolas(row, unit);
      for (let i = 0; i < length; i++) squares[start + i * stride] = lowered[i] as number;
    }
  }
  return squares.map(Math.sqrt);
}

/** At each place the least of `heights[i] + (unit (place - i))²`. */
function lowestParabolas(heights: Float64Array, unit: number): Float64Array {
  const lows = new Float64Array(heights.length).fill(Number.POSITIVE_INFINITY);
  const [tops, bounds]: [number[], number[]] = [[], []];
  const meeting = (i: number, j: number): number => {
    const [a, b] = [(heights[i] as number) / unit ** 2, (heights[j] as number) / unit ** 2];
    return (b + j * j - a - i * i) / (2 * (j - i));
  };
  for (let i = 0; i < heights.length; i++) {
    if (heights[i] === Number.POSITIVE_INFINITY) continue;
    while (tops.length > 1 && meeting(tops.at(-1) as number, i) <= (bounds.at(-1) as number)) {
      tops.pop();
      bounds.pop();
    }
    if (tops.length > 0) bounds.push(meeting(tops.at(-1) as number, i));
    tops.push(i);
  }
  if (tops.length === 0) return lows;
  for (let place = 0, at = 0; place < heights.length; place++) {
    while (at < bounds.length && (bounds[at] as number) < place) at++;
    const top = tops[at] as number;
    lows[place] = (heights[top] as number) + (unit * (place - top)) ** 2;
  }
  return lows;
}
