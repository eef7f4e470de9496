import type { EnvironmentPicture } from "./environment.ts";

/** A colour: red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Colours that the environments share. */
export const colours = {
  wall: [52, 58, 70],
  floor: [236, 238, 242],
  agent: [39, 111, 191],
  goal: [46, 160, 103],
  wrong: [200, 68, 60],
  lit: [240, 180, 41],
  seen: [250, 224, 150],
} as const satisfies Record<string, Colour>;

/** Pixels of a side of a cell: fewer for large grids, so that pictures stay small. */
function cellSide(rows: number, columns: number): number {
  return Math.max(4, Math.min(24, Math.floor(480 / Math.max(rows, columns))));
}

/** Draws a grid of coloured cells; an agent, where there is one, is a square inside its cell. */
export function gridPicture(
  cells: readonly (readonly Colour[])[],
  agent?: readonly [row: number, column: number],
): EnvironmentPicture {
  const [rows, columns] = [cells.length, cells[0]?.length ?? 0];
  const side = cellSide(rows, columns);
  const [width, height] = [columns * side, rows * side];
  const bytes = new Uint8ClampedArray(width * height * 4).fill(255);
  const margin = Math.ceil(side / 5);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = [Math.floor(y / side), Math.floor(x / side)];
      const isHere = agent && agent[0] === row && agent[1] === column;
      const [down, right] = [y - row * side, x - column * side];
      const isInner = Math.min(down, right) >= margin && Math.max(down, right) < side - margin;
      const isEdge = side > 7 && (down === 0 || right === 0);
      const own = cells[row]?.[column] ?? colours.wall;
      const [red, green, blue] = isHere && isInner ? colours.agent : own;
      const shade = isEdge ? 0.94 : 1;
      bytes.set([red * shade, green * shade, blue * shade], (y * width + x) * 4);
    }
  }
  return { width, height, bytes };
}
