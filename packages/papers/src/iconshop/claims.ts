import type { Experiment } from "../paper.ts";
import { roundTrip } from "./round-trip.ts";

/** Measures all claims, each by runs of its own. */
export const experiments: readonly Experiment[] = [roundTrip];
