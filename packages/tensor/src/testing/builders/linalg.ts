import { einsum } from "../../ops/einsum.ts";
import { dot, matmul, outer } from "../../ops/linalg.ts";
import type { Family } from "../stored-case.ts";

/** Products of matrices. */
export const products: Family = {
  name: "linalg",
  builders: {
    dot: ([a, b]) => dot(a, b),
    einsum: (operands, { equation }) => einsum(equation, ...operands),
    matmul: ([a, b], attributes) => matmul(a, b, attributes),
    outer: ([a, b]) => outer(a, b),
  },
};
