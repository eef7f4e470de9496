import type { ExperimentResult } from "@quire/papers";
import type { DrawnExperiment } from "../components/claims.tsx";
import type { PaperContent } from "../components/paper-page.tsx";
import type { Entry } from "../entry.ts";
import { type Block, blocksOf } from "../system/blocks.ts";
import { forwardPass } from "../system/forward.ts";
import type { MeasuredPaper, RunningPaper } from "./catalogue.ts";
import { type Highlighter, notedFiles } from "./notes.ts";
import { usageOf } from "./usage.ts";
import type { Draw } from "./write-site.tsx";

/** What a page's content is gathered from. */
export interface ContentSources {
  readonly entry: Entry;
  readonly neighbours: readonly Entry[];
  readonly running: RunningPaper;
  readonly draw: Draw;
  readonly highlight: Highlighter;
}

/** Gathers all that a running paper's page shows. */
export async function contentOf(sources: ContentSources): Promise<PaperContent> {
  const { entry, neighbours, running, draw, highlight } = sources;
  const { paper, folder, measured } = running;
  const experiments: DrawnExperiment[] = [];
  for (const experiment of measured?.experiments ?? []) {
    experiments.push(await drawn(experiment, draw));
  }
  return {
    ...{ entry, neighbours, paper, experiments },
    system: systemOf(running),
    files: notedFiles(folder, highlight),
    usage: usageOf(paper, highlight),
  };
}

/** The system at its first size, drawn from its graph; a method has none. */
function systemOf({ paper, build }: RunningPaper): Block | undefined {
  const preset = Object.values(paper.presets)[0];
  if (!preset || paper.task === "method") return undefined;
  const model = build(preset.options, preset.target);
  return blocksOf(model, forwardPass(paper.task, model, preset.target));
}

async function drawn(
  experiment: MeasuredPaper["experiments"][number],
  draw: Draw,
): Promise<DrawnExperiment> {
  const { verdicts, date, seeds, seconds, figures = [] } = experiment;
  const result: ExperimentResult = experiment;
  const parts = [{ title: "Systems", html: draw.systems(result) }];
  for (const figure of figures) {
    parts.push({ title: figure.title, html: await draw.figure(figure) });
  }
  const curves = await draw.curves(result);
  if (curves !== "") parts.push({ title: "Learning curves", html: curves });
  const several = seeds.length === 1 ? "one seed" : `${seeds.length} seeds`;
  const facts = `${several}, ${Math.round(seconds)} s, ${date.slice(0, 10)}`;
  return { verdicts, facts, parts };
}
