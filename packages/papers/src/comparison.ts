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

/**
 * Has every contestant train with every seed.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export async function compare<Kept>(
  contestants: readonly Contestant<Kept>[],
  { seeds, signal, onProgress }: Pick<ExperimentContext, "seeds" | "signal" | "onProgress">,
): Promise<Comparison<Kept>> {
  const rows: Row[] = [];
  const all = contestants.length * seeds.length;
  let done = 0;
  let first: { readonly kept: Kept } | undefined;
  for (const contestant of contestants) {
    const turns: Turn<Kept>[] = [];
    for (const seed of seeds) {
      signal?.throwIfAborted();
      const doing = `${contestant.name}, seed ${seed}`;
      const turn = await contestant.run(seed, {
        ...(signal && { signal }),
        onProgress: (share, loss) =>
          onProgress?.({ doing, share: (done + share) / all, ...(loss !== undefined && { loss }) }),
      });
      signal?.throwIfAborted();
      done += 1;
      turns.push(turn);
      if (first) await turn.release?.();
      first ??= turn;
    }
    rows.push(rowOf(contestant, turns));
  }
  if (!first) throw new Error("A comparison needs at least one system and one seed.");
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
