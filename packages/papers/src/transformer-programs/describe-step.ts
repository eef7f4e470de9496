import { marks } from "../tasks/sequence-data.ts";
import { grouped } from "./print-functions.ts";
import type { CopyStep, Program, Step, SumStep, Value, Wanted } from "./program.ts";

/** So many values are named in a sentence. */
const NAMED = 4;

/** What a step does, as a sentence. */
export function describeStep(program: Program, step: Step): string {
  switch (step.kind) {
    case "copy":
      return describeCopy(step);
    case "sum":
      return describeSum(program, step);
    case "table":
    case "regions": {
      if (step.reads.length === 0) return `Gives ${step.rows?.[0]?.result ?? 0} everywhere.`;
      const results = new Set((step.rows ?? []).map(({ result }) => result)).size;
      const of = step.rows ? `${results} ${results === 1 ? "value" : "values"}` : "a value";
      return `Gives ${of} by ${listed(step.reads.map((name) => nameText(name)))}.`;
    }
  }
}

function describeCopy({ match, query, key, value }: CopyStep): string {
  if ("scores" in match) {
    return `Copies ${nameText(value)} from where ${nameText(key)} scores highest for the own ${nameText(query)}.`;
  }
  const which = { nearest: "nearest", first: "first" }[String(match.preference)] ?? "preferred";
  return `Copies ${nameText(value)} from the ${which} place ${soughtText(match.wanted, query, key)}.`;
}

function describeSum(program: Program, { value, query, key, wanted }: SumStep): string {
  const isCount = program.numerical.some(({ name, whole }) => name === value && whole?.[1] === 1);
  const what = isCount ? "Counts the places" : `Sums ${nameText(value)} over the places`;
  return `${what} ${soughtText(wanted, query, key)}.`;
}

/** "whose token is the own one", or what few different values look for. */
function soughtText(wanted: Wanted, query: string, key: string): string {
  // What the tokens at the ends look for tells nothing.
  const spoken = wanted.filter((each) => !isMark(each.query));
  const found = spoken.filter(({ key: sought }) => sought !== undefined);
  if (found.length === 0) return "that is nowhere";
  if (
    query === key &&
    found.length === spoken.length &&
    found.every((each) => each.query === each.key)
  ) {
    return `of the own ${nameText(key)}`;
  }
  const offset = sameOffset(found);
  if (query === key && offset !== undefined) {
    const steps = Math.abs(offset) === 1 ? "1" : String(Math.abs(offset));
    return `whose ${nameText(key)} is ${steps} ${offset < 0 ? "less" : "more"} than the own`;
  }
  const groups = [...grouped(found, (each) => each.key as Value)];
  const shown = groups.slice(0, NAMED).map(([sought, rows]) => {
    const queries = rows.slice(0, NAMED).map((row) => String(row.query));
    return `${sought} for ${queries.join(", ")}${rows.length > NAMED ? " and others" : ""}`;
  });
  const more = groups.length > NAMED ? "; and so on" : "";
  return `whose ${nameText(key)} is what the own ${nameText(query)} looks for (${shown.join("; ")}${more})`;
}

function isMark(value: Value): boolean {
  return Object.values(marks).includes(value as never);
}

/** The one difference of keys and queries that are numbers. */
function sameOffset(wanted: Wanted): number | undefined {
  const offsets = new Set(
    wanted.map(({ query, key }) =>
      typeof query === "number" && typeof key === "number" ? key - query : Number.NaN,
    ),
  );
  const [only] = offsets;
  return offsets.size === 1 && only !== undefined && !Number.isNaN(only) ? only : undefined;
}

function listed(names: readonly string[]): string {
  return names.length < 2
    ? (names[0] ?? "")
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** "head 1.2" of head1_2. */
function nameText(name: string): string {
  const isPlain = name === "token" || name === "position";
  return isPlain ? name : name.replace(/(\d+)_(\d+)$/, " $1.$2");
}
