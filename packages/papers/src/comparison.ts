import { computedBeside, defaultRuntime } from "@quire/tensor";
import type { Curve, ExperimentContext, Row } from "./paper.ts";

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
  readonly kept: Kept;
  /** Gives back the memory of what is not kept. */
  release?(): Promise<void>;
}

/** What a comparison found. */
export interface Comparison<Kept> {
  /** One a contestant, in their order. */
  readonly rows: readonly Row[];
  /** What the first contestant left with the first seed. */
  readonly kept: Kept;
}

/** Turns that are taken at once, at most: each needs memory of its own. */
const MOST_AT_ONCE = 4;

/**
 * Has every contestant train with every seed. As many take their turns at once as there are cores, each on its own: small
 * models are no faster on several.
 *
 * @throws the signal's reason when it ends the comparison early, and what the first turn that fails throws.
 */
export async function compare<Kept>(
  contestants: readonly Contestant<Kept>[],
  { seeds, signal, onProgress }: Pick<ExperimentContext, "seeds" | "signal" | "onProgress">,
): Promise<Comparison<Kept>> {
  const all = contestants.flatMap((contestant) => seeds.map((seed) => ({ contestant, seed })));
  if (all.length === 0) throw new Error("A comparison needs at least one system and one seed.");
  const { cores = 1 } = await defaultRuntime();
  const atOnce = Math.min(cores, all.length, MOST_AT_ONCE);
  const failed = new AbortController();
  const ended = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const shares = all.map(() => 0);
  const turns: Turn<Kept>[] = [];
  const waiting = [...all.entries()];
  const takeTurns = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [place, { contestant, seed }] = next;
      ended.throwIfAborted();
      const turn = await contestant.run(seed, {
        signal: ended,
        onProgress: (share, loss) => {
          shares[place] = share;
          const doing = `${contestant.name}, seed ${seed}`;
          const whole = shares.reduce((sum, own) => sum + own, 0) / all.length;
          onProgress?.({ doing, share: whole, ...(loss !== undefined && { loss }) });
        },
      });
      ended.throwIfAborted();
      shares[place] = 1;
      turns[place] = turn;
      if (place > 0) await turn.release?.();
    }
  };
  await computedBeside(atOnce, async () => {
    const lanes = Array.from({ length: atOnce }, () =>
      takeTurns().catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
    await Promise.allSettled(lanes);
    await Promise.all(lanes);
  });
  const [first] = turns as [Turn<Kept>];
  const rows = contestants.map((contestant, i) =>
    rowOf(contestant, turns.slice(i * seeds.length, (i + 1) * seeds.length)),
  );
  return { rows, kept: first.kept };
}

function rowOf<Kept>({ name, figure }: Contestant<Kept>, turns: readonly Turn<Kept>[]): Row {
  const names = Object.keys(turns[0]?.metrics ?? {});
  const valuesOf = (metric: string): number[] =>
    turns.map(({ metrics }) => metrics[metric] ?? Number.NaN);
  return {
    system: name,
    parameters: turns[0]?.parameters ?? 0,
    ...(figure === undefined ? {} : { figure }),
    metrics: Object.fromEntries(names.map((metric) => [metric, valuesOf(metric)])),
    seconds: turns.map(({ seconds }) => seconds),
    curves: turns.map(({ curve }) => curve).filter(({ points }) => points.length > 0),
  };
}
