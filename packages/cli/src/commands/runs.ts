import { rm } from "node:fs/promises";
import { command } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { writing } from "../files.ts";
import { metricText, spaced } from "../metric-text.ts";
import { flag, names, text, withDefault } from "../option.ts";
import { RUNS } from "../run-folder.ts";
import { differencesOf, type RunSummary, runsIn, summaryOf } from "../run-summary.ts";
import { table } from "../table.ts";

/** Lists, compares and deletes runs. */
export const runsCommand = command({
  name: "runs",
  summary: "List the runs of a folder; compare some, or delete them",
  arguments: [],
  options: {
    out: withDefault(text("FOLDER", "Folder of the runs"), RUNS),
    compare: names("Runs whose configurations and results are set side by side"),
    delete: names("Runs that are deleted for good"),
    yes: flag("Delete without asking for this option"),
  },
  examples: [
    "quire runs",
    "quire runs --compare cct-1,cct-2",
    "quire runs --delete cct-1,cct-2 --yes",
  ],
  run: async (_given, { out, compare, delete: doomed, yes }, { console }) => {
    if (doomed) await deleteRuns(doomed, yes, console);
    else if (compare) showComparison(compare.map(summaryOf), console);
    else showList(out, console);
  },
});

function showList(folder: string, console: Console): void {
  const { runs, damaged } = runsIn(folder);
  const columns = ["run", "paper", "preset", "begun", "epochs", "state", "best"].map((title) => ({
    title,
  }));
  const rows = runs.map((run) => {
    const { folder: path, config, points, state, best } = run;
    const epochs = config.training?.recipe.epochs;
    return [
      ...[path, config.model.paper, config.model.preset ?? ""],
      config.written.slice(0, 16).replace("T", " "),
      `${points.length}${epochs === undefined ? "" : ` of ${epochs}`}`,
      state === "early" ? "ended early" : state,
      best ? `${spaced(best.metric.name)} ${metricText(best.value, best.metric.as)}` : "",
    ];
  });
  const empty = `No runs in "${folder}" yet: quire train makes them.`;
  console.print(rows.length === 0 ? empty : table(columns, rows));
  for (const { folder: path, why } of damaged) console.note(`${path}: ${why}`);
  console.result({ runs: runs.map(plain), damaged });
}

function plain({ folder, config, points, state, best }: RunSummary): object {
  const { paper, preset, task } = config.model;
  const value = best && { metric: best.metric.name, value: best.value, epoch: best.epoch };
  return {
    run: folder,
    paper,
    preset,
    task,
    begun: config.written,
    epochs: points.length,
    state,
    best: value,
  };
}

function showComparison(runs: readonly RunSummary[], console: Console): void {
  if (runs.length < 2)
    throw new UsageError("--compare takes two runs or more: --compare cct-1,cct-2.");
  const columns = ["", ...runs.map(({ folder }) => folder)].map((title) => ({ title }));
  const differences = differencesOf(runs);
  const metrics = [
    ...new Set(runs.flatMap(({ points }) => Object.keys(points.at(-1)?.values ?? {}))),
  ];
  const last = metrics.map((name) => [
    `last ${spaced(name)}`,
    ...runs.map(({ points }) => String(points.at(-1)?.values[name] ?? "")),
  ]);
  const rows = [...differences.map(([path, values]) => [path, ...values]), ...last];
  console.print(table(columns, rows));
  console.result({
    runs: runs.map(plain),
    differences: Object.fromEntries(differences),
    last: runs.map(({ points }) => points.at(-1)?.values ?? {}),
  });
}

async function deleteRuns(
  given: readonly string[],
  isSure: boolean,
  console: Console,
): Promise<void> {
  const folders = given.map((run) => summaryOf(run).folder);
  if (!isSure) {
    throw new UsageError(`this deletes ${folders.join(" and ")} for good: add --yes to do it.`);
  }
  for (const folder of folders) await writing(folder, () => rm(folder, { recursive: true }));
  console.print(`Deleted ${folders.join(", ")}.`);
  console.result({ deleted: folders });
}
