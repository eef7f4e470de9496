// B batch, L context, H horizon, C channels, V known covariates, O forecast channels

import {
  CALENDAR_FIELDS,
  DataError,
  type ForecastBatch,
  ForecastWindows,
  type Series,
  timesAfter,
} from "@quire/data";
import {
  add,
  type Compiled,
  type CompileOptions,
  compile,
  constant,
  div,
  type HostTensor,
  hostTensor,
  mul,
  sub,
  type Tensor,
} from "@quire/tensor";
import type { ExportedFunction, System } from "../system.ts";
import { scaledSeries, scaleOf } from "./forecast-data.ts";
import { type ForecastErrors, forecastErrors } from "./forecast-errors.ts";
import { seasonalNaive } from "./forecast-naive.ts";
import type {
  Forecaster,
  ForecastInputs,
  ForecastModelDescription,
  SeriesScale,
} from "./forecast-target.ts";

/** What a forecaster says of one series. */
export interface SeriesForecast {
  /** The series' name, empty where there is only one. */
  readonly name: string;
  /** Milliseconds since 1970, `[H]`. */
  readonly times: Float64Array;
  /** In the units of the data, `[H, O]`. */
  readonly values: Float64Array;
}

/** How a forecaster does on windows whose futures are known. */
export interface ForecastEvaluation extends ForecastErrors {
  /** The same of the seasonal naive forecast of the same windows. */
  readonly naive: ForecastErrors;
}

const LARGEST_BATCH = 128;

/** A forecaster with all that is known of it: it scales, runs in batches and gives times and units. */
export class SeriesForecaster implements System<ForecastModelDescription> {
  readonly model: Forecaster;
  readonly description: ForecastModelDescription;
  readonly #compiled: Compiled<[Tensor, Tensor, Tensor], Tensor>;

  constructor(
    model: Forecaster,
    description: ForecastModelDescription,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    const run = (past: Tensor, calendar: Tensor, known: Tensor) =>
      this.model.forward({ past, calendar, known });
    this.#compiled = compile(run, { name: "forecast", ...options });
  }

  /** A file takes and gives values in the units of the data, scaled by those of the first series. */
  get exported(): ExportedFunction {
    const { target, scales, channels, paper, task, step } = this.description;
    const { context, horizon, known, outputs } = target;
    const [scale] = Object.values(scales) as [SeriesScale];
    const ahead: Record<string, { shape: (string | number)[] }> =
      known === 0 ? {} : { known: { shape: ["batch", horizon, known] } };
    const names = channels.slice(0, outputs);
    return {
      run: (past, calendar, given) => {
        const inputs = { past: past as Tensor, calendar: calendar as Tensor };
        return { forecast: this.#inUnits(given ? { ...inputs, known: given } : inputs, scale) };
      },
      inputs: {
        past: { shape: ["batch", context, target.channels] },
        calendar: { shape: ["batch", context + horizon, CALENDAR_FIELDS] },
        ...ahead,
      },
      outputs: { forecast: ["batch", horizon, outputs] },
      metadata: {
        ...{
          paper,
          task,
          step,
          channels: JSON.stringify(channels),
          forecast: JSON.stringify(names),
        },
        calendar:
          "of past and future steps: month, day, weekday (Monday 0), hour, minute, second, day of the year, ISO week",
      },
    };
  }

  /** Arguments of the exported function that are one window's. */
  argumentsOf(windows: ForecastWindows, window: number): HostTensor[] {
    const { scales, target } = this.description;
    const [{ mean, deviation }] = Object.values(scales) as [SeriesScale];
    const inUnits = (x: HostTensor<"float32">, from: number): HostTensor => {
      const width = x.shape[2] as number;
      const data = x.data.map((value, i) => {
        const channel = from + (i % width);
        return value * (deviation[channel] as number) + (mean[channel] as number);
      });
      return hostTensor(data, x.shape, "float32");
    };
    const { past, calendar, known } = windows.batch([window]);
    const first = target.channels - target.known;
    const ahead = target.known === 0 ? [] : [inUnits(known, first)];
    return [inUnits(past, 0), calendar, ...ahead];
  }

  /** Forecasts windows, scaled. `-> [N, H, O]` */
  async forecast(windows: ForecastWindows, places: readonly number[]): Promise<Float32Array> {
    const { horizon, outputs } = windows.sizes;
    const said = new Float32Array(places.length * horizon * outputs);
    const size = Math.ceil(places.length / Math.max(1, Math.ceil(places.length / LARGEST_BATCH)));
    for (let first = 0; first < places.length; first += size) {
      const taken = places.slice(first, first + size);
      // Batches have one size, so that one model is compiled.
      const filled = Array.from({ length: size }, (_, i) => taken[i] ?? (taken[0] as number));
      const { past, calendar, known }: ForecastBatch = windows.batch(filled);
      const { data } = await this.#compiled(past, calendar, known);
      const rows = (data as Float32Array).subarray(0, taken.length * horizon * outputs);
      said.set(rows, first * horizon * outputs);
    }
    return said;
  }

  /** Compares forecasts with what came: of all windows, or of some. */
  async evaluate(
    windows: ForecastWindows,
    places?: readonly number[],
  ): Promise<ForecastEvaluation> {
    const { season } = this.description;
    const chosen = places ?? Array.from({ length: windows.size }, (_, window) => window);
    const said = await this.forecast(windows, chosen);
    const naive = new Float32Array(said.length);
    const each = windows.sizes.horizon * windows.sizes.outputs;
    chosen.forEach((window, i) => {
      naive.set(seasonalNaive(windows, window, season), i * each);
    });
    const naiveErrors = forecastErrors(windows, chosen, naive);
    return { ...forecastErrors(windows, chosen, said), naive: naiveErrors };
  }

  /**
   * Forecasts what follows the end of series.
   *
   * @throws DataError when a series is shorter than the context, or what is known ahead is not given as far.
   */
  async predict(series: readonly Series[]): Promise<SeriesForecast[]> {
    const { target } = this.description;
    const { horizon, outputs } = target;
    const ends = series.map((one) => this.#ending(one));
    const windows = new ForecastWindows(
      ends.map(({ scaled }) => scaled),
      target,
    );
    const said = await this.forecast(
      windows,
      ends.map((_, i) => i),
    );
    return ends.map(({ name, times, scale }, i) => ({
      ...{ name, times },
      values: Float64Array.from({ length: horizon * outputs }, (_, place) => {
        const [mean, deviation] = [scale.mean, scale.deviation].map((of) => of[place % outputs]);
        return (said[i * horizon * outputs + place] as number) * Number(deviation) + Number(mean);
      }),
    }));
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await this.#compiled.release();
  }

  /** The last steps of a series, with the steps that follow, scaled. */
  #ending(series: Series) {
    const { target, channels, scales } = this.description;
    const { context, horizon, known } = target;
    const { name, times, values, ahead } = series;
    const what = name === "" ? "The series" : `Series "${name}"`;
    const width = target.channels;
    if (times.length < context) {
      throw new DataError(
        `${what} has ${times.length} steps, and the run reads ${context}: give at least as many.`,
      );
    }
    const given = ahead?.times.length ?? 0;
    if (known > 0 && given < horizon) {
      const names = channels.slice(width - known).join(", ");
      throw new DataError(
        `${what} goes on for ${given} rows of ${names} alone, and a forecast needs ${horizon}: add rows with times ` +
          "and these columns, the targets left empty.",
      );
    }
    const future = ahead ? ahead.times.slice(0, horizon) : timesAfter(times, horizon);
    const scale = scales[name] ?? scaleOf(series, width, times.length);
    const whole = new Float64Array((context + horizon) * width);
    whole.set(values.subarray((times.length - context) * width));
    for (let i = 0; i < horizon * known; i++) {
      const [step, column] = [Math.floor(i / known), i % known];
      whole[(context + step) * width + width - known + column] = ahead?.values[i] as number;
    }
    const all = Float64Array.of(...times.subarray(times.length - context), ...future);
    return {
      name,
      times: future,
      scale,
      scaled: scaledSeries({ name, times: all, values: whole }, scale),
    };
  }

  #inUnits({ past, calendar, known }: ForecastInputs, { mean, deviation }: SeriesScale): Tensor {
    const { outputs, channels, known: ahead } = this.description.target;
    const row = (values: readonly number[], from: number, to: number): Tensor =>
      constant(hostTensor(values.slice(from, to), [to - from], "float32"));
    const scaled = (x: Tensor, from: number, to: number): Tensor =>
      div(sub(x, row(mean, from, to)), row(deviation, from, to));
    const said = this.model.forward({
      past: scaled(past, 0, channels),
      calendar,
      ...(known && { known: scaled(known, channels - ahead, channels) }),
    });
    return add(mul(said, row(deviation, 0, outputs)), row(mean, 0, outputs));
  }
}
