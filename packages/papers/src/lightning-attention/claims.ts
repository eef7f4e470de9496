import type { Experiment } from "../paper.ts";
import { exactness } from "./exactness.ts";
import { lossOnBrown } from "./loss-on-brown.ts";
import { speed } from "./speed.ts";

/** Measures the three claims, each by runs of its own. */
export const experiments: readonly Experiment[] = [exactness, speed, lossOnBrown];
