import { expect, test } from "vitest";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import type { Shape } from "../shape.ts";
import { concat, roll, split, stack } from "./join.ts";
import { expand, reshape, squeeze, transpose, unsqueeze } from "./movement.ts";
import { pad } from "./pad.ts";
import { flip, slice } from "./slice.ts";
import { tile } from "./tile.ts";

const x = (...shape: Shape): Tensor => input("x", { shape, dtype: "float32" });
const whole = (...shape: Shape): Tensor => input("i", { shape, dtype: "int32" });

const refused: readonly (readonly [op: string, build: () => unknown, rule: string])[] = [
  ["reshape", () => reshape(x(2, 3), [4]), "x f32[2,3] has 6 values, [4] has 4."],
  [
    "reshape",
    () => reshape(x(2, 3), [-1, 4]),
    "[-1,4] does not say how x f32[2,3] is to be laid out.",
  ],
  [
    "transpose",
    () => transpose(x(2, 3), [0, 0]),
    "[0,0] must name each of the 2 axes of x f32[2,3] once.",
  ],
  ["expand", () => expand(x(2, 3), [2, 4]), "x f32[2,3] does not broadcast to [2,4]."],
  [
    "slice",
    () => slice(x(4, 3), [0, 0], [1, 1], { axes: [0, 0] }),
    "needs a start, an end and a step for each axis of [0,0], each axis once, in x f32[4,3].",
  ],
  [
    "slice",
    () => slice(x(4, 3), [0], [1, 2]),
    "needs a start, an end and a step for each axis of [0], each axis once, in x f32[4,3].",
  ],
  [
    "slice",
    () => slice(x(4), [0], [4], { steps: [0] }),
    "steps are whole numbers other than 0, got [0] for x f32[4].",
  ],
  [
    "slice",
    () => slice(x(4), [0], [4], { axes: [1] }),
    "there is no axis 1 in x f32[4]: -1 to 0 are there.",
  ],
  ["flip", () => flip(x(), [0]), "there is no axis 0 in x f32[]: a scalar has none."],
  ["concat", () => concat([]), "needs at least one tensor."],
  ["concat", () => concat([x(), x()]), "takes no scalars, got f32[], f32[]; use stack."],
  ["concat", () => concat([x(2), x(2, 3)]), "numbers of axes differ: f32[2], f32[2,3]."],
  [
    "concat",
    () => concat([x(2, 3), x(2, 4)]),
    "sizes other than along axis 0 differ: f32[2,3], f32[2,4].",
  ],
  [
    "concat",
    () => concat([x(2), whole(2)]),
    "dtypes differ: a f32[2], b i32[2]; convert one with cast.",
  ],
  ["stack", () => stack([]), "needs at least one tensor."],
  ["stack", () => stack([x(2), x(3)]), "shapes differ: f32[2], f32[3]."],
  [
    "split",
    () => split(x(2, 5), 2, 1),
    "axis 1 of x f32[2,5] has 5, which does not give 2 equal parts.",
  ],
  [
    "split",
    () => split(x(2, 5), [2, 2], 1),
    "axis 1 of x f32[2,5] has 5, which does not give parts of [2,2].",
  ],
  [
    "roll",
    () => roll(x(2, 3), [1], [0, 1]),
    "needs a shift for each axis, got shifts [1] for axes [0,1].",
  ],
  [
    "squeeze",
    () => squeeze(x(2, 1), [0]),
    "axis 0 of x f32[2,1] has 2; only axes of size 1 can go.",
  ],
  [
    "unsqueeze",
    () => unsqueeze(x(2), [2]),
    "axes [2] must each be there once in a result of 2 axes, x is f32[2].",
  ],
  [
    "unsqueeze",
    () => unsqueeze(x(2), [0, -3]),
    "axes [0,-3] must each be there once in a result of 3 axes, x is f32[2].",
  ],
  [
    "pad",
    () => pad(x(2, 3), { before: [1], after: [0, 0] }),
    "needs a width from 0 up for each of the 2 axes of x f32[2,3], got before [1], after [0,0].",
  ],
  [
    "pad",
    () => pad(x(2, 3), { before: [2, 0], after: [0, 0], mode: "reflect" }),
    "mode reflect takes widths less than its axis's size, got before [2,0], after [0,0] for x f32[2,3].",
  ],
  [
    "pad",
    () => pad(x(0), { before: [1], after: [0], mode: "edge" }),
    "mode edge takes widths 0 where its axis is empty, got before [1], after [0] for x f32[0].",
  ],
  [
    "tile",
    () => tile(x(2, 3), [2]),
    "needs a number of times for each axis of x f32[2,3], got [2].",
  ],
];

test.each(refused)("%s refuses what does not fit: %#", (op, build, rule) => {
  expect(build).toThrow(expect.objectContaining({ op, rule }));
});
