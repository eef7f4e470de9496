import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import type { Experiment, Paper } from "@quire/papers";
import { defaultRuntime } from "@quire/tensor";
import { type Context, command, type sharedOptions } from "../command.ts";
import { UsageError } from "../errors.ts";
import { checkWritable } from "../files.ts";
import { suggestion } from "../nearest.ts";
import { duration } from "../numbers.ts";
import { flag, text, type Values, whole, wholes } from "../option.ts";
import { loadExperiments, loadPaper, paperIds } from "../papers.ts";
import { type MeasureOptions, measurePaper, placesOf } from "../reproduction/measure-paper.ts";
import { reproduceAll, summarize } from "../reproduction/reproduce-all.ts";
import { RESULTS, resultText } from "../results.ts";

const options = {
  all: flag("Measure every paper, one after another; what stands measured is not measured again"),
  again: flag("With --all: measure what stands measured as well"),
  claim: text("ID", "Measure this claim only"),
  jobs: whole("Processes that share the trainings; one a core of the processor unless said", {
    from: 1,
    to: 256,
  }),
  seeds: wholes("Seeds to train with; the experiment's own unless said"),
  quick: flag("A glance that shows that it runs: less data, one seed; the numbers mean little"),
  out: text("FOLDER", "Folder of the results (results unless said, results/quick for a glance)"),
};

type ReproduceOptions = Values<typeof options & typeof sharedOptions>;

/** Measures a paper's claims again, or those of all papers. */
export const reproduceCommand = command({
  name: "reproduce",
  computes: true,
  summary: "Measure a paper's claims again: its system against the paper's own baselines",
  arguments: [{ name: "PAPER", summary: "The paper's id, such as cct", optional: true }],
  options,
  examples: [
    "quire reproduce cct",
    "quire reproduce cct --quick",
    "quire reproduce cct --seeds 4,5",
    "quire reproduce --all",
  ],
  run: async ([id], given, context) => {
    const out = given.out ?? (given.quick ? join(RESULTS, "quick") : RESULTS);
    checkCall(id, given);
    await checkWritable(out);
    const { seeds, seed, quick, again } = given;
    const jobs = await jobsOf(given.jobs);
    const how = { budget: quick ? "quick" : "full", seeds, seed, out, jobs } as const;
    if (id === undefined) {
      const isWhole = await reproduceAll(sourcesOf(), { ...how, keep: !again }, context);
      if (!isWhole) context.fail();
    } else {
      await reproduceOne(id, given.claim, { ...how, keep: false, goOn: false }, context);
    }
  },
});

function checkCall(id: string | undefined, { all, again, claim }: ReproduceOptions): void {
  if (id === undefined && !all) {
    throw new UsageError('reproduce needs a PAPER, or --all; "quire list" shows all papers.');
  }
  if (id !== undefined && all) {
    throw new UsageError(`reproduce takes a PAPER or --all, not both: leave out ${id} or --all.`);
  }
  if (claim !== undefined && all) {
    throw new UsageError("--claim goes with a PAPER: name the paper, or leave --claim out.");
  }
  if (again && !all) {
    throw new UsageError(
      "--again goes with --all: a PAPER that is named is always measured again.",
    );
  }
}

/** What a process takes of the memory at most, in GiB. */
const PROCESS_MEMORY = 2;

/** How many processes share the trainings: those that were said, else as many as the processor and the memory bear. */
async function jobsOf(said: number | undefined): Promise<number> {
  const { isHostMemory } = await defaultRuntime();
  if (!isHostMemory) {
    if (said === undefined || said === 1) return 1;
    throw new UsageError("--jobs shares the processor's cores: leave it out with another device.");
  }
  // A container may have less than the machine; where it has no bound, none or one beyond all memory is told.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const bearable = Math.floor(memory / 2 ** 30 / PROCESS_MEMORY);
  return said ?? Math.max(1, Math.min(availableParallelism(), bearable));
}

function sourcesOf() {
  return paperIds().map((id) => ({
    id,
    load: async () => ({ paper: await loadPaper(id), experiments: await loadExperiments(id) }),
  }));
}

async function reproduceOne(
  id: string,
  claim: string | undefined,
  how: MeasureOptions,
  context: Context,
): Promise<void> {
  const paper = await loadPaper(id);
  const all = await loadExperiments(id);
  const chosen = chosenOf(paper, all, claim);
  let seconds = 0;
  const { record, files } = await measurePaper(
    paper,
    { all, chosen },
    {
      ...how,
      onMeasured: (measured) => {
        seconds += measured.seconds;
        const verdicts = measured.verdicts.filter(
          (verdict) => claim === undefined || verdict.claim === claim,
        );
        context.console.print(resultText(paper, { ...measured, verdicts }));
      },
    },
    context,
  );
  await summarize(sourcesOf(), how);
  context.console.print(`\nTook ${duration(seconds)}. ${placesOf(paper, how.out, files)}`);
  context.console.result(record);
}

function chosenOf(
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
