import { attentions } from "./builders/attention.ts";
import { convolutions } from "./builders/conv.ts";
import { elementwise } from "./builders/elementwise.ts";
import { indexing } from "./builders/indexing.ts";
import { products } from "./builders/linalg.ts";
import { movements } from "./builders/movement.ts";
import { norms } from "./builders/norm.ts";
import { reductions } from "./builders/reduce.ts";
import { recurrences } from "./builders/scan.ts";
import type { Family } from "./stored-case.ts";

/** All families that have a file of references. */
export const families: readonly Family[] = [
  attentions,
  convolutions,
  elementwise,
  indexing,
  movements,
  norms,
  products,
  recurrences,
  reductions,
];
