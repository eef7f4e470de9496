import type { Experiment } from "../paper.ts";
import { exactness } from "./exactness.ts";
import { speed } from "./speed.ts";
import { training } from "./training.ts";

/** Exact conversion, equal training, and the speed of the three forms. */
export const experiments: readonly Experiment[] = [
  exactness as Experiment,
  training as Experiment,
  speed as Experiment,
];
