import type { Paper } from "@quire/papers";
import type { NotedFile } from "../build/notes.ts";
import type { Usage } from "../build/usage.ts";
import type { Entry } from "../entry.ts";
import type { Block } from "../system/blocks.ts";
import { BlockDiagram } from "./block-diagram.tsx";
import { Citation } from "./citation.tsx";
import { Claims, type DrawnExperiment } from "./claims.tsx";
import { NotedSources } from "./noted-sources.tsx";
import { PaperHead } from "./paper-head.tsx";
import { Presets } from "./presets.tsx";
import { UsageView } from "./usage-view.tsx";

/** All that a running paper's page shows. */
export interface PaperContent {
  readonly entry: Entry;
  readonly paper: Paper;
  readonly system: Block | undefined;
  readonly files: readonly NotedFile[];
  readonly usage: Usage;
  readonly experiments: readonly DrawnExperiment[];
  readonly neighbours: readonly Entry[];
}

/** The page of a paper that runs. */
export function PaperPage({ content }: { readonly content: PaperContent }) {
  const { entry, paper, system, files, usage, experiments } = content;
  const sections = sectionsOf(content);
  return (
    <div class="paper">
      <PaperHead entry={entry} neighbours={content.neighbours} />
      <nav class="toc" aria-label="On this page">
        {sections.map(([id, title]) => (
          <a key={id} href={`#${id}`}>
            {title}
          </a>
        ))}
      </nav>
      {entry.hasDemonstration && (
        <section id="run" aria-labelledby="run-title">
          <h2 id="run-title">Run it here</h2>
          <div id="demonstration">
            <noscript>The system runs by JavaScript, in this tab.</noscript>
          </div>
        </section>
      )}
      {system && (
        <section id="system" aria-labelledby="system-title">
          <h2 id="system-title">The system</h2>
          <p class="lead">
            Drawn from the graph that one example leaves, at the size{" "}
            <code>{Object.keys(paper.presets)[0]}</code>. A block opens; beside it stand its
            parameters and the shape of what leaves it.
          </p>
          <BlockDiagram block={system} />
        </section>
      )}
      <Presets paper={paper} />
      <Claims paper={paper} experiments={experiments} />
      <NotedSources files={files} />
      <UsageView usage={usage} />
      <Deviations paper={paper} />
      <Citation entry={entry} />
    </div>
  );
}

function sectionsOf({ entry, system, paper }: PaperContent): (readonly [string, string])[] {
  return [
    ...(entry.hasDemonstration ? [["run", "Run it here"] as const] : []),
    ...(system ? [["system", "The system"] as const] : []),
    ...(Object.keys(paper.presets).length > 0 ? [["sizes", "Sizes"] as const] : []),
    ["claims", "Claims"],
    ["code", "Notes and code"],
    ["use", "On your data"],
    ...(paper.deviations.length > 0 ? [["deviations", "Where ours differs"] as const] : []),
    ["cite", "Cite"],
  ];
}

function Deviations({ paper }: { readonly paper: Paper }) {
  if (paper.deviations.length === 0) return null;
  return (
    <section id="deviations" aria-labelledby="deviations-title">
      <h2 id="deviations-title">Where ours differs</h2>
      <ul class="deviations">
        {paper.deviations.map(({ from, to, why }) => (
          <li key={from}>
            <dl>
              <dt>The paper</dt>
              <dd>{from}</dd>
              <dt>Here</dt>
              <dd>{to}</dd>
              <dt>Why</dt>
              <dd>{why}</dd>
            </dl>
          </li>
        ))}
      </ul>
    </section>
  );
}
