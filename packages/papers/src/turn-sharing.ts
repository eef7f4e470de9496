import type { ExperimentProgress } from "./paper.ts";
import type { Turn } from "./turn.ts";

/** What a turn tells another process: all but what it keeps. */
export type ToldTurn = Omit<Turn<unknown>, "kept" | "release">;

/** How far a lot of turns is. */
export type LotProgress = ExperimentProgress;

/**
 * How processes share the turns of a comparison. Each runs the same experiment; the first one, which also judges, has the
 * first lot of turns, and all of them take what is left, lot after lot.
 */
export interface TurnSharing {
  /** A value that must be one for all, such as one that was timed: the first process makes it, the others are told. */
  agree<T>(make: () => Promise<T>): Promise<T>;
  /** The place of a lot for this process to run; none once all are given away. */
  next(lots: number): Promise<number | undefined>;
  /** Says how far a lot is. */
  onProgress(lot: number, progress: LotProgress): void;
  /** Says what came of a lot. */
  tell(lot: number, turns: readonly ToldTurn[]): void;
  /** What came of all lots, in their order; only the first process goes on from here. */
  all(): Promise<readonly (readonly ToldTurn[])[]>;
}

/** Lots of turns: which are given away, how far they are, and what came of them. */
export class Lots {
  readonly #shares: number[];
  readonly #doing = new Map<number, string>();
  readonly #told: (readonly ToldTurn[])[] = [];
  readonly #onProgress: ((progress: ExperimentProgress) => void) | undefined;
  #next = 0;
  #left: number;

  constructor(count: number, onProgress?: (progress: ExperimentProgress) => void) {
    this.#shares = Array.from({ length: count }, () => 0);
    this.#left = count;
    this.#onProgress = onProgress;
  }

  /** Gives a lot away; none once all are. */
  take(): number | undefined {
    return this.#next < this.#shares.length ? this.#next++ : undefined;
  }

  onProgress(lot: number, { doing, share, loss }: LotProgress): void {
    this.#shares[lot] = share;
    this.#doing.set(lot, doing);
    this.#onProgress?.({
      doing: [...this.#doing.values()].join("; "),
      share: this.#shares.reduce((sum, own) => sum + own, 0) / this.#shares.length,
      ...(loss !== undefined && { loss }),
    });
  }

  tell(lot: number, turns: readonly ToldTurn[]): void {
    this.#shares[lot] = 1;
    this.#doing.delete(lot);
    this.#told[lot] = turns;
    this.#left -= 1;
  }

  /** What came of all lots, in their order; nothing while one is still run. */
  all(): readonly (readonly ToldTurn[])[] | undefined {
    return this.#left === 0 ? this.#told : undefined;
  }
}

/** One process runs all turns. */
export function alone(onProgress?: (progress: ExperimentProgress) => void): TurnSharing {
  let lots = new Lots(0);
  let begun = false;
  return {
    agree: (make) => make(),
    next: (count) => {
      if (!begun) lots = new Lots(count, onProgress);
      begun = true;
      return Promise.resolve(lots.take());
    },
    onProgress: (lot, progress) => lots.onProgress(lot, progress),
    tell: (lot, turns) => lots.tell(lot, turns),
    all: () => Promise.resolve(lots.all() ?? []),
  };
}
