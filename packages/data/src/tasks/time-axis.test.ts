import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseDelimited } from "../tables/delimited.ts";
import { forecasting } from "./forecasting.ts";
import { calendarOf, seasonOf, timesAfter, unitOf, usualStep } from "./time-axis.ts";

const read = (text: string) => parseDelimited(new TextEncoder().encode(text), "t.csv");
const times = (...texts: string[]): number[] => texts.map((text) => Date.parse(`${text}Z`));
const texts = (values: Float64Array): string[] =>
  Array.from(values, (value) => new Date(value).toISOString().slice(0, 16));

test.each([
  [["2024-01-01T00:00", "2024-01-01T00:15"], "minute", 96],
  [["2024-01-01T00:00", "2024-01-01T01:00"], "hour", 24],
  [["2024-01-01T00:00", "2024-01-01T03:00"], "hour", 8],
  [["2024-01-01T00:00", "2024-01-01T05:00"], "hour", 1],
  [["2024-01-01T00:00:00", "2024-01-01T00:00:07"], "second", 1],
  [["2024-01-01T00:00", "2024-01-02T00:00"], "day", 7],
  [["2024-01-01T00:00", "2024-01-08T00:00"], "week", 52],
  [["2024-01-31T00:00", "2024-02-29T00:00"], "month", 12],
  [["2024-01-01T00:00", "2024-04-01T00:00"], "month", 4],
  [["2023-01-01T00:00", "2024-01-01T00:00"], "month", 1],
] as const)("%s: steps of a %s, a season of %i", (pair, unit, season) => {
  const step = usualStep(times(...pair));
  expect([unitOf(step), seasonOf(step)]).toEqual([unit, season]);
});

test("times go on by the usual step: months at their ends, trading days without weekends", () => {
  expect(texts(timesAfter(times("2024-01-01T21:30", "2024-01-01T22:30"), 2))).toEqual([
    "2024-01-01T23:30",
    "2024-01-02T00:30",
  ]);
  const ends = times("2023-11-30T00:00", "2023-12-31T00:00", "2024-01-31T00:00");
  expect(texts(timesAfter(ends, 3))).toEqual([
    "2024-02-29T00:00",
    "2024-03-31T00:00",
    "2024-04-30T00:00",
  ]);
  const trading = times("2024-01-03T00:00", "2024-01-04T00:00", "2024-01-05T00:00");
  expect(texts(timesAfter(trading, 2))).toEqual(["2024-01-08T00:00", "2024-01-09T00:00"]);
  const daily = times("2024-01-05T00:00", "2024-01-06T00:00", "2024-01-07T00:00");
  expect(texts(timesAfter(daily, 1))).toEqual(["2024-01-08T00:00"]);
});

test("what the calendar says, as Python's datetime says it", () => {
  const fields = calendarOf(times("2024-12-30T23:59:58", "2021-01-03T00:00", "2020-12-31T12:00"));
  expect([...fields]).toEqual([
    ...[12, 30, 0, 23, 59, 58, 365, 1],
    ...[1, 3, 6, 0, 0, 0, 3, 53],
    ...[12, 31, 3, 12, 0, 0, 366, 53],
  ]);
});

test("rows that hold only what is known ahead stand apart from the series", () => {
  const text = "day,y,z,k\n2024-01-02,2,20,1\n2024-01-01,1,10,0\n2024-01-03,,,1\n2024-01-04,,,0";
  const data = forecasting(read(text), { targets: ["y"], past: ["z"], known: ["k"] });
  expect([data.channels, data.targets, data.known, data.time]).toEqual([
    ["y", "z", "k"],
    1,
    1,
    "day",
  ]);
  expect(data.series).toEqual([
    {
      name: "",
      times: Float64Array.from(times("2024-01-01", "2024-01-02")),
      values: Float64Array.of(1, 10, 0, 2, 20, 1),
      ahead: {
        times: Float64Array.from(times("2024-01-03", "2024-01-04")),
        values: Float64Array.of(1, 0),
      },
    },
  ]);
});

test("numbers that are missing before the end, and columns named twice, are refused", () => {
  const gap = "day,y,k\n2024-01-01,1,0\n2024-01-02,,1\n2024-01-03,3,1";
  expect(() => forecasting(read(gap), { targets: ["y"], known: ["k"] })).toThrow(
    new DataError(
      't.csv, line 3, column "y": the number is missing: fill it in or leave the row out.',
    ),
  );
  const open = "day,y,k\n2024-01-01,1,0\n2024-01-02,2,1\n2024-01-03,,";
  expect(() => forecasting(read(open), { targets: ["y"], known: ["k"] })).toThrow(
    new DataError(
      't.csv, line 4, column "k": the number is missing: fill it in or leave the row out.',
    ),
  );
  expect(() => forecasting(read(gap), { targets: ["k"], known: ["k"] })).toThrow(
    new DataError(
      't.csv, column "k": it is named twice among targets and covariates; name it once.',
    ),
  );
});
