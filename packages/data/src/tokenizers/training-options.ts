import { checkWhole } from "../check.ts";
import { DataError } from "../errors.ts";

/** How a tokenizer is trained. */
export interface TrainingOptions {
  /** How many tokens it may have, special ones included. */
  readonly size: number;
  /** Tokens that are kept whole and mean something of their own, such as `<|endoftext|>`. */
  readonly special?: readonly string[];
  /** What comes less often than this makes no token of its own; 2 unless said. */
  readonly minimum?: number;
}

/**
 * Checks the options of a training.
 *
 * @param needed how many tokens there must be beside the special ones.
 * @throws DataError when one is out of range, or special tokens are empty or equal.
 */
export function checkTraining(
  name: string,
  { size, special = [], minimum = 2 }: TrainingOptions,
  needed: number,
): Required<TrainingOptions> {
  checkWhole(`${name}: minimum`, minimum, 1);
  const wrong = special.find((token, i) => token === "" || special.indexOf(token) !== i);
  if (wrong !== undefined) {
    const what = wrong === "" ? "a special token is empty" : `special token "${wrong}" comes twice`;
    throw new DataError(`${name}: ${what}: give each a text of its own.`);
  }
  checkWhole(`${name}: size`, size, needed + special.length);
  return { size, special, minimum };
}

/**
 * Refuses texts without a word.
 *
 * @throws DataError naming the trainer.
 */
export function checkTexts(name: string, words: ReadonlyMap<string, number>): void {
  if (words.size > 0) return;
  throw new DataError(`${name}: the texts are empty: give it text to learn from.`);
}
