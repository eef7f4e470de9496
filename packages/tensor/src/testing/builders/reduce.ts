import { argmax, argmin } from "../../ops/argmax.ts";
import { all, any, logSumExp, max, mean, min, prod, sum, variance } from "../../ops/reduce.ts";
import type { Family } from "../stored-case.ts";

/** Cases whose values tie or are infinite, so that a step changes who wins, or so large that it is rounded off. */
const kinks = new Set(["logSumExp: edge", "max: edge", "min: edge"]);

/** Reductions. */
export const reductions: Family = {
  name: "reduce",
  builders: {
    all: ([x], options) => all(x, options),
    any: ([x], options) => any(x, options),
    argmax: ([x], options) => argmax(x, options),
    argmin: ([x], options) => argmin(x, options),
    logSumExp: ([x], options) => logSumExp(x, options),
    max: ([x], options) => max(x, options),
    mean: ([x], options) => mean(x, options),
    min: ([x], options) => min(x, options),
    prod: ([x], options) => prod(x, options),
    sum: ([x], options) => sum(x, options),
    variance: ([x], options) => variance(x, options),
  },
  kinked: ({ op, label }) => kinks.has(`${op}: ${label}`),
};
