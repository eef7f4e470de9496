// H horizon, O forecast channels

import type { ForecastWindows } from "@quire/data";
import type { Row } from "../paper.ts";
import type { PreparedForecast } from "./forecast-data.ts";
import { forecastErrors } from "./forecast-errors.ts";

/**
 * What was a season before, again and again (Hyndman and Athanasopoulos, Forecasting, section 5.2), scaled as the
 * series are; the last value where the past is shorter than a season. `-> [H, O]`
 */
export function seasonalNaive(
  windows: ForecastWindows,
  window: number,
  season: number,
): Float32Array {
  const { horizon, outputs, channels } = windows.sizes;
  const { series, step } = windows.placeOf(window);
  const values = windows.series[series]?.values as Float32Array;
  const period = step >= season ? season : 1;
  return Float32Array.from({ length: horizon * outputs }, (_, i) => {
    const [ahead, output] = [Math.floor(i / outputs), i % outputs];
    return values[(step - period + (ahead % period)) * channels + output] as number;
  });
}

/** What rows and figures call the forecast that repeats the last season. */
export const naiveName = "seasonal naive";

/** How the seasonal naive forecast does on the test windows, the same with each seed, for nothing is drawn. */
export function naiveRow({ test, season }: PreparedForecast, seeds: readonly number[]): Row {
  const places = Array.from({ length: test.size }, (_, window) => window);
  const each = test.sizes.horizon * test.sizes.outputs;
  const said = new Float32Array(test.size * each);
  for (const window of places) said.set(seasonalNaive(test, window, season), window * each);
  const { mse, mae } = forecastErrors(test, places, said);
  const metrics = { mse: seeds.map(() => mse), mae: seeds.map(() => mae) };
  return { system: naiveName, parameters: 0, metrics, seconds: seeds.map(() => 0), curves: [] };
}
