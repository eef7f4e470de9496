import type { ForecastingData } from "@quire/data";
import type { Figure } from "../figure.ts";
import type { PreparedForecast } from "./forecast-data.ts";
import { forecastFigure, windowStretch } from "./forecast-figure.ts";
import type { SeriesForecaster } from "./forecast-system.ts";

/** The last window's past, what came, and what a system forecasts, of the first channel. */
export async function lastWindowFigure(
  system: SeriesForecaster,
  { series, channels }: ForecastingData,
  { validation, scales }: PreparedForecast,
  { title, name }: { readonly title: string; readonly name: string },
): Promise<Figure> {
  const window = validation.size - 1;
  const [mean, deviation] = [scales[""]?.mean[0] ?? 0, scales[""]?.deviation[0] ?? 1];
  const scale = (value: number): number => value * deviation + mean;
  const times = series[0]?.times ?? new Float64Array();
  const { past, truth } = windowStretch(validation, window, { channel: 0, times, scale });
  const said = await system.forecast(validation, [window]);
  const { horizon, outputs } = system.description.target;
  const values = Array.from({ length: horizon }, (_, i) => scale(said[i * outputs] as number));
  return forecastFigure({
    ...{ title, of: channels[0] ?? "value", past, truth },
    forecasts: { [name]: { times: truth.times, values } },
  });
}
