import { join } from "node:path";
import type { Experiment, Paper } from "@quire/papers";
import type { Context } from "../command.ts";
import { makeFolder, writeWhole } from "../files.ts";
import { readRecord } from "../results.ts";
import { type ClaimLine, claimLines, linesTable, markdownTable, totalsOf } from "./claim-lines.ts";
import { type MeasureOptions, measurePaper, reasonOf } from "./measure-paper.ts";

/** A paper and its experiments, read when it is its turn. */
export interface PaperSource {
  readonly id: string;
  readonly load: () => Promise<{
    readonly paper: Paper;
    readonly experiments: readonly Experiment[];
  }>;
}

/**
 * Measures every paper's claims, one after another, and prints one table. A paper that fails does not stop the others.
 *
 * @returns Whether every claim was measured.
 * @throws the signal's reason when it is interrupted; the table of what was measured until then is printed.
 */
export async function reproduceAll(
  sources: readonly PaperSource[],
  options: Omit<MeasureOptions, "goOn">,
  context: Context,
): Promise<boolean> {
  const { console } = context;
  const signal = context.interruptible();
  const lines: ClaimLine[] = [];
  try {
    for (const [place, { id, load }] of sources.entries()) {
      signal.throwIfAborted();
      console.note(`${id}, ${place + 1} of ${sources.length}`);
      try {
        lines.push(...(await linesOf(await load(), options, context)));
      } catch (error) {
        if (signal.aborted) throw error;
        lines.push({
          paper: id,
          claim: "",
          outcome: "not run",
          found: reasonOf(error),
          figure: "",
        });
      }
    }
  } finally {
    if (lines.length > 0) console.print(`${linesTable(lines)}\n\n${totalsOf(lines)}`);
  }
  const path = await writeSummary(lines, options);
  console.print(`Wrote ${path} and a record of each paper beside it.`);
  console.result({ budget: options.budget, claims: lines });
  return lines.every(({ outcome }) => outcome !== "not run");
}

async function linesOf(
  { paper, experiments }: Awaited<ReturnType<PaperSource["load"]>>,
  options: Omit<MeasureOptions, "goOn">,
  context: Context,
): Promise<ClaimLine[]> {
  const chosen = { all: experiments, chosen: experiments };
  const outcome = await measurePaper(paper, chosen, { ...options, goOn: true }, context);
  const kept = experiments.length - outcome.measured - outcome.failed.length;
  if (kept > 0) {
    context.console.note(`${kept} of its experiments stand measured; --again repeats them`);
  }
  return claimLines(paper, outcome);
}

/** Writes the table of all papers from their records in a folder; claims without one are not measured. */
export async function summarize(
  sources: readonly PaperSource[],
  options: Pick<MeasureOptions, "out" | "budget">,
): Promise<void> {
  const { out, budget } = options;
  const lines: ClaimLine[] = [];
  for (const { id, load } of sources) {
    const { paper } = await load();
    const found = await readRecord(out, id);
    const record = found?.budget === budget ? found : { paper: id, budget, experiments: [] };
    lines.push(...claimLines(paper, { record, failed: [] }));
  }
  await writeSummary(lines, options);
}

async function writeSummary(
  lines: readonly ClaimLine[],
  { out, budget }: Pick<MeasureOptions, "out" | "budget">,
): Promise<string> {
  const path = join(out, "summary.md");
  await makeFolder(out);
  await writeWhole(path, markdownTable(lines, budget));
  return path;
}
