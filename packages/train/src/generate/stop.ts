import { QuireError } from "@quire/tensor";

/** When a text ends before it has its full number of new tokens. */
export interface StopConditions {
  /** Tokens that end a text. */
  readonly tokens?: readonly number[];
  /** Runs of new tokens that end a text. */
  readonly sequences?: readonly (readonly number[])[];
  /** Whether the new tokens so far are enough. */
  readonly when?: (tokens: readonly number[]) => boolean;
}

/** Whether new tokens, the last one just added, end a text. */
export type Ends = (tokens: readonly number[]) => boolean;

/**
 * The conditions as one question.
 *
 * @throws QuireError when a sequence is empty.
 */
export function endings({ tokens = [], sequences = [], when }: StopConditions = {}): Ends {
  if (sequences.some(({ length }) => length === 0)) {
    throw new QuireError("generate: a stop sequence is empty; leave it out.");
  }
  const last = new Set(tokens);
  return (text) =>
    last.has(text.at(-1) as number) ||
    sequences.some((sequence) => endsWith(text, sequence)) ||
    (when?.(text) ?? false);
}

function endsWith(text: readonly number[], end: readonly number[]): boolean {
  const start = text.length - end.length;
  return start >= 0 && end.every((token, i) => token === text[start + i]);
}
