// H rows, W columns, D width

import { constant, hostTensor, QuireError, type Tensor } from "@quire/tensor";

/** The places of a grid, and on which scale they count. */
export interface GridPositionsOptions {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  /** Side of the grid that was trained on first: others are stretched to it; their own unless said. */
  readonly base?: number;
  /** What coordinates are divided by then; 1 unless said. */
  readonly scale?: number;
}

const LONGEST = 10_000;

/**
 * Sines and cosines of the places of a grid: the first half of the width tells the column, the second the row, sines
 * before cosines. Grids of other sizes are stretched to the first one's, so that a model goes on at another resolution
 * (Chen et al. 2023, section 2.3 and appendix; Xie et al. 2023, DiffFit, section 4). `-> [1, H W, D]`
 *
 * @throws QuireError when the width is no multiple of 4.
 */
export function gridPositions(options: GridPositionsOptions): Tensor {
  const { rows, columns, width, scale = 1 } = options;
  if (width % 4 !== 0) {
    throw new QuireError(`gridPositions: the width must be a multiple of 4, got ${width}.`);
  }
  const quarter = width / 4;
  const data = new Float32Array(rows * columns * width);
  const at = (place: number, count: number): number => {
    const stretch = options.base === undefined ? 1 : count / options.base;
    return place / stretch / scale;
  };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (row * columns + column) * width;
      const coordinates = [at(column, columns), at(row, rows)];
      for (const [half, coordinate] of coordinates.entries()) {
        for (let i = 0; i < quarter; i++) {
          const angle = coordinate / LONGEST ** (i / quarter);
          data[start + 2 * half * quarter + i] = Math.sin(angle);
          data[start + (2 * half + 1) * quarter + i] = Math.cos(angle);
        }
      }
    }
  }
  return constant(hostTensor(data, [1, rows * columns, width]));
}
