import type { Budget, Paper } from "@quire/papers";
import { duration } from "../numbers.ts";
import { type Column, table } from "../table.ts";
import type { PaperOutcome } from "./measure-paper.ts";

/** What became of a claim: a line of the table of all papers. */
export interface ClaimLine {
  readonly paper: string;
  readonly claim: string;
  readonly outcome: "holds" | "does not hold" | "not run";
  /** What was found, or why it did not run. */
  readonly found: string;
  readonly figure: string;
  /** Of the experiment, divided among the claims that it answers; none where it did not run. */
  readonly seconds?: number;
  /** When it was measured, and of which sources. */
  readonly measured?: string;
}

/** What a claim may take on two quiet cores. */
const LIMIT = 180;

/** The lines of a paper's claims, in the paper's order. */
export function claimLines(
  { id, claims }: Paper,
  { record, failed }: Pick<PaperOutcome, "record" | "failed">,
): ClaimLine[] {
  return claims.map(({ id: claim, figure }) => {
    const own = { paper: id, claim, figure };
    const failure = failed.find(({ claims: missing }) => missing.includes(claim));
    if (failure) return { ...own, outcome: "not run", found: failure.reason };
    const experiment = record.experiments.find(({ claims: answered }) => answered.includes(claim));
    const verdict = experiment?.verdicts.find(({ claim: judged }) => judged === claim);
    if (!experiment || !verdict) {
      return { ...own, outcome: "not run", found: "Not measured." };
    }
    const { holds, found } = verdict;
    const seconds = experiment.seconds / experiment.claims.length;
    const measured = [experiment.date.slice(0, 10), experiment.grounds.commit?.slice(0, 7) ?? ""];
    const outcome = holds ? "holds" : "does not hold";
    return { ...own, outcome, found, seconds, measured: measured.join(" ").trim() };
  });
}

const columns: readonly Column[] = [
  { title: "paper" },
  { title: "claim" },
  { title: "here" },
  { title: "found", width: 60 },
  { title: "the paper's figure", width: 40 },
  { title: "seconds", align: "right" },
];

/** The lines as a table for a terminal. */
export function linesTable(lines: readonly ClaimLine[]): string {
  return table(columns, lines.map(cellsOf));
}

function cellsOf({ paper, claim, outcome, found, figure, seconds }: ClaimLine): string[] {
  return [paper, claim, outcome, found, figure, seconds === undefined ? "" : seconds.toFixed(0)];
}

/** How many claims hold, do not and did not run, what all took, and which took too long. */
export function totalsOf(lines: readonly ClaimLine[]): string {
  const count = (outcome: ClaimLine["outcome"]): number =>
    lines.filter((line) => line.outcome === outcome).length;
  const seconds = lines.reduce((sum, line) => sum + (line.seconds ?? 0), 0);
  const slow = lines.filter((line) => (line.seconds ?? 0) > LIMIT);
  const longer = slow.map(({ paper, claim }) => `${paper} ${claim}`).join(", ");
  const notHolding = count("does not hold");
  const totals =
    `${lines.length} claims: ${count("holds")} hold, ${notHolding} ${notHolding === 1 ? "does" : "do"} not hold, ` +
    `${count("not run")} not run. Measuring took ${duration(seconds)}.`;
  return slow.length === 0 ? totals : `${totals}\nLonger than three minutes: ${longer}.`;
}

/** The lines as a table for a page. */
export function markdownTable(lines: readonly ClaimLine[], budget: Budget): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const titles = [...columns.map(({ title }) => title), "measured"];
  const rule = [...columns.map(({ align }) => (align === "right" ? "---:" : "---")), "---"];
  const command = `quire reproduce --all${budget === "quick" ? " --quick" : ""}`;
  const notes = [
    `Written by \`${command}\`; each paper's record beside it says on what machine and with which seeds. Seconds are ` +
      "those of the experiment, divided among the claims that it answers.",
    ...(budget === "quick" ? ["A glance that shows that it runs: the numbers mean little."] : []),
  ];
  const cells = lines.map((line) => [...cellsOf(line), line.measured ?? ""]);
  const rows = [titles, rule, ...cells].map(row).join("\n");
  return `# Claims, measured\n\n${notes.join("\n")}\n\n${rows}\n\n${totalsOf(lines)}\n`;
}
