import type { Experiment } from "../paper.ts";
import { identityExperiment } from "./identity-claim.ts";

/** Measures every claim, each by runs of its own. */
export const experiments: readonly Experiment[] = [identityExperiment];
