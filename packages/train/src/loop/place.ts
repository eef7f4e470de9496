import { QuireError } from "@quire/tensor";
import type { Progress } from "./events.ts";

/** Where a training stands, with what it has summed up. */
export interface Place extends Progress {
  /** Sum of this epoch's losses. */
  readonly lossSum: number;
}

/** Before the first step. */
export const start: Place = { epoch: 0, batch: 0, step: 0, lossSum: 0 };

/** A place as texts that give the same numbers back. */
export function placeText({ epoch, batch, step, lossSum }: Place): Record<string, string> {
  const numbers = { epoch, batch, step, lossSum };
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}

/** The place that texts tell of. */
export function parsePlace(texts: Readonly<Record<string, string>>): Place {
  const number = (name: keyof Place): number => {
    const value = Number(texts[name] ?? Number.NaN);
    if (Number.isFinite(value)) return value;
    throw new QuireError(
      `resume: the checkpoint does not say its ${name}; it is none of a training.`,
    );
  };
  return {
    epoch: number("epoch"),
    batch: number("batch"),
    step: number("step"),
    lossSum: number("lossSum"),
  };
}
