import { ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/node.ts";
import { type Shape, typeText } from "../shape.ts";
import { axisProduct } from "./axis-product.ts";
import { type Operand, requireClass, toTensor } from "./define.ts";
import { expand, reshape } from "./movement.ts";
import { type PerAxis, perAxis } from "./window.ts";

/** How the places between the known ones are filled. */
export type ResizeMode = "nearest" | "linear" | "cubic";

/** What a resized space is to be: give either its size or its scales. */
export interface ResizeOptions {
  /** Sizes of the spatial axes. */
  readonly size?: PerAxis;
  /** Factors of the sizes; what is left over is cut off. */
  readonly scales?: PerAxis;
  readonly mode: ResizeMode;
}

/** Weights of known places for one new place, at the position where that lies among them. */
type Weights = (
  position: number,
  size: number,
) => readonly (readonly [at: number, weight: number])[];

function clamp(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}

/** Keys' kernel of two pieces (1981, eq. 4 and 5), with the slope that PyTorch and ONNX take at 1. */
function cubicWeight(distance: number): number {
  const a = -0.75;
  const d = Math.abs(distance);
  if (d >= 2) return 0;
  return d <= 1 ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 : a * (d ** 3 - 5 * d ** 2 + 8 * d - 4);
}

const weights: Readonly<Record<Exclude<ResizeMode, "nearest">, Weights>> = {
  linear(position, size) {
    const from = clamp(position, size);
    const low = Math.floor(from);
    return [
      [low, 1 - (from - low)],
      [clamp(low + 1, size), from - low],
    ];
  },
  cubic(position, size) {
    const low = Math.floor(position);
    return [-1, 0, 1, 2].map((step) => {
      const weight = cubicWeight(position - low - step);
      return [clamp(low + step, size), weight] as const;
    });
  },
};

/** Row i holds the weights that all known places have in new place i; `step` is old places a new one. */
function resizeMatrix(size: number, count: number, step: number, mode: ResizeMode): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const row = new Array<number>(size).fill(0);
    if (mode === "nearest") {
      row[clamp(Math.floor(i * step), size)] = 1;
      return row;
    }
    for (const [at, weight] of weights[mode]((i + 0.5) * step - 0.5, size)) {
      row[at] = (row[at] as number) + weight;
    }
    return row;
  });
}

/** Repeats every place so many times along each spatial axis. */
function repeat(x: Tensor, factors: readonly number[]): Tensor {
  const [batch, channels, ...space] = x.shape as readonly [number, number, ...number[]];
  const lead = [batch, channels];
  const thin = reshape(x, [...lead, ...space.flatMap((size) => [size, 1])]);
  const wide = space.flatMap((size, i) => [size, factors[i] as number]);
  return reshape(expand(thin, [...lead, ...wide]), [
    ...lead,
    ...space.map((size, i) => size * (factors[i] as number)),
  ]);
}

/** New sizes, and for each axis how many old places one new place is wide. */
function plan(x: Tensor, { size, scales }: ResizeOptions): { size: Shape; steps: number[] } {
  const space = x.shape.slice(2);
  if ((size === undefined) === (scales === undefined)) {
    throw new ShapeError("resize", `give either size or scales for x ${typeText(x)}.`, [x]);
  }
  if (size !== undefined) {
    const sizes = perAxis("resize", "size", size, x, 1);
    return { size: sizes, steps: space.map((old, i) => old / (sizes[i] as number)) };
  }
  const factors =
    typeof scales === "number" ? space.map(() => scales) : (scales as readonly number[]);
  const sizes = space.map((old, i) => Math.floor(old * (factors[i] ?? 0)));
  if (factors.length !== space.length || sizes.some((next) => next < 1)) {
    const rule = `scales [${factors.join(",")}] must leave something of each of the ${space.length} spatial axes of x ${typeText(x)}.`;
    throw new ShapeError("resize", rule, [x]);
  }
  return { size: sizes, steps: factors.map((factor) => 1 / factor) };
}

/**
 * Images of another size. `"nearest"` takes the place at or before; `"linear"` and `"cubic"` weigh two and
 * four places an axis, centres of the outer places half a place from the edge (no corners aligned), as PyTorch
 * does. `[B, C, ...space] -> [B, C, ...size]`
 *
 * @throws ShapeError when size and scales are both given or both left out, or do not fit the axes.
 */
export function resize(x: Operand, options: ResizeOptions): Tensor {
  const tensor = toTensor(x);
  requireClass("resize", [tensor], "float");
  if (tensor.shape.length < 3) {
    const rule = `takes x [B, C, ...space] with at least one axis of space, got x ${typeText(tensor)}.`;
    throw new ShapeError("resize", rule, [tensor]);
  }
  const { size, steps } = plan(tensor, options);
  const factors = size.map((next, i) => next / (tensor.shape[i + 2] as number));
  const isRepeat = factors.every(
    (factor, i) => Number.isInteger(factor) && factor * (steps[i] as number) === 1,
  );
  if (options.mode === "nearest" && isRepeat) return repeat(tensor, factors);
  return size.reduce((resized, next, i) => {
    const old = resized.shape[i + 2] as number;
    return axisProduct(resized, resizeMatrix(old, next, steps[i] as number, options.mode), i + 2);
  }, tensor);
}
