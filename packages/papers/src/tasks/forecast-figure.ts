import type { ForecastWindows } from "@quire/data";
import type { Figure } from "../figure.ts";

/** A stretch of one channel over time. */
export interface Stretch {
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** What a picture of a forecast shows. */
export interface ForecastPicture {
  readonly title: string;
  /** What the values are: the channel's name. */
  readonly of: string;
  readonly past: Stretch;
  readonly forecasts: Readonly<Record<string, Stretch>>;
  /** What came, where it is known. */
  readonly truth?: Stretch;
}

/** History, forecasts and truth of one channel. */
export function forecastFigure({ title, of, past, forecasts, truth }: ForecastPicture): Figure {
  const points = ({ times, values }: Stretch): [number, number][] =>
    Array.from(times, (time, i) => [time, values[i] as number]);
  return {
    ...{ title, kind: "lines" },
    x: { title: "time", scale: "time" },
    y: { title: of },
    series: [
      { name: "history", points: points(past) },
      ...(truth ? [{ name: "truth", points: points(truth), mark: "dashes" } as const] : []),
      ...Object.entries(forecasts).map(([name, stretch]) => ({ name, points: points(stretch) })),
    ],
  };
}

/** One channel of a window, in units: its past, and what came. */
export function windowStretch(
  windows: ForecastWindows,
  window: number,
  { channel, times, scale }: WindowChannel,
): { readonly past: Stretch; readonly truth: Stretch } {
  const { context, horizon, channels } = windows.sizes;
  const { series, step } = windows.placeOf(window);
  const { values } = windows.series[series] as (typeof windows.series)[number];
  const stretch = (from: number, to: number): Stretch => ({
    times: times.slice(from, to),
    values: Array.from({ length: to - from }, (_, i) =>
      scale(values[(from + i) * channels + channel] as number),
    ),
  });
  return { past: stretch(step - context, step), truth: stretch(step, step + horizon) };
}

/** Which channel of a window is shown, when its series' steps were, and how values are brought to units. */
export interface WindowChannel {
  readonly channel: number;
  readonly times: Float64Array;
  readonly scale: (value: number) => number;
}
