import type { Experiment } from "../paper.ts";
import { accuracy } from "./accuracy.ts";
import { cost } from "./cost.ts";

/** Accuracy on two data sets, and what a training step costs. */
export const experiments: readonly Experiment[] = [accuracy as Experiment, cost as Experiment];
