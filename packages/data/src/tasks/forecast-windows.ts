// B batch, T steps of a series, L context, H horizon, C channels, V known covariates, O forecast channels

import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { DataError } from "../errors.ts";
import { CALENDAR_FIELDS } from "./time-axis.ts";

/** A series as a model reads it. */
export interface ScaledSeries {
  readonly name: string;
  /** `[T, C]` */
  readonly values: Float32Array;
  /** What the calendar says of each step, `[T, 8]`. */
  readonly calendar: Float32Array;
  /** What each channel was divided by, `[C]`. */
  readonly deviation: readonly number[];
  /** Steps whose forecasts count: from the first to before the last. All that have a context, unless said. */
  readonly part?: readonly [from: number, to: number];
}

/** How windows are cut. */
export interface WindowSizes {
  readonly context: number;
  readonly horizon: number;
  readonly channels: number;
  readonly known: number;
  readonly outputs: number;
}

/** Windows of series, ready for a training step. */
export interface ForecastBatch {
  /** `[B, L, C]` */
  readonly past: HostTensor<"float32">;
  /** `[B, L + H, 8]` */
  readonly calendar: HostTensor<"float32">;
  /** `[B, H, V]` */
  readonly known: HostTensor<"float32">;
  /** What came, `[B, H, O]`. */
  readonly truth: HostTensor<"float32">;
}

/** Where a window lies. */
export interface WindowPlace {
  /** The series' number. */
  readonly series: number;
  /** The step that is forecast first. */
  readonly step: number;
}

/**
 * All windows of some series: a past and the future that follows it. A window belongs to a part where all of its
 * future lies in it; its past may reach back before the part.
 */
export class ForecastWindows {
  readonly series: readonly ScaledSeries[];
  readonly sizes: WindowSizes;
  readonly #places: readonly WindowPlace[];

  constructor(series: readonly ScaledSeries[], sizes: WindowSizes) {
    this.series = series;
    this.sizes = sizes;
    const { context, horizon, channels } = sizes;
    this.#places = series.flatMap(({ values, part }, number) => {
      const [from, to] = part ?? [0, values.length / channels];
      const first = Math.max(from, context);
      const count = Math.max(0, to - horizon - first + 1);
      return Array.from({ length: count }, (_, i) => ({ series: number, step: first + i }));
    });
  }

  /** How many windows there are. */
  get size(): number {
    return this.#places.length;
  }

  /** Where a window lies. */
  placeOf(window: number): WindowPlace {
    const place = this.#places[window];
    if (place) return place;
    throw new DataError(`windows: there is no window ${window}; there are ${this.size}.`);
  }

  /** Every so many windows that about `count` are left. */
  thinned(count: number): number[] {
    const every = Math.max(1, Math.ceil(this.size / count));
    return Array.from({ length: Math.ceil(this.size / every) }, (_, i) => i * every);
  }

  /** The windows of the given numbers. */
  batch(windows: ArrayLike<number>): ForecastBatch {
    const { context, horizon, channels, known, outputs } = this.sizes;
    const count = windows.length;
    const span = context + horizon;
    const past = new Float32Array(count * context * channels);
    const calendar = new Float32Array(count * span * CALENDAR_FIELDS);
    const ahead = new Float32Array(count * horizon * known);
    const truth = new Float32Array(count * horizon * outputs);
    for (let i = 0; i < count; i++) {
      const { series, step } = this.placeOf(windows[i] as number);
      const { values, calendar: fields } = this.series[series] as ScaledSeries;
      const start = step - context;
      past.set(values.subarray(start * channels, step * channels), i * context * channels);
      calendar.set(
        fields.subarray(start * CALENDAR_FIELDS, (start + span) * CALENDAR_FIELDS),
        i * span * CALENDAR_FIELDS,
      );
      for (let h = 0; h < horizon; h++) {
        const row = values.subarray((step + h) * channels, (step + h + 1) * channels);
        truth.set(row.subarray(0, outputs), (i * horizon + h) * outputs);
        ahead.set(row.subarray(channels - known), (i * horizon + h) * known);
      }
    }
    return {
      past: hostTensor(past, [count, context, channels], "float32"),
      calendar: hostTensor(calendar, [count, span, CALENDAR_FIELDS], "float32"),
      known: hostTensor(ahead, [count, horizon, known], "float32"),
      truth: hostTensor(truth, [count, horizon, outputs], "float32"),
    };
  }
}

/** How windows are cut into batches. */
export interface WindowBatchOptions {
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  /** The first batch to yield, 0 unless said; the batches are those that a run from 0 yields. */
  readonly start?: number;
}

/** One epoch of whole batches in an order that depends on the seed and the epoch only. */
export function* windowBatches(
  windows: ForecastWindows,
  { batchSize, seed, epoch, start = 0 }: WindowBatchOptions,
): Generator<ForecastBatch, undefined> {
  const order = new Random(seed).fork("order").fork(epoch).permutation(windows.size);
  const count = Math.floor(windows.size / batchSize);
  for (let batch = start; batch < count; batch++) {
    yield windows.batch(order.subarray(batch * batchSize, (batch + 1) * batchSize));
  }
}
