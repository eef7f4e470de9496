import { add, mul, sub, type Tensor, type Variable } from "@quire/tensor";

/** keep · mean + (1 - keep) · value, which becomes the variable's value. */
export function averaged(mean: Variable, keep: number | Tensor, value: Tensor): Tensor {
  const share = typeof keep === "number" ? 1 - keep : sub(1, keep);
  const next = add(mul(mean, keep), mul(value, share));
  mean.assign(next);
  return next;
}
