import { command } from "../command.ts";
import { metricText, spaced } from "../metric-text.ts";
import { count } from "../numbers.ts";
import { required, text } from "../option.ts";
import { openRun } from "../run-folder.ts";
import { table } from "../table.ts";
import type { Evaluation } from "../tasks/task.ts";

/** Measures a trained run on data whose answers are known. */
export const evaluateCommand = command({
  name: "evaluate",
  computes: true,
  summary: "Measure a trained run on data whose answers are known, with 95 % intervals",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options: { data: required(text("DATA", "Data of the form that the run was trained on")) },
  examples: [
    "quire evaluate runs/cct-1 --data test-pictures",
    "quire evaluate cct-1 --data new --json",
  ],
  run: async ([name = ""], { data, seed }, { console }) => {
    const { folder, config, task, system } = await openRun(name);
    const options = config.training?.options ?? {};
    const found = await task.evaluate.run(system, data, { folder, options, seed, console });
    await system.release();
    console.print(evaluationText(found));
    console.result({ run: folder, data, ...found });
  },
});

function evaluationText({ count: number, what, metrics }: Evaluation): string {
  const columns = [
    { title: "metric" },
    { title: "value", align: "right" } as const,
    { title: "95 % interval", align: "right" } as const,
  ];
  const rows = metrics.map(({ name, as, value, interval }) => [
    spaced(name),
    metricText(value, as),
    interval ? interval.map((end) => metricText(end, as)).join(" to ") : "",
  ]);
  return `${table(columns, rows)}\nMeasured on ${count(number)} ${what}.`;
}
