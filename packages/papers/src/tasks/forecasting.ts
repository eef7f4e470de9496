/** Forecasting: series of numbers over time in, their next steps out. */
export {
  type ComparedForecaster,
  compareForecasters,
  describeForecastModel,
  type ForecastComparison,
} from "./forecast-comparison.ts";
export {
  type ForecastCut,
  type PreparedForecast,
  prepareForecast,
  scaledSeries,
  scaleOf,
  targetOf,
} from "./forecast-data.ts";
export type { ForecastErrors } from "./forecast-errors.ts";
export {
  type ForecastPicture,
  forecastFigure,
  type Stretch,
  windowStretch,
} from "./forecast-figure.ts";
export { seasonalNaive } from "./forecast-naive.ts";
export { forecastRecipeFor } from "./forecast-recipe.ts";
export {
  type ForecastEvaluation,
  type SeriesForecast,
  SeriesForecaster,
} from "./forecast-system.ts";
export type {
  BuildForecaster,
  Forecaster,
  ForecastInputs,
  ForecastingPaper,
  ForecastModelDescription,
  ForecastTarget,
  SeriesScale,
} from "./forecast-target.ts";
export {
  type ForecastTrainingOptions,
  forecastMetrics,
  planForecastTraining,
  trainForecaster,
} from "./forecast-training.ts";
