import { checkReferences } from "../testing/references.ts";
import { matmul } from "./linalg.ts";

checkReferences("linalg", {
  matmul: ([a, b], attributes) => matmul(a, b, attributes),
});
