/**
 * How far a paper is: it is written down only, it runs and nothing was measured here, every claim that was measured
 * holds, or one does not.
 */
export type State = "planned" | "runs" | "holds" | "fails";

/** A paper in the listing. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  /** Left out where the paper does not run yet, or they are not known for sure. */
  readonly authors?: readonly string[];
  readonly year: number;
  readonly arXiv?: string;
  readonly family: string;
  readonly task: string;
  readonly summary: string;
  readonly state: State;
  /** Claims that were measured here, how many of them hold, and how many the paper has. */
  readonly measured?: { readonly claims: number; readonly held: number; readonly of: number };
  /** The first measured claim: what the paper says, and what was found. */
  readonly figure?: { readonly paper: string; readonly found: string };
  /** Whether its system runs in a page. */
  readonly hasDemonstration: boolean;
}

/** The states in the order of the filter. */
export const states: readonly State[] = ["holds", "fails", "runs", "planned"];

/** What a paper's state is called in a filter. */
export const stateNames: Readonly<Record<State, string>> = {
  holds: "claims hold",
  fails: "a claim does not hold",
  runs: "runs, not measured",
  planned: "not yet",
};

/** What a paper's state is called beside it. */
export function stateText({ state, measured }: Pick<Entry, "state" | "measured">): string {
  if (!measured) return state === "planned" ? "not yet" : "runs";
  const { claims, held, of } = measured;
  if (claims === of) return held === of ? `all ${of} claims hold` : `${held} of ${of} claims hold`;
  return `${held} hold of ${claims} measured, ${of} in all`;
}

/** `image-classification` -> `image classification`. */
export function taskText(task: string): string {
  return task.replaceAll("-", " ");
}
