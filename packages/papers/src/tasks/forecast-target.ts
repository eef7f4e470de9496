// B batch, L context, H horizon, C channels, V known covariates, O forecast channels

import type { Mode, Module, TimeUnit } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What a forecaster reads and says. */
export interface ForecastTarget {
  /** Steps of the past that it reads. */
  readonly context: number;
  /** Steps that it forecasts. */
  readonly horizon: number;
  /** Channels of the past: the forecast ones first, then what is known of the past only, then what is known ahead. */
  readonly channels: number;
  /** How many of them, the last ones, are known ahead. */
  readonly known: number;
  /** How many of them, the first ones, are forecast. */
  readonly outputs: number;
  /** What the time between two steps is counted in. */
  readonly unit: TimeUnit;
}

/** What a forecaster is given, scaled. */
export interface ForecastInputs {
  /** `[B, L, C]` */
  readonly past: Tensor;
  /** What the calendar says of the past and the future, in the order of `calendarFields`, `[B, L + H, 8]`. */
  readonly calendar: Tensor;
  /** What is known ahead, `[B, H, V]`; not read where nothing is. */
  readonly known?: Tensor;
}

/** A model that forecasts. */
export interface Forecaster extends Module {
  /** `-> [B, H, O]` */
  forward(inputs: ForecastInputs, mode?: Mode): Tensor;
  /** What training makes small, given what came, `[B, H, O] -> []`; the mean of squared errors unless there is one. */
  loss?(inputs: ForecastInputs, truth: Tensor, mode: Mode): Tensor;
}

/** A paper whose system forecasts. */
export type ForecastingPaper<Options = object> = Paper<Options, ForecastTarget, Recipe> & {
  readonly task: "forecasting";
};

/** Makes a forecaster. */
export type BuildForecaster<Options> = Build<Options, ForecastTarget, Forecaster>;

/** What the values of a series are scaled by: minus the mean, over the deviation, channel by channel. */
export interface SeriesScale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** What is known of a trained forecaster. */
export interface ForecastModelDescription<Options = object>
  extends ModelDescription<Options, ForecastTarget> {
  readonly task: "forecasting";
  /** The channels' names: forecast, known of the past, known ahead. */
  readonly channels: readonly string[];
  /** The time between two steps as text: `1 day`. */
  readonly step: string;
  /** Steps after which the seasonal naive forecast repeats. */
  readonly season: number;
  /** By the series' names; a series that is not among them is scaled by its own values. */
  readonly scales: Readonly<Record<string, SeriesScale>>;
}
