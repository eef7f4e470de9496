import type { Experiment } from "../paper.ts";
import { accuracy } from "./accuracy.ts";

/** Accuracy on two data sets. */
export const experiments: readonly Experiment[] = [accuracy as Experiment];
