import { Random } from "@quire/tensor";
import { counted } from "./counted.ts";
import { DataError } from "./errors.ts";

/** How much of a data set is held out, and by which seed. */
export interface SplitOptions {
  /** The share of the whole that is for testing, between 0 and 1. */
  readonly test: number;
  /** The share of the whole that is for validation; none unless said. */
  readonly validation?: number;
  readonly seed: number;
}

/** The places of a data set's parts, each in ascending order; no place is in two parts. */
export interface Split {
  readonly train: Int32Array;
  /** Empty where no validation was asked for. */
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

type Part = "train" | "validation" | "test";

/**
 * Splits `size` places at random.
 *
 * @throws DataError when a share is out of range, or a part that was asked for would be empty.
 */
export function randomSplit(size: number, options: SplitOptions): Split {
  const shares = checkShares(options);
  const order = new Random(options.seed).fork("split").permutation(size);
  const parts = new Array<Part>(size).fill("train");
  const test = Math.round(shares.test * size);
  const validation = Math.round(shares.validation * size);
  order.forEach((place, i) => {
    if (i < test + validation) parts[place] = i < test ? "test" : "validation";
  });
  return checkParts(gather(parts), shares, counted(size, "row"));
}

/**
 * Splits by time: the latest places are for testing, those before them for validation, the earliest for training.
 * Places of the same time stay together, so that no part reaches into the time of another.
 *
 * @param times one a place, in any order, such as `Table.dates` gives.
 * @throws DataError when a time is missing, a share is out of range, or a part would be empty.
 */
export function timeSplit(times: ArrayLike<number>, options: Omit<SplitOptions, "seed">): Split {
  const shares = checkShares(options);
  const size = times.length;
  const order = Array.from({ length: size }, (_, place) => place);
  for (const place of order) {
    if (Number.isNaN(times[place])) {
      throw new DataError(
        `split: the time of row ${place} is missing: fill it in or leave it out.`,
      );
    }
  }
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  const timeAt = (i: number): number => times[order[i] as number] as number;
  // A cut moves back to the first place of its time.
  const cutAt = (share: number): number => {
    let cut = size - Math.round(share * size);
    while (cut > 0 && cut < size && timeAt(cut - 1) === timeAt(cut)) cut--;
    return cut;
  };
  const test = cutAt(shares.test);
  const validation = cutAt(shares.test + shares.validation);
  const parts = new Array<Part>(size).fill("train");
  order.forEach((place, i) => {
    if (i >= test) parts[place] = "test";
    else if (i >= validation) parts[place] = "validation";
  });
  return checkParts(gather(parts), shares, `${counted(size, "row")} by time`);
}

/**
 * Splits whole groups at random, so that no group is in two parts: the shares are of groups.
 *
 * @param groups one a place: a patient, a shop, a document.
 * @throws DataError when a share is out of range, or there are too few groups.
 */
export function groupSplit(groups: ArrayLike<string | number>, options: SplitOptions): Split {
  const numbers = new Map<string | number, number>();
  const numberOf = Array.from(groups, (group) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  const shares = checkShares(options);
  const size = numbers.size;
  const order = new Random(options.seed).fork("split").permutation(size);
  const test = atLeastOne(shares.test, size);
  const validation = atLeastOne(shares.validation, size);
  const partOf = new Array<Part>(size).fill("train");
  order.forEach((group, i) => {
    if (i < test + validation) partOf[group] = i < test ? "test" : "validation";
  });
  const parts = numberOf.map((number) => partOf[number] as Part);
  return checkParts(gather(parts), shares, `${counted(size, "group")}`);
}

/**
 * Splits at random, every class in the same proportion: at least one of each class is held out where a share was
 * asked for, and at least one stays for training.
 *
 * @param labels one class a place, counted from 0.
 * @param classes the classes' names, for errors.
 * @throws DataError when a share is out of range, or a class has fewer places than there are parts.
 */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  classes: readonly string[],
  options: SplitOptions,
): Split {
  const shares = checkShares(options);
  const random = new Random(options.seed).fork("split");
  const wanted = shares.validation > 0 ? 3 : 2;
  const parts = new Array<Part>(labels.length).fill("train");
  placesByClass(labels, classes.length).forEach((places, label) => {
    const size = places.length;
    if (size < wanted) throw tooFew(classes[label], size, wanted);
    const validation = atLeastOne(shares.validation, size);
    const test = Math.min(size - 1 - validation, atLeastOne(shares.test, size));
    const order = random.fork(label).permutation(size);
    order.forEach((chosen, i) => {
      if (i < test + validation) {
        parts[places[chosen] as number] = i < test ? "test" : "validation";
      }
    });
  });
  return gather(parts);
}

function atLeastOne(share: number, size: number): number {
  return share === 0 ? 0 : Math.max(1, Math.round(share * size));
}

function placesByClass(labels: ArrayLike<number>, classes: number): number[][] {
  const places = Array.from({ length: classes }, (): number[] => []);
  for (let place = 0; place < labels.length; place++) places[labels[place] as number]?.push(place);
  return places;
}

function tooFew(name: string | undefined, size: number, wanted: number): DataError {
  const rows = size === 0 ? "no row" : counted(size, "row");
  return new DataError(
    `split: class "${name}" has ${rows}, and a split into ${wanted} parts needs at least ${wanted} of every ` +
      "class: add some or leave the class out.",
  );
}

type Shares = Required<Omit<SplitOptions, "seed">>;

function checkShares({ test, validation = 0 }: Omit<SplitOptions, "seed">): Shares {
  if (!(test > 0 && test < 1)) {
    throw new DataError(`split: the share for testing must be between 0 and 1, got ${test}.`);
  }
  if (!(validation >= 0 && test + validation < 1)) {
    throw new DataError(
      `split: the share for validation must be from 0 to less than ${1 - test}, got ${validation}.`,
    );
  }
  return { test, validation };
}

function gather(parts: readonly Part[]): Split {
  const of = (wanted: Part): Int32Array =>
    Int32Array.from(parts.flatMap((part, place) => (part === wanted ? [place] : [])));
  return { train: of("train"), validation: of("validation"), test: of("test") };
}

function checkParts(split: Split, { validation }: Shares, of: string): Split {
  const empty = (["train", "validation", "test"] as const).find(
    (part) => split[part].length === 0 && (part !== "validation" || validation > 0),
  );
  if (empty === undefined) return split;
  throw new DataError(
    `split: of ${of} none would be for ${empty === "train" ? "training" : empty.replace("test", "testing")}: ` +
      "add data or change the shares.",
  );
}
