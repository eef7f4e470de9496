import { countParameters } from "@quire/nn";
import {
  type Comparison,
  type Contestant,
  compare,
  type Turn,
  type TurnHooks,
} from "../comparison.ts";
import type { ExperimentContext } from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import type { PreparedForecast } from "./forecast-data.ts";
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

/** What forecasters are compared on; all have the same data and the same budget. */
export interface ForecastComparison {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedForecaster[];
  readonly data: PreparedForecast;
  readonly recipe: Recipe;
  /** Epochs without a better validation after which a training ends; to the recipe's end unless said. */
  readonly patience?: number;
}

/**
 * Trains every system with every seed, and measures `mse` and `mae` on the same test windows once, at the end.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export function compareForecasters(
  comparison: ForecastComparison,
  context: Pick<ExperimentContext, "seeds" | "signal" | "onProgress">,
): Promise<Comparison<SeriesForecaster>> {
  const contestants = comparison.systems.map((system): Contestant<SeriesForecaster> => {
    const { name, figure } = system;
    return {
      name,
      ...(figure !== undefined && { figure }),
      run: (seed, hooks) => trainOnce(comparison, system, seed, hooks),
    };
  });
  return compare(contestants, context);
}

async function trainOnce(
  { paper, data, recipe, patience }: ForecastComparison,
  { options, build }: ComparedForecaster,
  seed: number,
  { signal, onProgress }: TurnHooks,
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
