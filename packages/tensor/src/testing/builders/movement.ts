import { concat, roll, split, stack } from "../../ops/join.ts";
import { expand, reshape, squeeze, transpose, unsqueeze } from "../../ops/movement.ts";
import { pad } from "../../ops/pad.ts";
import { rearrange } from "../../ops/rearrange.ts";
import { flip, slice } from "../../ops/slice.ts";
import { tile } from "../../ops/tile.ts";
import type { Family } from "../stored-case.ts";

/** What moves elements without computing. */
export const movements: Family = {
  name: "movement",
  builders: {
    reshape: ([x], { shape }) => reshape(x, shape),
    transpose: ([x], { permutation }) => transpose(x, permutation),
    slice: ([x], { starts, ends, axes, steps }) => slice(x, starts, ends, { axes, steps }),
    concat: (tensors, { axis }) => concat(tensors, axis),
    stack: (tensors, { axis }) => stack(tensors, axis),
    split: ([x], { axis, sizes }) => split(x, sizes, axis),
    pad: ([x], attributes) => pad(x, attributes),
    expand: ([x], { shape }) => expand(x, shape),
    tile: ([x], { repeats }) => tile(x, repeats),
    flip: ([x], { axes }) => flip(x, axes),
    roll: ([x], { shifts, axes }) => roll(x, shifts, axes),
    squeeze: ([x], { axes }) => squeeze(x, axes),
    unsqueeze: ([x], { axes }) => unsqueeze(x, axes),
    rearrange: ([x], { pattern, sizes }) => rearrange(x, pattern, sizes),
  },
};
