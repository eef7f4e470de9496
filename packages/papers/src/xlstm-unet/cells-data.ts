import { Random } from "@quire/tensor";
import { type SegmentationCase, standardized } from "../tasks/segmentation-data.ts";

/** Side of a picture in pixels. */
export const CELL_SIDE = 64;

/** Classes of places, as challenges of cell segmentation have them: borders part cells that touch. */
export const cellClasses = ["background", "inside", "border"] as const;

/** A picture of cells with the cell that each place belongs to, 0 where there is none. */
export interface CellCase extends SegmentationCase {
  readonly cells: Uint8Array;
}

interface Cell {
  readonly x: number;
  readonly y: number;
  readonly long: number;
  readonly short: number;
  readonly angle: number;
  readonly brightness: number;
}

/** Cells of a picture. */
const [FEWEST, MOST] = [5, 9];

/** The share of what lies below that shines through a cell, and the noise's deviation. */
const [THROUGH, NOISE] = [0.3, 0.2];

/** How far a place is from a cell's middle: 1 at its rim. */
function reach({ x, y, long, short, angle }: Cell, column: number, row: number): number {
  const [dx, dy] = [column - x, row - y];
  const along = dx * Math.cos(angle) + dy * Math.sin(angle);
  const across = dy * Math.cos(angle) - dx * Math.sin(angle);
  return Math.hypot(along / long, across / short);
}

/**
 * A picture as of a microscope: ellipses that touch and lie over each other, each as bright as it is dense and fainter at
 * its rim, on a ground that grows brighter to one side, under noise.
 */
function cellPicture(name: string, random: Random): CellCase {
  const count = FEWEST + random.integer(MOST - FEWEST + 1);
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const cells: Cell[] = [];
  for (let i = 0; i < count; i++) {
    const near = cells.at(-1);
    // Half of the cells grow beside the one before.
    const isBeside = near !== undefined && random.uniform() < 0.5;
    const turn = between(0, 2 * Math.PI);
    cells.push({
      x: isBeside ? near.x + 13 * Math.cos(turn) : between(4, CELL_SIDE - 4),
      y: isBeside ? near.y + 13 * Math.sin(turn) : between(4, CELL_SIDE - 4),
      ...{ long: between(8, 12), short: between(6, 9), angle: between(0, Math.PI) },
      brightness: between(0.8, 1.6),
    });
  }
  const slope = { x: between(-1, 1), y: between(-1, 1) };
  const owners = new Uint8Array(CELL_SIDE * CELL_SIDE);
  const values = new Float32Array(CELL_SIDE * CELL_SIDE);
  for (let place = 0; place < owners.length; place++) {
    const [column, row] = [place % CELL_SIDE, Math.floor(place / CELL_SIDE)];
    let bright = 0;
    cells.forEach((cell, i) => {
      const far = reach(cell, column, row);
      if (far >= 1) return;
      // The later cell lies above, and what lies below shines through a little.
      owners[place] = i + 1;
      bright = THROUGH * bright + cell.brightness * Math.sqrt(1 - far * far);
    });
    const ground = (slope.x * column + slope.y * row) / CELL_SIDE;
    values[place] = ground + bright + NOISE * random.normal();
  }
  const size = [1, CELL_SIDE, CELL_SIDE] as const;
  const labels = withBorders(owners);
  const inside = owners.map((owner, place) => (labels[place] === 1 ? owner : 0));
  return { name, values: standardized(values, 1), labels, channels: 1, size, cells: inside };
}

/** A place is a border where one beside it belongs to another cell or to none. */
function withBorders(owners: Uint8Array): Uint8Array {
  return owners.map((owner, place) => {
    if (owner === 0) return 0;
    const beside = neighbours(place, CELL_SIDE).filter((other) => owners[other] !== undefined);
    return beside.some((other) => owners[other] !== owner) ? 2 : 1;
  });
}

/** So many pictures of cells; the same for the same seed. */
export function cellPictures(count: number, seed: number): CellCase[] {
  const random = new Random(seed).fork("cells");
  return Array.from({ length: count }, (_, i) => cellPicture(`picture ${i}`, random.fork(i)));
}

/** Patches of fewer places are no cells. */
const SMALLEST = 8;

/** Numbers the patches of places that are inside of cells and hang together; 0 elsewhere. */
export function patchesOfCells(labels: ArrayLike<number>, width: number): Int32Array {
  const found = new Int32Array(labels.length);
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] !== 1 || found[start] !== 0) continue;
    count += 1;
    const places = spread(start, found, { labels, width, count });
    if (places.length < SMALLEST) for (const place of places) found[place] = -1;
  }
  return found.map((patch) => Math.max(0, patch));
}

/** All places that hang together with one, which get its number. */
function spread(
  start: number,
  found: Int32Array,
  given: {
    readonly labels: ArrayLike<number>;
    readonly width: number;
    readonly count: number;
  },
): number[] {
  const { labels, width, count } = given;
  const places = [start];
  found[start] = count;
  for (const place of places) {
    for (const other of neighbours(place, width)) {
      if (labels[other] !== 1 || found[other] !== 0) continue;
      found[other] = count;
      places.push(other);
    }
  }
  return places;
}

/** Places beside one along both axes; those above and below the picture hold nothing. */
function neighbours(place: number, width: number): number[] {
  const column = place % width;
  const before = column > 0 ? [place - 1] : [];
  const after = column < width - 1 ? [place + 1] : [];
  return [...before, ...after, place - width, place + width];
}

/** How many cells are found, said and there: one is found where a patch shares half of what both cover. */
export function countCells(
  said: Int32Array,
  wanted: ArrayLike<number>,
): { readonly found: number; readonly said: number; readonly wanted: number } {
  const [saidSizes, wantedSizes] = [new Map<number, number>(), new Map<number, number>()];
  const shared = new Map<string, number>();
  const grow = <K>(counts: Map<K, number>, key: K): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (let place = 0; place < said.length; place++) {
    const [patch, cell] = [said[place] as number, wanted[place] as number];
    if (patch > 0) grow(saidSizes, patch);
    if (cell > 0) grow(wantedSizes, cell);
    if (patch > 0 && cell > 0) grow(shared, `${patch} ${cell}`);
  }
  const isCell = (size: number): boolean => size >= SMALLEST;
  const matches = [...shared].filter(([key, both]) => {
    const [patch, cell] = key.split(" ").map(Number) as [number, number];
    const all = (saidSizes.get(patch) as number) + (wantedSizes.get(cell) as number) - both;
    return both / all > 0.5 && isCell(wantedSizes.get(cell) as number);
  });
  return {
    found: matches.length,
    said: saidSizes.size,
    wanted: [...wantedSizes.values()].filter(isCell).length,
  };
}
