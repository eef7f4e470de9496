import type { ForecastingData, ForecastWindows } from "@quire/data";
import { forecastFigure, type SeriesForecaster, seasonalNaive, windowStretch } from "@quire/papers";
import { figureBody } from "./figures.ts";
import { htmlTable, type Section } from "./html.ts";

/** Plots that a report draws at most. */
const DRAWN = 8;

/** What a report shows of a forecaster: errors by channel and by step, and the last window of each channel. */
export async function forecastSections(
  system: SeriesForecaster,
  data: ForecastingData,
  windows: ForecastWindows,
): Promise<Section[]> {
  const { channels, target, step } = system.description;
  const found = await system.evaluate(windows);
  const columns = ["channel", "mean error, in its units", "of the naive forecast"];
  const rows = found.distances.map((distance, i) => [
    channels[i] as string,
    distance.toPrecision(4),
    Number(found.naive.distances[i]).toPrecision(4),
  ]);
  const errors = htmlTable(
    columns.map((title, i) => ({ title, number: i > 0 })),
    rows,
  );
  const line = (values: readonly number[]) =>
    values.map((value, i) => [i + 1, value] as [number, number]);
  const bySteps = await figureBody({
    ...{ title: "", kind: "lines" },
    x: { title: `steps ahead (${step})` },
    y: { title: "mean squared error, scaled" },
    series: [
      { name: "forecast", points: line(found.bySteps) },
      { name: "seasonal naive", points: line(found.naive.bySteps), mark: "dashes" },
    ],
  });
  const sections = [
    { title: "Errors on the validation windows", body: errors },
    { title: "Error by steps ahead", body: bySteps },
  ];
  const last = windows.size - 1;
  const said = await system.forecast(windows, [last]);
  for (let channel = 0; channel < Math.min(DRAWN, target.outputs); channel++) {
    const body = await figureBody(lastWindow(system, data, windows, { last, said, channel }));
    sections.push({ title: `Last validation window: ${channels[channel]}`, body });
  }
  return sections;
}

function lastWindow(
  { description }: SeriesForecaster,
  data: ForecastingData,
  windows: ForecastWindows,
  {
    last,
    said,
    channel,
  }: { readonly last: number; readonly said: Float32Array; readonly channel: number },
) {
  const { channels, scales, target, season } = description;
  const { series } = windows.placeOf(last);
  const { name, times } = data.series[series] as (typeof data.series)[number];
  const [mean, deviation] = [
    scales[name]?.mean[channel] ?? 0,
    scales[name]?.deviation[channel] ?? 1,
  ];
  const scale = (value: number): number => value * deviation + mean;
  const { past, truth } = windowStretch(windows, last, { channel, times, scale });
  const of = (values: Float32Array) => ({
    times: truth.times,
    values: Array.from({ length: target.horizon }, (_, step) =>
      scale(values[step * target.outputs + channel] as number),
    ),
  });
  return forecastFigure({
    ...{ title: "", of: channels[channel] as string, past, truth },
    forecasts: {
      forecast: of(said),
      "seasonal naive": of(seasonalNaive(windows, last, season)),
    },
  });
}
