import { add, mul, stopGradient, sub, type Tensor } from "@quire/tensor";

/** A sum that is carried along, and what rounding has taken from it. */
export interface CarriedSum {
  readonly sums: Tensor;
  readonly lost: Tensor;
}

/**
 * A sum that fades and to which something is added, with what rounding took the time before (Kahan 1965). Carried sums
 * grow as a random walk with the length while what queries read of them may be near 0: their rounding would be all
 * that is left. No gradient goes through what was lost, of which there is none in numbers without rounding.
 */
export function fadedSum({ sums, lost }: CarriedSum, kept: Tensor, added: Tensor): CarriedSum {
  const before = mul(sums, kept);
  const mended = add(added, stopGradient(mul(lost, kept)));
  const after = add(before, mended);
  return { sums: after, lost: stopGradient(sub(mended, sub(after, before))) };
}
