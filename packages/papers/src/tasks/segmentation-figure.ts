import type { Figure, Pixels } from "../figure.ts";
import type { SegmentationCase } from "./segmentation-data.ts";

/** Colours of classes, the background first, which is not painted. */
const palette: readonly (readonly [red: number, green: number, blue: number])[] = [
  [0, 0, 0],
  [230, 75, 53],
  [77, 187, 213],
  [0, 160, 135],
  [243, 195, 0],
  [132, 80, 160],
  [240, 128, 180],
  [120, 180, 60],
];
const PAINT = 0.4;

/** The colour of a class. */
export function classColour(label: number): readonly [red: number, green: number, blue: number] {
  if (label === 0) return palette[0] as readonly [number, number, number];
  const [red, green, blue] = palette[1 + ((label - 1) % (palette.length - 1))] as [
    number,
    number,
    number,
  ];
  // Colours that come again are darker.
  const shade = 0.75 ** Math.floor((label - 1) / (palette.length - 1));
  return [red * shade, green * shade, blue * shade];
}

/** A slice with classes painted over it and their borders drawn, as bytes of red, green, blue and opacity. */
export function overlay(
  { values, size, channels }: SegmentationCase,
  labels: ArrayLike<number>,
  { slice = Math.floor(size[0] / 2), scale = 1 } = {},
): Pick<Pixels, "width" | "height" | "bytes"> {
  const [depth, height, width] = size;
  const plane = height * width;
  const grey = (channel: number): Float32Array => {
    const start = (Math.min(channel, channels - 1) * depth + slice) * plane;
    return asBytes(values.subarray(start, start + plane));
  };
  const colours = [grey(0), grey(1), grey(2)];
  const labelAt = (y: number, x: number): number =>
    Number(labels[slice * plane + Math.min(height - 1, y) * width + Math.min(width - 1, x)]);
  const bytes = new Uint8ClampedArray(plane * scale * scale * 4);
  for (let row = 0; row < height * scale; row++) {
    for (let column = 0; column < width * scale; column++) {
      const [y, x] = [Math.floor(row / scale), Math.floor(column / scale)];
      const label = labelAt(y, x);
      const isBorder = label !== labelAt(y + 1, x) || label !== labelAt(y, x + 1);
      const painted = isBorder ? 1 : PAINT;
      const share = label === 0 ? 0 : painted;
      const paint = classColour(label);
      const at = (row * width * scale + column) * 4;
      for (const [channel, own] of colours.entries()) {
        const value = own[y * width + x] as number;
        bytes[at + channel] = (1 - share) * value + share * (paint[channel] as number);
      }
      bytes[at + 3] = 255;
    }
  }
  return { width: width * scale, height: height * scale, bytes };
}

/** Values from 0 for the lowest hundredth to 255 for the highest. */
function asBytes(values: Float32Array): Float32Array {
  const sorted = Float32Array.from(values).sort();
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))] as number;
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))] as number;
  const range = Math.max(high - low, 1e-6);
  return values.map((value) => Math.min(255, Math.max(0, (255 * (value - low)) / range)));
}

/** Overlays in rows: of each case what is known, then what each system says of it. */
export function overlayGrid(
  title: string,
  rows: readonly {
    readonly shown: SegmentationCase;
    readonly labels: readonly ArrayLike<number>[];
    readonly slice?: number;
  }[],
  { caption, scale = 2 }: { readonly caption?: string; readonly scale?: number } = {},
): Figure {
  const cells = rows.map(({ shown, labels, slice }) =>
    labels.map((own) => overlay(shown, own, { scale, ...(slice !== undefined && { slice }) })),
  );
  const gap = 4;
  const across = Math.max(...cells.map((row) => row.length));
  const cellWidth = Math.max(...cells.flat().map(({ width }) => width)) + gap;
  const cellHeight = Math.max(...cells.flat().map(({ height }) => height)) + gap;
  const [width, height] = [across * cellWidth - gap, cells.length * cellHeight - gap];
  const bytes = new Uint8ClampedArray(width * height * 4).fill(255);
  for (const [row, line] of cells.entries()) {
    for (const [column, cell] of line.entries()) {
      for (let y = 0; y < cell.height; y++) {
        const from = cell.bytes.subarray(y * cell.width * 4, (y + 1) * cell.width * 4);
        bytes.set(from, ((row * cellHeight + y) * width + column * cellWidth) * 4);
      }
    }
  }
  return {
    title,
    ...(caption !== undefined && { caption }),
    ...{ kind: "pixels", width, height, bytes },
  };
}
