import type { RateCurve } from "@quire/train";
import type { Console } from "./console.ts";
import { table } from "./table.ts";
import type { BegunTraining } from "./tasks/task.ts";

/** Lines that a curve is shown in. */
const LINES = 20;
/** Characters of the longest bar. */
const WIDTH = 30;

/** Tries ever higher learning rates on a system, and shows what the loss does and which rate that suggests. */
export async function findRate(begun: BegunTraining, console: Console): Promise<void> {
  console.note("Trying learning rates, a batch each; what they teach is forgotten.");
  const found = await begun.withPlan((plan) => plan.findRate());
  await begun.system.release();
  console.print(`${curveText(found)}\n\n${adviceText(found)}`);
  console.result({ ...found, suggestion: found.suggestion ?? null });
}

/** The smoothed loss by rate, with bars between the lowest and the highest. */
function curveText({ curve, suggestion }: RateCurve): string {
  const stride = Math.max(1, Math.ceil(curve.length / LINES));
  const shown = curve.filter(({ rate }, i) => i % stride === 0 || rate === suggestion);
  const losses = shown.map(({ smoothed }) => smoothed);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const rows = shown.map(({ rate, smoothed }) => [
    rate.toExponential(1),
    smoothed.toPrecision(4),
    "#".repeat(1 + Math.round((WIDTH * (smoothed - low)) / (high - low || 1))) +
      (rate === suggestion ? " falls fastest" : ""),
  ]);
  const columns = [
    { title: "learning rate", align: "right" } as const,
    { title: "loss", align: "right" } as const,
    { title: "" },
  ];
  return table(columns, rows);
}

function adviceText({ suggestion }: RateCurve): string {
  return suggestion === undefined
    ? "The loss never fell: the data or the model let nothing be learnt in so few batches."
    : `The loss falls fastest at ${suggestion.toPrecision(2)}: --learning-rate ${suggestion.toPrecision(2)}`;
}
