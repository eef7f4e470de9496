import type { Experiment } from "../paper.ts";
import { emoji } from "./emoji-claim.ts";
import { modulations } from "./modulation-claim.ts";
import { pixelPrior } from "./prior-claim.ts";
import { reparameterization } from "./reparameterization-claim.ts";
import { samplers } from "./samplers-claim.ts";

/** Each claim, or those that the same trainings answer. */
export const experiments: readonly Experiment[] = [
  reparameterization as Experiment,
  modulations as Experiment,
  pixelPrior as Experiment,
  samplers as Experiment,
  emoji as Experiment,
];
