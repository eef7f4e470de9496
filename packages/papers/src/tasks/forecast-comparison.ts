import { countParameters } from "@quire/nn";
import { type Comparison, type ComparisonContext, compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Row } from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import { type Contestant, shownAfter, type Turn, type TurnHooks } from "../turn.ts";
import type { PreparedForecast } from "./forecast-data.ts";
import { naiveRow } from "./forecast-naive.ts";
import { SeriesForecaster } from "./forecast-system.ts";
import type { Forecaster, ForecastModelDescription, ForecastTarget } from "./forecast-target.ts";
import { trainForecaster } from "./forecast-training.ts";

/** A forecaster that takes part in a comparison. */
export interface ComparedForecaster {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: ForecastTarget) => Forecaster;
}

/** Series that forecasters are compared on. */
export interface ComparedSeries {
  readonly name: string;
  readonly prepared: PreparedForecast;
}

/** What forecasters are compared on; all have the same data and the same budget. */
export interface ForecastComparison<Series extends ComparedSeries = ComparedSeries> {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedForecaster[];
  readonly sets: readonly Series[];
  readonly recipe: Recipe;
  /** Epochs without a better validation after which a training ends; to the recipe's end unless said. */
  readonly patience?: number;
  /** Makes a picture of what the first system learnt of each of the sets. */
  readonly show?: (system: SeriesForecaster, series: Series) => Promise<Figure>;
}

/**
 * Trains every system on every set with every seed, and measures `mse` and `mae` on the same test windows once, at the end.
 * Rows are named by set and system, and each set's end with the seasonal naive forecast.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export async function compareForecasters<Series extends ComparedSeries>(
  comparison: ForecastComparison<Series>,
  context: ComparisonContext,
): Promise<Comparison<SeriesForecaster>> {
  const { systems, sets, show } = comparison;
  const [first] = context.seeds;
  const contestants = sets.flatMap((series) =>
    systems.map((system, place): Contestant<SeriesForecaster> => {
      const contestant = contestantOf(comparison, series, system);
      if (!show || place > 0) return contestant;
      return shownAfter(contestant, first, async (trained) => [await show(trained, series)]);
    }),
  );
  const { rows, ...found } = await compare(contestants, context);
  const rowsOf = ({ name, prepared }: Series, i: number): Row[] => {
    const naive = naiveRow(prepared, context.seeds);
    const own = rows.slice(i * systems.length, (i + 1) * systems.length);
    return [...own, { ...naive, system: `${name}: ${naive.system}` }];
  };
  return { ...found, rows: sets.flatMap(rowsOf) };
}

function contestantOf(
  comparison: Pick<ForecastComparison, "paper" | "recipe" | "patience">,
  { name: set, prepared }: ComparedSeries,
  system: ComparedForecaster,
): Contestant<SeriesForecaster> {
  const { name, figure } = system;
  return {
    name: `${set}: ${name}`,
    ...(figure !== undefined && { figure }),
    run: (seed, hooks) => trainOnce(comparison, prepared, system, { seed, hooks }),
  };
}

async function trainOnce(
  { paper, recipe, patience }: Pick<ForecastComparison, "paper" | "recipe" | "patience">,
  data: PreparedForecast,
  { options, build }: ComparedForecaster,
  { seed, hooks: { signal, onProgress } }: { readonly seed: number; readonly hooks: TurnHooks },
): Promise<Turn<SeriesForecaster>> {
  const description = describeForecastModel({ paper, options, data });
  const system = new SeriesForecaster(build(data.target), description);
  const { points, seconds } = await trainForecaster(system, {
    ...{ train: data.train, validation: data.validation, recipe, seed },
    ...(patience !== undefined && { extras: { patience } }),
    ...(signal && { signal }),
    onBatch: ({ share, loss }) => onProgress(share, loss),
  });
  signal?.throwIfAborted();
  const { mse, mae } = await system.evaluate(data.test);
  return {
    parameters: countParameters(system.model),
    ...{ metrics: { mse, mae }, seconds, curve: { seed, points }, kept: system },
    release: () => system.release(),
  };
}

/** Describes the forecaster that prepared series ask for. */
export function describeForecastModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly data: PreparedForecast;
}): ForecastModelDescription {
  const { data, ...rest } = given;
  const { target, channels, step, season, scales } = data;
  return { task: "forecasting", ...rest, target, channels, step, season, scales };
}
