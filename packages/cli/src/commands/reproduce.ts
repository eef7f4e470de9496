import { join } from "node:path";
import type { Layer } from "@quire/nn";
import {
  type Experiment,
  type ExperimentResult,
  type ImageClassificationPaper,
  ImageClassifier,
  type ImageModelDescription,
  meanOf,
} from "@quire/papers";
import { type Context, command, type sharedOptions } from "../command.ts";
import { UsageError } from "../errors.ts";
import { makeFolder, writeWhole } from "../files.ts";
import { commit, type Machine, machine, versions } from "../machine.ts";
import { suggestion } from "../nearest.ts";
import { count, duration, percentOver } from "../numbers.ts";
import { flag, text, type Values, wholes, withDefault } from "../option.ts";
import { loadExperiments, loadPaper } from "../papers.ts";
import { experimentReport } from "../report/experiment-report.ts";
import { runFiles, writeConfig } from "../run-folder.ts";
import { exportClassifier, saveWeights } from "../saving.ts";
import { table, wrapped } from "../table.ts";

const options = {
  claim: text("ID", "Measure this claim only"),
  seeds: wholes("Seeds to train with; the experiment's own unless said"),
  quick: flag("A glance that shows that it runs: less data, one seed; the numbers mean little"),
  out: withDefault(text("FOLDER", "Folder of the results"), "results"),
};

type ReproduceOptions = Values<typeof options & typeof sharedOptions>;

/** Measures a paper's claims again. */
export const reproduceCommand = command({
  name: "reproduce",
  summary: "Measure a paper's claims again: its system against the paper's own baselines",
  arguments: [{ name: "PAPER", summary: "The paper's id, such as cct" }],
  options,
  examples: [
    "quire reproduce cct",
    "quire reproduce cct --quick",
    "quire reproduce cct --seeds 4,5",
  ],
  run: async ([id = ""], given, context) => {
    const paper = await loadPaper(id);
    const experiments = chosen(paper, await loadExperiments(id), given.claim);
    await makeFolder(join(given.out, id));
    const started = new Date();
    const results: ExperimentResult[] = [];
    const seeds = new Set<number>();
    for (const experiment of experiments) {
      const used = seedsFor(experiment, given);
      for (const seed of used) seeds.add(seed);
      const result = await measured(experiment, used, given, context);
      results.push(onlyClaim(result, given.claim));
      context.console.print(resultText(paper, results.at(-1) as ExperimentResult));
    }
    const seconds = (Date.now() - started.getTime()) / 1000;
    const record = recordOf({ paper, results, given, seeds: [...seeds], started, seconds });
    await keep(paper, results, record, { out: given.out, words: context.words });
    context.console.print(
      `\nTook ${duration(seconds)}. Wrote ${join(given.out, `${id}.json`)}, and ${runFiles.model}, ` +
        `${runFiles.onnx} and ${runFiles.report} to ${join(given.out, id)}.`,
    );
    context.console.result(record);
  },
});

function chosen(
  { id, claims }: ImageClassificationPaper,
  experiments: readonly Experiment[],
  claim: string | undefined,
): readonly Experiment[] {
  if (claim === undefined) return experiments;
  const ids = claims.map((known) => known.id);
  if (!ids.includes(claim)) {
    const end = suggestion(claim, ids, `"quire show ${id}" lists them.`);
    throw new UsageError(`unknown claim ${claim} of ${id}${end}`);
  }
  return experiments.filter((experiment) => experiment.claims.includes(claim));
}

/** The seeds said; else the experiment's, moved by `--seed`, of which a glance takes one. */
function seedsFor({ seeds }: Experiment, { seeds: said, seed, quick }: ReproduceOptions): number[] {
  if (said) return [...said];
  const moved = seeds.map((own) => own + seed);
  return quick ? moved.slice(0, 1) : moved;
}

async function measured(
  experiment: Experiment,
  seeds: readonly number[],
  { quick }: ReproduceOptions,
  { console, interruptible }: Context,
): Promise<ExperimentResult> {
  const budget = quick ? "quick" : "full";
  const data = await experiment.load(budget);
  const progress = console.progress("measuring");
  const onProgress = (now: { share: number; doing: string; loss?: number }): void => {
    const loss = now.loss === undefined ? "" : `, loss ${now.loss.toFixed(3)}`;
    progress.update(now.share, now.doing + loss);
  };
  return await experiment
    .measure({ data, seeds, budget, signal: interruptible(), onProgress })
    .finally(progress.finish);
}

function onlyClaim(result: ExperimentResult, claim: string | undefined): ExperimentResult {
  if (claim === undefined) return result;
  return { ...result, verdicts: result.verdicts.filter((verdict) => verdict.claim === claim) };
}

function resultText(
  { claims }: ImageClassificationPaper,
  { rows, metric, verdicts }: ExperimentResult,
): string {
  const columns = [
    { title: "system" },
    { title: "parameters", align: "right" } as const,
    { title: metric, align: "right" } as const,
    { title: "time a run", align: "right" } as const,
    { title: "the paper's figure" },
  ];
  const lines = rows.map(({ system, parameters, metrics, seconds, figure }) => [
    system,
    count(parameters),
    percentOver(metrics[metric] ?? []),
    duration(meanOf(seconds)),
    figure ?? "",
  ]);
  const outcomes = verdicts.map(({ claim, holds, found, rule }) => {
    const stated = claims.find(({ id }) => id === claim);
    return [
      `${holds ? "HOLDS" : "DOES NOT HOLD"}  ${claim}`,
      wrapped(stated?.statement ?? "", "  "),
      wrapped(`The paper: ${stated?.figure ?? ""}`, "  "),
      wrapped(`Here: ${found}`, "  "),
      wrapped(`Rule: ${rule}`, "  "),
    ].join("\n");
  });
  return [table(columns, lines), ...outcomes].join("\n\n");
}

interface ResultRecord {
  readonly paper: string;
  readonly date: string;
  readonly seconds: number;
  readonly budget: "full" | "quick";
  readonly seeds: readonly number[];
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit?: string;
  readonly experiments: readonly Pick<ExperimentResult, "metric" | "rows" | "verdicts">[];
}

function recordOf(made: {
  readonly paper: ImageClassificationPaper;
  readonly results: readonly ExperimentResult[];
  readonly given: ReproduceOptions;
  readonly seeds: readonly number[];
  readonly started: Date;
  readonly seconds: number;
}): ResultRecord {
  const { paper, results, given, seeds, started, seconds } = made;
  const sources = commit();
  return {
    paper: paper.id,
    date: started.toISOString(),
    seconds,
    budget: given.quick ? "quick" : "full",
    seeds,
    machine: machine(),
    versions: versions(),
    ...(sources === undefined ? {} : { commit: sources }),
    experiments: results.map(({ metric, rows, verdicts }) => ({ metric, rows, verdicts })),
  };
}

async function keep(
  paper: ImageClassificationPaper,
  results: readonly ExperimentResult[],
  record: ResultRecord,
  { out, words }: { readonly out: string; readonly words: readonly string[] },
): Promise<void> {
  const folder = join(out, paper.id);
  const trained = results[0]?.trained;
  if (trained) {
    const description = trained.description as ImageModelDescription;
    const classifier = new ImageClassifier(trained.model as Layer, description);
    await writeConfig(folder, { model: description, words });
    await saveWeights(folder, classifier);
    await exportClassifier(join(folder, runFiles.onnx), classifier);
  }
  const facts = [
    ["date", record.date],
    ["processor", `${record.machine.processor}, ${record.machine.cores} cores`],
    ["memory", `${record.machine.memoryGiB} GiB`],
    ["system", record.machine.system],
    ...Object.entries(record.versions),
    ["commit", record.commit ?? "none"],
    ["seeds", record.seeds.join(", ")],
    ["budget", record.budget],
  ] as [string, string][];
  const report = await experimentReport({ paper, facts, results });
  await writeWhole(join(folder, runFiles.report), report);
  await writeWhole(join(out, `${paper.id}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
