import type { Graph } from "../graph/graph.ts";
import { verify } from "../graph/verify.ts";
import { log } from "../log.ts";
import { algebraRules } from "./algebra.ts";
import { constantRules } from "./constants.ts";
import { passingRules } from "./passing.ts";
import { productRules } from "./products.ts";
import { rewrite } from "./run.ts";
import { tidyScans } from "./scans.ts";
import { shapeRules } from "./shapes.ts";
import { shareGelu } from "./shared-gelu.ts";

/** The passes in their order; a pass repeats until none of its rules applies, so that later ones see its result. */
const passes = [
  {
    name: "simplify",
    rules: [...passingRules, ...constantRules, ...algebraRules, ...shapeRules, ...productRules],
  },
];

/** A pass that still finds something after so many rounds is stopped: its rules undo each other. */
const MOST_ROUNDS = 8;

/** The graph that computes the same values with less work. */
export function optimize(graph: Graph): Graph {
  let current = shareGelu(tidyScans(graph, optimize));
  for (const { name, rules } of passes) {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { graph: next, applied } = rewrite(current, rules);
      verify(next, { after: name });
      current = next;
      for (const [rule, times] of applied) log(() => `${name}: ${rule}, ${times} times`);
      if (applied.size === 0) break;
    }
  }
  return current;
}
