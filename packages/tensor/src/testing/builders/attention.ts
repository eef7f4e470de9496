import { scaledDotProductAttention } from "../../ops/attention.ts";
import type { Family } from "../stored-case.ts";

/** Attention; the fourth operand is a mask if it is one of truths, else a bias. */
export const attentions: Family = {
  name: "attention",
  builders: {
    scaledDotProductAttention: ([q, k, v, extra], attributes) => {
      const name = extra?.dtype === "bool" ? "mask" : "bias";
      return scaledDotProductAttention(q, k, v, { ...attributes, ...(extra && { [name]: extra }) });
    },
  },
};
