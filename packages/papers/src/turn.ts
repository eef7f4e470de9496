import type { Figure } from "./figure.ts";
import type { Curve } from "./paper.ts";

/** A system that takes part in a comparison. */
export interface Contestant<Kept> {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** Trains and measures it once; all contestants have the same data and the same budget. */
  run(seed: number, hooks: TurnHooks): Promise<Turn<Kept>>;
}

/** What a contestant's turn is run with. */
export interface TurnHooks {
  /** Ends it early: it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Is told of the share of the turn that is done, 0 to 1. */
  onProgress(share: number, loss?: number): void;
}

/** What a contestant did with one seed. */
export interface Turn<Kept> {
  readonly parameters: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Wall-clock seconds of training. */
  readonly seconds: number;
  readonly curve: Curve;
  /** What people would rather look at than read. */
  readonly figures?: readonly Figure[];
  readonly kept: Kept;
  /** Gives back the memory of what is not kept. */
  release?(): Promise<void>;
}

/** A contestant whose turn with one seed also leaves pictures of what it keeps. */
export function shownAfter<Kept>(
  contestant: Contestant<Kept>,
  seed: number | undefined,
  show: (kept: Kept) => Promise<readonly Figure[]>,
): Contestant<Kept> {
  return {
    ...contestant,
    run: async (own, hooks) => {
      const turn = await contestant.run(own, hooks);
      return own === seed ? { ...turn, figures: await show(turn.kept) } : turn;
    },
  };
}
