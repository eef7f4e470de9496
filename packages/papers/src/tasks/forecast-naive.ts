// H horizon, O forecast channels

import type { ForecastWindows } from "@quire/data";

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
