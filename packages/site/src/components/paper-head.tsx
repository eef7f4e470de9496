import { type Entry, taskText } from "../entry.ts";
import { StateMark } from "./entry-row.tsx";

interface PaperHeadProps {
  readonly entry: Entry;
  readonly neighbours: readonly Entry[];
}

/** A paper's title, what it is about, and what is near it. */
export function PaperHead({ entry, neighbours }: PaperHeadProps) {
  const { title, authors, year, family, task, summary, arXiv } = entry;
  return (
    <header class="head">
      <p class="eyebrow">
        <a href="../../index.html">Papers</a> <span aria-hidden="true">/</span> {family}
      </p>
      <h1>{title}</h1>
      {authors && <p class="authors">{authors.join(", ")}</p>}
      <p class="facts">
        <StateMark state={entry} />
        <span>{year}</span>
        <span>{taskText(task)}</span>
        {arXiv && (
          <span>
            <a href={`https://arxiv.org/abs/${arXiv}`}>arXiv {arXiv}</a>
          </span>
        )}
      </p>
      <p class="summary">{summary}</p>
      <nav class="near" aria-label="Papers near in meaning">
        <span class="eyebrow">Near in meaning</span>
        <ul>
          {neighbours.map((near) => (
            <li key={near.id}>
              <a class={near.state} href={`../${near.id}/index.html`}>
                {shortTitle(near.title)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

/** What stands before the colon, where that is short. */
function shortTitle(title: string): string {
  const [first = title] = title.split(": ");
  return first.length < title.length && first.length <= 40 ? first : cut(title);
}

/** The first words of a long title. */
function cut(title: string): string {
  return title.length <= 56 ? title : `${title.slice(0, title.lastIndexOf(" ", 52))} …`;
}

/** The page of a paper that does not run yet. */
export function PlannedPage({ entry, neighbours }: PaperHeadProps) {
  return (
    <div class="paper planned">
      <PaperHead entry={entry} neighbours={neighbours} />
      <section class="nothing" aria-label="State">
        <p>It does not run yet. What stands here is what it is about, in our own words.</p>
        <p>
          <a href="../../index.html?state=runs">See the papers that run</a>
        </p>
      </section>
    </div>
  );
}
