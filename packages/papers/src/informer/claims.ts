import type { Experiment } from "../paper.ts";
import { accuracy } from "./accuracy.ts";
import { growth } from "./growth.ts";
import { onePass } from "./one-pass.ts";

/** Accuracy on two data sets, the growth of the encoder's cost, and the decoder's one pass. */
export const experiments: readonly Experiment[] = [
  accuracy as Experiment,
  growth as Experiment,
  onePass as Experiment,
];
