import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Entry } from "../entry.ts";
import { type Found, find, wordIndex } from "../search/find.ts";
import type { Meaning } from "../search/meaning.ts";
import { EntryRow } from "./entry-row.tsx";
import { type Choice, Filters, noChoice } from "./filters.tsx";

/** What the listing shows and reads. */
export interface ListingProps {
  readonly entries: readonly Entry[];
  readonly root: string;
  readonly initial?: Choice;
  /** Fetches what the encoder learnt, once it is asked for. */
  readonly loadMeaning?: () => Promise<Meaning>;
  /** Is told of every choice, to keep it in the address. */
  readonly onChoice?: (choice: Choice) => void;
}

const order = { holds: 0, fails: 1, runs: 2, planned: 3 } as const;

/** All papers, searched by words and by meaning, filtered and sorted. */
export function Listing({ entries, root, initial, loadMeaning, onChoice }: ListingProps) {
  const [choice, setChoice] = useState(initial ?? noChoice);
  const [meaning, setMeaning] = useState<Meaning>();
  const asked = choice.query.trim();
  useEffect(() => {
    if (asked !== "" && !meaning) void loadMeaning?.().then(setMeaning);
  }, [asked, meaning, loadMeaning]);
  const change = (part: Partial<Choice>): void => {
    const next = { ...choice, ...part };
    setChoice(next);
    onChoice?.(next);
  };
  const index = useMemo(() => wordIndex(entries), [entries]);
  const kept = useMemo(() => filtered(entries, choice), [entries, choice]);
  const found = useMemo(
    () => (asked === "" ? undefined : find(asked, entries, index, meaning)),
    [asked, entries, index, meaning],
  );
  const shown = found ? ordered(found.byWords, kept) : kept;
  const near = found ? ordered(found.byMeaning, kept) : [];
  return (
    <div class="listing">
      <search>
        <SearchField query={choice.query} onChange={(query) => change({ query })} />
        <Filters entries={entries} choice={choice} onChange={change} />
      </search>
      <p class="count" role="status">
        {countText(shown.length, near.length, found)}
      </p>
      <Rows entries={shown} root={root} />
      {near.length > 0 && (
        <section aria-labelledby="near">
          <h2 id="near" class="eyebrow">
            Near in meaning
          </h2>
          <Rows entries={near} root={root} />
        </section>
      )}
      {shown.length + near.length === 0 && (
        <Nothing query={asked} onReset={() => change(noChoice)} />
      )}
    </div>
  );
}

function Rows({ entries, root }: { readonly entries: readonly Entry[]; readonly root: string }) {
  if (entries.length === 0) return null;
  return (
    <ol class="rows">
      {entries.map((entry) => (
        <EntryRow key={entry.id} entry={entry} root={root} />
      ))}
    </ol>
  );
}

interface SearchFieldProps {
  readonly query: string;
  readonly onChange: (query: string) => void;
}

function SearchField({ query, onChange }: SearchFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches("input,select");
      if (event.key !== "/" || isTyping) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  return (
    <label class="search">
      <span class="hidden">Search papers</span>
      <input
        ref={field}
        type="search"
        value={query}
        placeholder="Search: “forecast”, or what you want to do"
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  );
}

function Nothing({ query, onReset }: { readonly query: string; readonly onReset: () => void }) {
  return (
    <div class="nothing">
      <p>{query === "" ? "No paper has all of these." : `No paper says “${query}” or means it.`}</p>
      <button type="button" onClick={onReset}>
        Show all papers
      </button>
    </div>
  );
}

function filtered(entries: readonly Entry[], { family, task, state, order: by }: Choice): Entry[] {
  return entries
    .filter((entry) => family === "" || entry.family === family)
    .filter((entry) => task === "" || entry.task === task)
    .filter((entry) => state === "" || entry.state === state)
    .sort((a, b) => {
      if (by === "title") return a.title.localeCompare(b.title);
      if (by === "state") return order[a.state] - order[b.state] || b.year - a.year;
      return by === "newest" ? b.year - a.year : a.year - b.year;
    });
}

function ordered(ids: readonly string[], entries: readonly Entry[]): Entry[] {
  return ids.flatMap((id) => entries.find((entry) => entry.id === id) ?? []);
}

function countText(shown: number, near: number, found: Found | undefined): string {
  const papers = (count: number): string => `${count} ${count === 1 ? "paper" : "papers"}`;
  if (!found) return papers(shown);
  if (shown === 0 && near > 0) return `No paper has these words; ${near} near in meaning`;
  return near === 0 ? papers(shown) : `${papers(shown)}, and ${near} near in meaning`;
}
