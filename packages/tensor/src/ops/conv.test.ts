import { checkReferences } from "../testing/references.ts";
import { conv, convTranspose } from "./conv.ts";
import { adaptiveAveragePool, averagePool, maxPool } from "./pool.ts";
import { resize } from "./resize.ts";
import { fold, unfold } from "./unfold.ts";

checkReferences(
  "conv",
  {
    conv: ([x, w, b], attributes) => conv(x, w, b, attributes),
    convTranspose: ([x, w, b], attributes) => convTranspose(x, w, b, attributes),
    maxPool: ([x], attributes) => maxPool(x, attributes),
    averagePool: ([x], attributes) => averagePool(x, attributes),
    adaptiveAveragePool: ([x], { size }) => adaptiveAveragePool(x, size),
    resize: ([x], attributes) => resize(x, attributes),
    unfold: ([x], attributes) => unfold(x, attributes),
    fold: ([x], attributes) => fold(x, attributes),
  },
  {},
);
