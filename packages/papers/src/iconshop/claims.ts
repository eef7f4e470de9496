import type { Experiment } from "../paper.ts";
import { infill } from "./infill.ts";
import { points } from "./points.ts";
import { realIcons } from "./real-icons.ts";
import { roundTrip } from "./round-trip.ts";

/** Measures all claims, each by runs of its own. */
export const experiments: readonly Experiment[] = [roundTrip, points, infill, realIcons];
