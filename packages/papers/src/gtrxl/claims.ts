import type { Experiment } from "../paper.ts";
import { identityExperiment } from "./identity-claim.ts";
import { memoryExperiment } from "./memory-claim.ts";
import { reactiveExperiment } from "./reactive-claim.ts";
import { stabilityExperiment } from "./stability-claim.ts";

/** Measures every claim, each by runs of its own. */
export const experiments: readonly Experiment[] = [
  memoryExperiment,
  stabilityExperiment,
  reactiveExperiment,
  identityExperiment,
] as readonly Experiment[];
