// N windows, H horizon, O forecast channels

import type { ForecastWindows } from "@quire/data";

/** How far forecasts are from what came. */
export interface ForecastErrors {
  /** The mean of squares over windows, steps and channels, of scaled values, as papers give it. */
  readonly mse: number;
  /** The mean of distances, of scaled values. */
  readonly mae: number;
  /** Each forecast channel's mean distance in the units of the data, `[O]`. */
  readonly distances: readonly number[];
  /** Each window's mean of squares, `[N]`. */
  readonly losses: Float64Array;
  /** Each step's mean of squares, `[H]`. */
  readonly bySteps: readonly number[];
}

/**
 * Measures forecasts of windows.
 *
 * @param said Scaled, `[N, H, O]`.
 */
export function forecastErrors(
  windows: ForecastWindows,
  places: readonly number[],
  said: Float32Array,
): ForecastErrors {
  const { horizon, outputs, channels } = windows.sizes;
  const losses = new Float64Array(places.length);
  const distances = new Array<number>(outputs).fill(0);
  const bySteps = new Array<number>(horizon).fill(0);
  let total = 0;
  places.forEach((window, i) => {
    const { series, step } = windows.placeOf(window);
    const { values, deviation } = windows.series[series] as (typeof windows.series)[number];
    for (let place = 0; place < horizon * outputs; place++) {
      const [ahead, output] = [Math.floor(place / outputs), place % outputs];
      const truth = values[(step + ahead) * channels + output] as number;
      const off = Math.abs((said[i * horizon * outputs + place] as number) - truth);
      total += off;
      distances[output] = (distances[output] as number) + off * (deviation[output] as number);
      losses[i] = (losses[i] as number) + (off * off) / (horizon * outputs);
      bySteps[ahead] = (bySteps[ahead] as number) + (off * off) / (outputs * places.length);
    }
  });
  return {
    mse: losses.reduce((sum, one) => sum + one, 0) / places.length,
    mae: total / (places.length * horizon * outputs),
    distances: distances.map((sum) => sum / (places.length * horizon)),
    ...{ losses, bySteps },
  };
}
