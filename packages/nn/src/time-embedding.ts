// B batch, T length, D width

import {
  add,
  cast,
  clip,
  constant,
  floor,
  gather,
  hostTensor,
  mul,
  slice,
  squeeze,
  sub,
  type Tensor,
} from "@quire/tensor";
import { Embedding } from "./embedding.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/**
 * What a calendar says of a time, in the order of the last axis: month from 1, day of the month from 1, day of the
 * week from 0 (Monday), hour, minute, second, day of the year from 1, ISO week from 1.
 */
export const calendarFields = [
  "month",
  "day",
  "weekday",
  "hour",
  "minute",
  "second",
  "dayOfYear",
  "week",
] as const;

/** One of what a calendar says. */
export type CalendarField = (typeof calendarFields)[number];

/** What the time between two steps is counted in. */
export type TimeUnit = "second" | "minute" | "hour" | "day" | "week" | "month";

/** Each field's first and last value. */
const bounds: Readonly<Record<CalendarField, readonly [first: number, last: number]>> = {
  month: [1, 12],
  day: [1, 31],
  weekday: [0, 6],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
  dayOfYear: [1, 366],
  week: [1, 53],
};

const ofDays: readonly CalendarField[] = ["weekday", "day", "dayOfYear"];

/** Those fields that tell steps of a unit apart, as GluonTS and Informer choose them. */
export const timeFeatures: Readonly<Record<TimeUnit, readonly CalendarField[]>> = {
  second: ["second", "minute", "hour", ...ofDays],
  minute: ["minute", "hour", ...ofDays],
  hour: ["hour", ...ofDays],
  day: ofDays,
  week: ["day", "week"],
  month: ["month"],
};

/** What an embedding of times is made of. */
export interface TimeEmbeddingOptions {
  readonly width: number;
  /** What the time between two steps is counted in. */
  readonly unit: TimeUnit;
}

/** A linear layer of calendar fields, each from -0.5 to 0.5 over its range. `[B, T, 8] -> [B, T, D]` */
export class TimeFeatures extends Module {
  readonly projection: Linear;
  readonly fields: readonly CalendarField[];

  constructor({ width, unit }: TimeEmbeddingOptions) {
    super();
    this.fields = timeFeatures[unit];
    this.projection = new Linear({ in: this.fields.length, out: width });
  }

  /** `[B, T, 8] -> [B, T, D]` */
  forward(calendar: Tensor): Tensor {
    return this.projection.forward(scaledFields(calendar, this.fields));
  }
}

/** Calendar fields from -0.5 to 0.5 over their ranges. `[B, T, 8] -> [B, T, F]` */
export function scaledFields(calendar: Tensor, fields: readonly CalendarField[]): Tensor {
  const places = fields.map((field) => calendarFields.indexOf(field));
  const taken = gather(calendar, constant(hostTensor(places, [places.length], "int32")), 2);
  const of = (make: (first: number, last: number) => number): Tensor =>
    constant(
      hostTensor(
        fields.map((field) => make(...bounds[field])),
        [fields.length],
      ),
    );
  const spread = of((first, last) => 1 / (last - first));
  return sub(
    mul(
      sub(
        taken,
        of((first) => first),
      ),
      spread,
    ),
    0.5,
  );
}

/** Vectors of each field's values, summed: learned, or sines and cosines of the value. */
export interface CalendarEmbeddingOptions extends TimeEmbeddingOptions {
  readonly vectors: "learned" | "sine";
}

/** Minutes are told apart by quarters of an hour. */
const QUARTER = 15;

/** Rows of each table; official code counts days and months from 1. */
const rows = { minute: 4, hour: 24, weekday: 7, day: 32, month: 13 } as const;

type Tabled = keyof typeof rows;

/**
 * The sum of a vector for each of hour, weekday, day and month, and of the quarter of the hour where steps are
 * shorter than an hour. `[B, T, 8] -> [B, T, D]`
 */
export class CalendarEmbedding extends Module {
  readonly tables: Readonly<Partial<Record<Tabled, Embedding>>>;
  readonly vectors: CalendarEmbeddingOptions["vectors"];
  readonly width: number;
  readonly fields: readonly Tabled[];

  constructor({ width, unit, vectors }: CalendarEmbeddingOptions) {
    super();
    this.vectors = vectors;
    this.width = width;
    const isFine = unit === "minute" || unit === "second";
    this.fields = isFine
      ? ["hour", "weekday", "day", "month", "minute"]
      : ["hour", "weekday", "day", "month"];
    const learned = vectors === "learned" ? this.fields : [];
    this.tables = Object.fromEntries(
      learned.map((field) => [field, new Embedding({ count: rows[field], width })]),
    );
  }

  /** `[B, T, 8] -> [B, T, D]` */
  forward(calendar: Tensor): Tensor {
    return this.fields
      .map((field) => this.#vectorsOf(field, calendar))
      .reduce((total, vectors) => add(total, vectors));
  }

  #vectorsOf(field: Tabled, calendar: Tensor): Tensor {
    const place = calendarFields.indexOf(field);
    const values = squeeze(slice(calendar, [place], [place + 1], { axes: [2] }), [2]);
    const ids = cast(field === "minute" ? floor(mul(values, 1 / QUARTER)) : values, "int32");
    const table = this.tables[field];
    if (table) return table.forward(ids);
    return gather(sineTable(rows[field], this.width), clip(ids, { max: rows[field] - 1 }));
  }
}

/** Sines and cosines in turn along the width, as of positions. `-> [N, D]` */
function sineTable(count: number, width: number): Tensor {
  const data = Float32Array.from({ length: count * width }, (_, i) => {
    const [value, column] = [Math.floor(i / width), i % width];
    const angle = value / 10_000 ** ((column - (column % 2)) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return constant(hostTensor(data, [count, width], "float32"));
}
