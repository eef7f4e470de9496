import { QuireError, Random } from "@quire/tensor";
import type { LabelledSequence } from "./tasks/labelled-sequences.ts";

/** The seven tasks that Learning Transformer Programs takes from RASP (Weiss et al. 2021). */
export const raspTasks = [
  "reverse",
  "hist",
  "double-hist",
  "sort",
  "most-freq",
  "dyck-1",
  "dyck-2",
] as const;

/** The name of a task. */
export type RaspTask = (typeof raspTasks)[number];

/** How sequences of a task are drawn. */
export interface RaspOptions {
  /** How many different tokens there are, those that fill up, begin and end a sequence among them. */
  readonly vocabulary?: number;
  /** The most tokens of a sequence, those at its ends among them. */
  readonly length?: number;
  /** How many sequences; fewer where there are not so many different ones. */
  readonly count: number;
  readonly seed: number;
}

/** What stands at the places that have nothing to say. */
const NOTHING = "-";
/** Draws for each sequence that is wanted, so that small tasks end. */
const TRIES = 5;
const DEFAULT = 8;
/** Brackets need room to nest. */
const DYCK_LENGTH = 16;

interface Task {
  /** Tokens at the ends of a sequence that the model adds. */
  readonly ends: 1 | 2;
  label(tokens: readonly string[]): string[];
}

const tasks: Readonly<Record<Exclude<RaspTask, "dyck-1" | "dyck-2">, Task>> = {
  reverse: { ends: 2, label: (tokens) => tokens.toReversed() },
  hist: { ends: 1, label: counts },
  "double-hist": {
    ends: 1,
    label: (tokens) => {
      const own = counts(tokens);
      const of = new Map(tokens.map((token, i) => [token, own[i] as string]));
      return own.map((count) => String([...of.values()].filter((other) => other === count).length));
    },
  },
  sort: { ends: 2, label: (tokens) => tokens.toSorted() },
  "most-freq": { ends: 1, label: mostFrequent },
};

/** How often each token occurs. */
function counts(tokens: readonly string[]): string[] {
  return tokens.map((token) => String(tokens.filter((other) => other === token).length));
}

/** The different tokens by how often they occur, the earlier one first among equals. */
function mostFrequent(tokens: readonly string[]): string[] {
  const order = [...new Set(tokens)];
  const count = (token: string): number => tokens.filter((other) => other === token).length;
  const sorted = order.toSorted(
    (a, b) => count(b) - count(a) || order.indexOf(a) - order.indexOf(b),
  );
  return tokens.map((_, i) => sorted[i] ?? NOTHING);
}

const brackets = ["()", "{}"] as const;

/** P while brackets may still be closed, T where all are, F from the first wrong one on. */
function bracketStates(tokens: readonly string[]): string[] {
  const open: string[] = [];
  let isWrong = false;
  return tokens.map((token) => {
    const pair = brackets.find((each) => each.includes(token)) as string;
    if (!isWrong && token === pair[0]) open.push(pair);
    else if (!isWrong) isWrong = open.pop() !== pair;
    if (isWrong) return "F";
    return open.length === 0 ? "T" : "P";
  });
}

/// The official script asks for as many pairs as there is room for, so what matches at first matches to the end.
/** Half of the draws are brackets that match as far as they go, the others are brackets at random. */
function drawBrackets(kinds: number, length: number, random: Random): string[] {
  const letters = brackets.slice(0, kinds).flatMap((pair) => [...pair]);
  let drawn: string[] = [];
  if (random.integer(2) === 1) {
    const pairs = Math.ceil(length / 2);
    for (let i = 0; i < pairs; i++) {
      const [left = "", right = ""] = brackets[random.integer(kinds)] as string;
      drawn = random.integer(2) === 0 ? [...drawn, left, right] : [left, ...drawn, right];
    }
  }
  while (drawn.length < length) drawn.push(letters[random.integer(letters.length)] as string);
  return drawn.slice(0, length);
}

/**
 * Different sequences of a task with the labels of their tokens. Sequences of digits are of 1 token up to the longest,
 * those of brackets all of one length.
 *
 * @throws QuireError when there are no tokens to draw, or no places for them.
 */
export function rasp(task: RaspTask, options: RaspOptions): LabelledSequence[] {
  const { count, seed } = options;
  const random = new Random(seed).fork(task);
  const draw = drawing(task, options);
  const found = new Map<string, LabelledSequence>();
  for (let tries = 0; found.size < count && tries < TRIES * count; tries++) {
    const sequence = draw(random);
    found.set(sequence.tokens.join(" "), sequence);
  }
  return [...found.values()];
}

function drawing(task: RaspTask, options: RaspOptions): (random: Random) => LabelledSequence {
  if (task === "dyck-1" || task === "dyck-2") {
    const { length = DYCK_LENGTH } = options;
    requireAtLeast("length", length, 3);
    return (random) => {
      const tokens = drawBrackets(task === "dyck-1" ? 1 : 2, length - 1, random);
      return { tokens, labels: bracketStates(tokens) };
    };
  }
  const { ends, label } = tasks[task];
  const { vocabulary = DEFAULT, length = DEFAULT } = options;
  // One more token fills up.
  requireAtLeast("vocabulary", vocabulary, ends + 2);
  requireAtLeast("length", length, ends + 1);
  const digits = Array.from({ length: vocabulary - ends - 1 }, (_, i) => String(i));
  const width = digits.length > 10 ? String(digits.length - 1).length : 1;
  const named = digits.map((digit) => digit.padStart(width, "0"));
  return (random) => {
    const size = 1 + random.integer(length - ends);
    const tokens = Array.from(
      { length: size },
      () => named[random.integer(named.length)] as string,
    );
    return { tokens, labels: label(tokens) };
  };
}

function requireAtLeast(what: string, value: number, least: number): void {
  if (value >= least) return;
  throw new QuireError(`rasp: the ${what} must be at least ${least}, got ${value}.`);
}

/** Whether sequences of a task end in a token of their own, and whether a label depends on what stands before only. */
export function raspForm(task: RaspTask): { readonly ends: boolean; readonly causal: boolean } {
  const isDyck = task === "dyck-1" || task === "dyck-2";
  return { ends: !isDyck && tasks[task].ends === 2, causal: isDyck };
}
