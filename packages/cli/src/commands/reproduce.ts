import { join } from "node:path";
import type { Experiment, ExperimentResult, Paper } from "@quire/papers";
import { type Context, command, type sharedOptions } from "../command.ts";
import { UsageError } from "../errors.ts";
import { checkWritable, makeFolder } from "../files.ts";
import { suggestion } from "../nearest.ts";
import { duration } from "../numbers.ts";
import { flag, text, type Values, wholes, withDefault } from "../option.ts";
import { loadExperiments, loadPaper } from "../papers.ts";
import { keepResults, recordOf, resultText } from "../results.ts";
import { runFiles } from "../run-folder.ts";

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
    await checkWritable(given.out);
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
    const budget = given.quick ? "quick" : "full";
    const record = recordOf({ paper, results, budget, seeds: [...seeds], started, seconds });
    await makeFolder(join(given.out, id));
    await keepResults(paper, results, record, { out: given.out, words: context.words });
    context.console.print(
      `\nTook ${duration(seconds)}. Wrote ${join(given.out, `${id}.json`)}, and ${runFiles.model}, ` +
        `${runFiles.onnx} and ${runFiles.report} to ${join(given.out, id)}.`,
    );
    context.console.result(record);
  },
});

function chosen(
  { id, claims }: Paper,
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
