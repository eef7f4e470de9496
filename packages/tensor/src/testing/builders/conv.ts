import { conv as convolve, convTranspose } from "../../ops/conv.ts";
import { adaptiveAveragePool, averagePool, maxPool } from "../../ops/pool.ts";
import { resize } from "../../ops/resize.ts";
import { fold, unfold } from "../../ops/unfold.ts";
import type { Family } from "../stored-case.ts";

/** Convolutions, pools, resizing and patches. */
export const convolutions: Family = {
  name: "conv",
  builders: {
    conv: ([x, weight, bias], attributes) => convolve(x, weight, bias, attributes),
    convTranspose: ([x, weight, bias], attributes) => convTranspose(x, weight, bias, attributes),
    maxPool: ([x], attributes) => maxPool(x, attributes),
    averagePool: ([x], attributes) => averagePool(x, attributes),
    adaptiveAveragePool: ([x], { size }) => adaptiveAveragePool(x, size),
    resize: ([x], attributes) => resize(x, attributes),
    unfold: ([x], attributes) => unfold(x, attributes),
    fold: ([x], attributes) => fold(x, attributes),
  },
};
