import { mean, sum, type Tensor } from "@quire/tensor";

/** What is left of the losses of single items: their mean, their sum, or all of them. */
export type Reduction = "mean" | "sum" | "none";

/** Reduces losses of single items. `[...] -> []`, or `[...]` where nothing is to be reduced. */
export function reduced(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" ? sum(losses) : mean(losses);
}
