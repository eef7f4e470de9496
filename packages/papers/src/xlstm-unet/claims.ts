import type { Experiment } from "../paper.ts";
import { brainExperiments } from "./brain.ts";
import { cells } from "./cells.ts";
import { exactness } from "./exactness.ts";
import { farMarkerExperiment } from "./far-marker.ts";

/** Measures the five claims, each by runs of its own. */
export const experiments: readonly Experiment[] = [
  exactness,
  farMarkerExperiment,
  ...brainExperiments,
  cells,
];
