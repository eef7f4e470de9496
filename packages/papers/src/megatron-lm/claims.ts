import type { Experiment } from "../paper.ts";
import { exactness } from "./exactness.ts";
import { shares } from "./shares.ts";

/** Measures the three claims, two of them by the same runs. */
export const experiments: readonly Experiment[] = [exactness, shares];
