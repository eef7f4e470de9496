import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { text, withDefault } from "../option.ts";
import { comparisonReport } from "../report/comparison-report.ts";
import { summaryOf } from "../run-summary.ts";

/** Compares runs in one page. */
export const reportCommand = command({
  name: "report",
  summary: "Compare runs in one page: their curves over each other, and where they differ",
  arguments: [{ name: "RUN,RUN,...", summary: "Folders of runs, or their names in runs" }],
  options: { out: withDefault(text("FILE", "Where to write the page"), "comparison.html") },
  examples: ["quire report cct-1,cct-2", "quire report runs/cct-1,runs/cct-2 --out both.html"],
  run: async ([given = ""], { out }, { console }) => {
    const names = given.split(",").filter((name) => name !== "");
    if (names.length === 0) throw new UsageError("report needs runs: quire report cct-1,cct-2.");
    const runs = names.map(summaryOf);
    await checkWritable(out);
    await writeWhole(out, await comparisonReport(runs));
    console.print(`Wrote ${out}: ${runs.map(({ folder }) => folder).join(", ")}.`);
    console.result({ file: out, runs: runs.map(({ folder }) => folder) });
  },
});
