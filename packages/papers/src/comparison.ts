import type { Figure } from "./figure.ts";
import type { ExperimentContext, Row } from "./paper.ts";
import type { Contestant, Turn } from "./turn.ts";
import { alone, type ToldTurn } from "./turn-sharing.ts";

/** What a comparison found. */
export interface Comparison<Kept> {
  /** One a contestant, in their order. */
  readonly rows: readonly Row[];
  /** Of all turns, in the order of contestants and seeds. */
  readonly figures: readonly Figure[];
  /** What the first contestant left with the first seed. */
  readonly kept: Kept;
}

/** What a comparison is run with. */
export type ComparisonContext = Pick<
  ExperimentContext,
  "seeds" | "signal" | "onProgress" | "sharing"
>;

/** How the turns of a comparison belong together. */
export interface ComparisonOptions {
  /** Whether all turns with a seed are run by one process, one after another, since they share what was trained with it. */
  readonly bySeed?: boolean;
}

/**
 * Has every contestant train with every seed. Other processes may run some of the turns, but never the first: what it
 * leaves is here. An experiment compares once, so that it goes on in one process.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export async function compare<Kept>(
  contestants: readonly Contestant<Kept>[],
  context: ComparisonContext,
  { bySeed = false }: ComparisonOptions = {},
): Promise<Comparison<Kept>> {
  const { seeds, signal, onProgress, sharing = alone(onProgress) } = context;
  const lots = lotsOf(contestants.length, seeds.length, bySeed);
  if (lots.length === 0) throw new Error("A comparison needs at least one system and one seed.");
  let first: Turn<Kept> | undefined;
  for (;;) {
    const lot = await sharing.next(lots.length);
    if (lot === undefined) break;
    const own = lots[lot] as readonly Place[];
    const turns: ToldTurn[] = [];
    for (const [before, place] of own.entries()) {
      signal?.throwIfAborted();
      const contestant = contestants[place.contestant] as Contestant<Kept>;
      const seed = seeds[place.seed] as number;
      const doing = `${contestant.name}, seed ${seed}`;
      const turn = await contestant.run(seed, {
        ...(signal && { signal }),
        onProgress: (share, loss) =>
          sharing.onProgress(lot, {
            ...{ doing, share: (before + share) / own.length },
            ...(loss !== undefined && { loss }),
          }),
      });
      signal?.throwIfAborted();
      turns.push(toldOf(turn));
      if (place.contestant + place.seed > 0) await turn.release?.();
      else first = turn;
    }
    sharing.tell(lot, turns);
  }
  const all: ToldTurn[][] = contestants.map(() => []);
  const told = (await sharing.all()).flat();
  for (const [i, { contestant, seed }] of lots.flat().entries()) {
    (all[contestant] as ToldTurn[])[seed] = told[i] as ToldTurn;
  }
  return {
    rows: contestants.map((contestant, i) => rowOf(contestant, all[i] as ToldTurn[])),
    figures: all.flat().flatMap(({ figures = [] }) => figures),
    kept: (first as Turn<Kept>).kept,
  };
}

/** A turn: a contestant's with a seed, by their places. */
interface Place {
  readonly contestant: number;
  readonly seed: number;
}

/** Turns that one process runs one after another. */
function lotsOf(contestants: number, seeds: number, bySeed: boolean): readonly Place[][] {
  const count = (many: number): number[] => Array.from({ length: many }, (_, i) => i);
  const turns = (seed: number): Place[] =>
    count(contestants).map((contestant) => ({ contestant, seed }));
  if (bySeed) return contestants === 0 ? [] : count(seeds).map(turns);
  return count(contestants).flatMap((contestant) =>
    count(seeds).map((seed) => [{ contestant, seed }]),
  );
}

function toldOf({
  parameters,
  metrics,
  seconds,
  curve,
  figures,
}: Omit<Turn<unknown>, "kept">): ToldTurn {
  return { parameters, metrics, seconds, curve, ...(figures && { figures }) };
}

function rowOf(
  { name, figure }: Pick<Contestant<unknown>, "name" | "figure">,
  turns: readonly ToldTurn[],
): Row {
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
