import type { OutputDifference } from "@quire/papers/output-difference";
import type { Evaluation } from "../tasks/task.ts";

/** A difference as an evaluation shows it. */
export function differenceMetrics({ largest, relative }: OutputDifference): Evaluation["metrics"] {
  return [
    { name: "largestDifference", as: "number", better: "lower", value: largest },
    { name: "relativeDifference", as: "number", better: "lower", value: relative },
  ];
}
