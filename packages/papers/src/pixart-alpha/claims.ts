import type { Experiment } from "../paper.ts";
import { reparameterization } from "./reparameterization-claim.ts";

/** Each claim, or those that the same trainings answer. */
export const experiments: readonly Experiment[] = [reparameterization as Experiment];
