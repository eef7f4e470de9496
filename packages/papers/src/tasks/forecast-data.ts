// T steps of a series, C channels

import {
  calendarOf,
  DataError,
  type ForecastingData,
  ForecastWindows,
  type ScaledSeries,
  type Series,
  seasonOf,
  timeSplit,
  unitOf,
  usualStep,
} from "@quire/data";
import type { ForecastModelDescription, ForecastTarget, SeriesScale } from "./forecast-target.ts";

/** How series are cut for training. */
export interface ForecastCut {
  readonly context: number;
  readonly horizon: number;
  /** The share of all steps, the latest but for those to test, that is kept apart to measure. */
  readonly validation: number;
  /** The share of all steps, the latest, that is kept apart to the end; none unless said. */
  readonly test?: number;
  /** After how many steps the seasonal naive forecast repeats; chosen by the time between steps unless said. */
  readonly season?: number;
}

/** Series cut and scaled. */
export interface PreparedForecast
  extends Pick<ForecastModelDescription, "target" | "channels" | "step" | "season" | "scales"> {
  readonly train: ForecastWindows;
  readonly validation: ForecastWindows;
  /** Without windows where nothing was kept apart. */
  readonly test: ForecastWindows;
}

/**
 * Cuts series by time, and scales them by what the training part holds.
 *
 * @throws DataError when a part would have no window.
 */
export function prepareForecast(data: ForecastingData, cut: ForecastCut): PreparedForecast {
  const { context, horizon, validation, test = 0 } = cut;
  const target = targetOf(data, cut);
  const [first] = data.series as [Series];
  const bounds = boundsOf(data, validation, test);
  const scales = new Map<string, SeriesScale>();
  const parts = data.series.map((series) => {
    const [begin, end] = bounds.map((time) => placeOf(series.times, time)) as [number, number];
    const scale = scaleOf(series, target.channels, begin);
    scales.set(series.name, scale);
    return { scaled: scaledSeries(series, scale), begin, end };
  });
  const windows = (part: (one: (typeof parts)[number]) => readonly [number, number]) =>
    new ForecastWindows(
      parts.map((one) => ({ ...one.scaled, part: part(one) })),
      target,
    );
  const lengthOf = (scaled: ScaledSeries): number => scaled.values.length / target.channels;
  const found = {
    train: windows(({ begin }) => [0, begin]),
    validation: windows(({ begin, end }) => [begin, end]),
    test: windows(({ scaled, end }) => [end, lengthOf(scaled)]),
  };
  const longest = Math.max(...parts.map(({ scaled }) => lengthOf(scaled)));
  for (const part of ["train", "validation", ...(test > 0 ? ["test"] : [])] as const) {
    if (found[part as keyof typeof found].size > 0) continue;
    throw new DataError(
      `The longest series has ${longest} steps, which leaves no ${part === "train" ? "training" : part} window of a ` +
        `context of ${context} and a horizon of ${horizon}: give more rows, or less context or horizon.`,
    );
  }
  return {
    ...{ target, channels: data.channels, step: data.step, ...found },
    season: cut.season ?? seasonOf(usualStep(first.times)),
    scales: Object.fromEntries(scales),
  };
}

/** What a forecaster of these data reads and says. */
export function targetOf(
  { channels, targets, known, series }: ForecastingData,
  { context, horizon }: Pick<ForecastCut, "context" | "horizon">,
): ForecastTarget {
  const [first] = series as readonly [Series];
  const sizes = { channels: channels.length, known, outputs: targets };
  return { context, horizon, ...sizes, unit: unitOf(usualStep(first.times)) };
}

/** A series as a model reads it: minus the mean, over the deviation, and what the calendar says. */
export function scaledSeries(
  { name, times, values }: Pick<Series, "name" | "times" | "values">,
  { mean, deviation }: SeriesScale,
): ScaledSeries {
  const channels = mean.length;
  const scaled = Float32Array.from(values, (value, i) => {
    const channel = i % channels;
    return (value - (mean[channel] as number)) / (deviation[channel] as number);
  });
  return { name, values: scaled, calendar: calendarOf(times), deviation };
}

/** Each channel's mean and deviation over the first `count` steps; a channel that never changes keeps its size. */
export function scaleOf(
  { values }: Pick<Series, "values">,
  channels: number,
  count: number,
): SeriesScale {
  const mean = new Array<number>(channels).fill(0);
  const squares = new Array<number>(channels).fill(0);
  // A series of which training sees nothing is scaled by all that is known of it.
  const steps = count < 2 ? values.length / channels : count;
  for (let i = 0; i < steps * channels; i++) {
    mean[i % channels] = (mean[i % channels] as number) + (values[i] as number) / steps;
  }
  for (let i = 0; i < steps * channels; i++) {
    const channel = i % channels;
    const off = (values[i] as number) - (mean[channel] as number);
    squares[channel] = (squares[channel] as number) + (off * off) / steps;
  }
  return { mean, deviation: squares.map((square) => (square > 0 ? Math.sqrt(square) : 1)) };
}

/** The times at which validation and test begin, in all series alike. */
function boundsOf(
  { series }: ForecastingData,
  validation: number,
  test: number,
): readonly [validation: number, test: number] {
  const times = Float64Array.from(series.flatMap((one) => Array.from(one.times)));
  const later = timeSplit(times, { test: validation + test });
  const end =
    test === 0 ? Number.POSITIVE_INFINITY : firstOf(times, timeSplit(times, { test }).test);
  return [firstOf(times, later.test), end];
}

function firstOf(times: Float64Array, places: Int32Array): number {
  return places.reduce(
    (first, place) => Math.min(first, times[place] as number),
    Number.POSITIVE_INFINITY,
  );
}

/** The first step at or after a time; how many there are where none is. */
function placeOf(times: Float64Array, time: number): number {
  const place = times.findIndex((one) => one >= time);
  return place < 0 ? times.length : place;
}

/** The first steps of every series, for a glance. */
export function firstSteps(data: ForecastingData, count: number): ForecastingData {
  const channels = data.channels.length;
  const series = data.series.map(({ name, times, values }) => ({
    ...{ name, times: times.subarray(0, count), values: values.subarray(0, count * channels) },
  }));
  return { ...data, series };
}
