import { type Entry, stateText, taskText } from "../entry.ts";

/** A paper as a row of the listing. */
export function EntryRow({ entry, root }: { readonly entry: Entry; readonly root: string }) {
  const { id, title, year, family, task, summary, state, figure } = entry;
  return (
    <li class={`row ${state}`}>
      <article>
        <h3>
          <a href={`${root}/papers/${id}/index.html`}>{title}</a>
        </h3>
        <p class="summary">{summary}</p>
        <p class="facts">
          <span>{year}</span>
          <span>{family}</span>
          <span>{taskText(task)}</span>
        </p>
      </article>
      <div class="standing">
        <StateMark state={entry} />
        {figure && (
          <dl class="measured">
            <dt>Paper</dt>
            <dd>{figure.paper}</dd>
            <dt>Here</dt>
            <dd>{figure.found}</dd>
          </dl>
        )}
      </div>
    </li>
  );
}

/** A paper's state, as a word with a dot. */
export function StateMark({ state }: { readonly state: Pick<Entry, "state" | "measured"> }) {
  return <span class={`state ${state.state}`}>{stateText(state)}</span>;
}
