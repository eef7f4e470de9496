import { Random } from "@quire/tensor";

/** Neighbours that a distance is measured to, as most estimates take. */
const NEIGHBOURS = 3;
/** Deviation of what is added to break ties, in deviations of the values. */
const JITTER = 1e-10;

/**
 * Estimates how much a number says of a class, in nats, from distances to nearest neighbours of the same class (Ross
 * 2014, eq. 7); 0 where nothing is found.
 *
 * @param values `[N]`, all of them numbers.
 * @param labels `[N]`, classes from 0 on.
 */
export function informationOnClass(values: ArrayLike<number>, labels: ArrayLike<number>): number {
  const all = scaled(values, "values");
  const byClass = new Map<number, number[]>();
  for (let row = 0; row < all.length; row++) {
    const label = labels[row] as number;
    const rows = byClass.get(label);
    if (rows) rows.push(row);
    else byClass.set(label, [row]);
  }
  // A class of a single row has no neighbour to measure to.
  const classes = [...byClass.values()].filter((rows) => rows.length > 1);
  const counted = classes.reduce((sum, rows) => sum + rows.length, 0);
  if (counted === 0) return 0;
  const sorted = Float64Array.from(classes.flat(), (row) => all[row] as number).sort();
  const digamma = digammas(counted + 1);
  let sum = 0;
  for (const rows of classes) {
    const own = Float64Array.from(rows, (row) => all[row] as number).sort();
    const neighbours = Math.min(NEIGHBOURS, own.length - 1);
    for (let place = 0; place < own.length; place++) {
      const around = countCloser(sorted, own[place] as number, distanceTo(own, place, neighbours));
      sum += at(digamma, neighbours) - at(digamma, own.length) - at(digamma, around);
    }
  }
  return Math.max(0, at(digamma, counted) + sum / counted);
}

/**
 * Estimates how much a number says of another one, in nats, from distances to nearest neighbours (Kraskov et al. 2004,
 * eq. 8); 0 where nothing is found.
 *
 * @param values `[N]`, all of them numbers.
 * @param targets `[N]`, all of them numbers.
 */
export function informationOnNumber(values: ArrayLike<number>, targets: ArrayLike<number>): number {
  const [x, y] = [scaled(values, "values"), scaled(targets, "targets")];
  const rows = x.length;
  const neighbours = Math.min(NEIGHBOURS, rows - 1);
  if (neighbours < 1) return 0;
  const order = Int32Array.from(x, (_, row) => row).sort((a, b) => at(x, a) - at(x, b));
  const sortedX = Float64Array.from(order, (row) => at(x, row));
  const paired = Float64Array.from(order, (row) => at(y, row));
  const sortedY = Float64Array.from(y).sort();
  const digamma = digammas(rows + 1);
  let sum = 0;
  for (let place = 0; place < rows; place++) {
    const distance = jointDistance(sortedX, paired, place, neighbours);
    const nearX = countCloser(sortedX, at(sortedX, place), distance);
    const nearY = countCloser(sortedY, at(paired, place), distance);
    sum += at(digamma, nearX) + at(digamma, nearY);
  }
  return Math.max(0, at(digamma, rows) + at(digamma, neighbours) - sum / rows);
}

/** Values over their deviation, with ties broken by what no other digit shows. */
function scaled(values: ArrayLike<number>, label: string): Float64Array {
  const all = Float64Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const deviation = Math.sqrt(
    all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length,
  );
  const random = new Random(0).fork(label);
  return all.map((value) => value / (deviation > 0 ? deviation : 1) + JITTER * random.normal());
}

/** The distance of a sorted value to its k-th nearest among the others. */
function distanceTo(sorted: Float64Array, place: number, neighbours: number): number {
  let [low, high] = [place, place];
  const value = at(sorted, place);
  let distance = 0;
  for (let found = 0; found < neighbours; found++) {
    const below = low > 0 ? value - at(sorted, low - 1) : Number.POSITIVE_INFINITY;
    const above =
      high < sorted.length - 1 ? at(sorted, high + 1) - value : Number.POSITIVE_INFINITY;
    distance = Math.min(below, above);
    if (below <= above) low--;
    else high++;
  }
  return distance;
}

/** The distance of a point to its k-th nearest, by the larger of both differences; `x` is sorted. */
function jointDistance(
  x: Float64Array,
  y: Float64Array,
  place: number,
  neighbours: number,
): number {
  const nearest = new Float64Array(neighbours).fill(Number.POSITIVE_INFINITY);
  const consider = (other: number, alongX: number): void => {
    const distance = Math.max(alongX, Math.abs(at(y, other) - at(y, place)));
    if (distance >= at(nearest, neighbours - 1)) return;
    let slot = neighbours - 1;
    for (; slot > 0 && at(nearest, slot - 1) > distance; slot--)
      nearest[slot] = at(nearest, slot - 1);
    nearest[slot] = distance;
  };
  for (let [low, high] = [place - 1, place + 1]; low >= 0 || high < x.length; ) {
    const below = low >= 0 ? at(x, place) - at(x, low) : Number.POSITIVE_INFINITY;
    const above = high < x.length ? at(x, high) - at(x, place) : Number.POSITIVE_INFINITY;
    if (Math.min(below, above) >= at(nearest, neighbours - 1)) break;
    if (below <= above) consider(low--, below);
    else consider(high++, above);
  }
  return at(nearest, neighbours - 1);
}

/** How many sorted values are closer to one than a distance, itself among them; at least 1. */
function countCloser(sorted: Float64Array, value: number, distance: number): number {
  const first = firstWhere(sorted, (other) => value - other < distance);
  const end = firstWhere(sorted, (other) => other - value >= distance);
  return Math.max(1, end - first);
}

/** The first place from which on a condition holds. */
function firstWhere(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (holds(at(sorted, half))) high = half;
    else low = half + 1;
  }
  return low;
}

/** Digamma of the whole numbers below a count; the place 0 is not used. */
function digammas(count: number): Float64Array {
  const values = new Float64Array(count + 1);
  values[1] = -0.577_215_664_901_532_9;
  for (let n = 2; n <= count; n++) values[n] = at(values, n - 1) + 1 / (n - 1);
  return values;
}

function at(values: ArrayLike<number>, place: number): number {
  return values[place] as number;
}
