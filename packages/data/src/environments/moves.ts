/** The four ways over a grid, in the order of their actions. */
export const ways = ["up", "down", "left", "right"] as const;

const steps = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

/** The cell one step on from a cell of a grid; nothing where the grid ends. Cells count row by row. */
export function neighbour(
  cell: number,
  way: number,
  rows: number,
  columns: number,
): number | undefined {
  const [down, right] = steps[way] as (typeof steps)[number];
  const row = Math.floor(cell / columns) + down;
  const column = (cell % columns) + right;
  const isInside = row >= 0 && row < rows && column >= 0 && column < columns;
  return isInside ? row * columns + column : undefined;
}
