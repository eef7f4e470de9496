import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseDelimited } from "../tables/delimited.ts";
import { forecasting } from "./forecasting.ts";
import { tabular } from "./tabular.ts";
import { linkage, textClassification, textPairs } from "./texts.ts";

const read = (text: string, name = "t.csv") => parseDelimited(new TextEncoder().encode(text), name);
const time = (text: string) => Date.parse(`${text}Z`);

test("forecasting sorts rows by time and keeps every channel", () => {
  const data = forecasting(
    read("day,a,b,shop\n2024-01-03,3,6,x\n2024-01-01,1,4,x\n2024-01-02,2,5,x"),
  );
  expect(data.channels).toEqual(["a", "b"]);
  expect(data.series).toEqual([
    {
      name: "",
      times: Float64Array.of(time("2024-01-01"), time("2024-01-02"), time("2024-01-03")),
      values: Float64Array.of(1, 4, 2, 5, 3, 6),
    },
  ]);
  expect(data.describe()).toBe(
    "1 series of 3 steps every 1 day, 2024-01-01 to 2024-01-03; channels: a, b",
  );
});

test("forecasting keeps series apart", () => {
  const table = read(
    "t,y,shop\n2024-01-01,1,a\n2024-01-01,5,b\n2024-01-02,2,a\n2024-01-02,6,b\n2024-01-03,7,b",
  );
  const data = forecasting(table, { series: "shop", targets: ["y"] });
  expect(data.series.map(({ name, values }) => [name, ...values])).toEqual([
    ["a", 1, 2],
    ["b", 5, 6, 7],
  ]);
  expect([data.size, data.step]).toEqual([5, "1 day"]);
  expect(data.describe()).toBe(
    "2 series of 2 to 3 steps every 1 day, 2024-01-01 to 2024-01-03; channels: y",
  );
});

const steps: readonly (readonly [string, readonly string[]])[] = [
  ["15 minutes", ["2024-01-01 00:00", "2024-01-01 00:15", "2024-01-01 00:30"]],
  ["2 hours", ["2024-01-01 00:00", "2024-01-01 02:00", "2024-01-01 04:00"]],
  ["7 days", ["2024-01-01", "2024-01-08", "2024-01-15"]],
  ["1 month", ["2024-01-01", "2024-02-01", "2024-03-01"]],
  ["1 month", ["2024-01-31", "2024-02-29", "2024-03-31"]],
  ["3 months", ["2024-01", "2024-04", "2024-07"]],
  ["1 year", ["2023-01-01", "2024-01-01", "2025-01-01"]],
];

test.each(steps)("a step of %s is regular", (step, times) => {
  const rows = times.map((each, i) => `${each},${i}.5`);
  expect(forecasting(read(`t,y\n${rows.join("\n")}`)).step).toBe(step);
});

test("trading days count as steps where that is said", () => {
  const text = "day,close\n2024-01-04,1\n2024-01-05,2\n2024-01-08,3\n2024-01-09,4";
  expect(() => forecasting(read(text))).toThrow(
    new DataError(
      't.csv, line 4, column "day": 2024-01-08 follows 2024-01-05 by 3 days, where others follow by 1 day: add the rows between, or count every row as a step (irregular).',
    ),
  );
  const data = forecasting(read(text), { irregular: true });
  expect([...(data.series[0]?.values ?? [])]).toEqual([1, 2, 3, 4]);
  expect(data.describe()).toBe(
    "1 series of 4 steps at irregular times, 2024-01-04 to 2024-01-09; channels: close",
  );
});

test("tabular tells numbers from categories and keeps what is missing", () => {
  const table = read("age,sex,alive,name\n1.5,m,yes,A\n,f,no,B\n3,,yes,C\n4,m,no,D");
  const data = tabular(table, { target: "alive" });
  expect(data.numbers).toEqual(["age"]);
  expect(data.values).toEqual(Float64Array.of(1.5, Number.NaN, 3, 4));
  expect(data.categories).toEqual([{ name: "sex", categories: ["m", "f"] }]);
  expect(data.codes).toEqual(Int32Array.of(1, 2, 0, 1));
  expect(data.target).toEqual({
    predict: "class",
    labels: Int32Array.of(1, 0, 1, 0),
    classes: ["no", "yes"],
  });
  expect(data.describe()).toBe(
    "4 rows; alive is 2 classes (no, yes), predicted from 1 number and 1 category",
  );
});

test("tabular predicts numbers, or classes of numbers in their order", () => {
  const table = read("x,w,y\n1,2,10\n3,4,9\n5,6,10");
  expect(tabular(table, { target: "y" }).target).toEqual({
    predict: "number",
    values: Float64Array.of(10, 9, 10),
  });
  expect(tabular(table, { target: "y" }).values).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6));
  expect(tabular(table, { target: "y", predict: "class" }).target).toEqual({
    predict: "class",
    labels: Int32Array.of(1, 0, 1),
    classes: ["9", "10"],
  });
});

test("text classification and pairs", () => {
  const table = read("text,other,label\ngood day,bad,1\nbad day,good,0\nfine,ok,1");
  const data = textClassification(table, { text: "text", label: "label" });
  expect(data.texts).toEqual(["good day", "bad day", "fine"]);
  expect([...data.labels, ...data.classes]).toEqual([1, 0, 1, "0", "1"]);
  expect(data.describe()).toBe("3 texts in 2 classes: 0, 1");
  const pairs = textPairs(table, { left: "text", right: "other", label: "label" });
  expect([pairs.left[1], pairs.right[1], pairs.labels?.[1], pairs.size]).toEqual([
    "bad day",
    "good",
    0,
    3,
  ]);
  expect(pairs.describe()).toBe("3 pairs of texts in 2 classes");
  expect(textPairs(table, { left: "text", right: "other" }).describe()).toBe("3 pairs of texts");
});

test("linkage by equal ids, or by a table of matches", () => {
  const left = read("id,name,city,age\n1,Ann,Rome,3\n2,Bob,Oslo,4", "left.csv");
  const right = read("id,city,name\n2,Oslo,Rob\n9,,Ann", "right.csv");
  const data = linkage(left, right, { id: "id" });
  expect(data.fields).toEqual(["name", "city"]);
  expect(data.left).toEqual([
    ["Ann", "Rome"],
    ["Bob", "Oslo"],
  ]);
  expect(data.right).toEqual([
    ["Rob", "Oslo"],
    ["Ann", ""],
  ]);
  expect(data.matches).toEqual(Int32Array.of(1, 0));
  const matches = read("l,r\n1,9\n2,2", "matches.csv");
  expect(linkage(left, right, { id: "id", matches }).matches).toEqual(Int32Array.of(0, 1, 1, 0));
  expect(data.describe()).toBe("2 and 2 records, 1 of which match; fields: name, city");
});

const series = "day,y,shop\n2024-01-01,1,a\n2024-01-02,,b\n2024-01-03,3,b";
const refusals: readonly (readonly [() => unknown, string])[] = [
  [
    () => forecasting(read("t,y\n2024-01-01,1")),
    "t.csv has 1 row, but a forecast needs at least 2: add rows.",
  ],
  [
    () => forecasting(read("t,y\na,1\nb,2")),
    "t.csv has no column of dates: write times such as 2024-01-31 06:30, or name the column of times.",
  ],
  [
    () => forecasting(read(series)),
    't.csv, line 3, column "y": the number is missing: fill it in or leave the row out.',
  ],
  [
    () => forecasting(read(series), { targets: ["dy"] }),
    't.csv has no column "dy"; did you mean "day"?',
  ],
  [
    () => forecasting(read(series), { targets: ["shop"] }),
    't.csv, column "shop": it holds texts, such as "a" in line 2, where numbers are needed: name another column, or correct the values.',
  ],
  [
    () =>
      forecasting(read("t,y,s\n2024-01-01,1,a\n2024-01-02,2,b\n2024-01-03,3,b"), { series: "s" }),
    't.csv, line 2, column "s": series "a" has one row only: add rows or leave it out.',
  ],
  [
    () => forecasting(read("t,y\n2024-01-01,1\n2024-01-02,2\n2024-01-01,3")),
    't.csv, line 4, column "t": 2024-01-01 stands in line 2 already: keep one row a time, or name the column that tells series apart.',
  ],
  [
    () => forecasting(read("t,y\n2024-01-01,1\n2024-01-01,3"), { irregular: true }),
    't.csv, line 3, column "t": 2024-01-01 stands in line 2 already: keep one row a time, or name the column that tells series apart.',
  ],
  [
    () => forecasting(read("t,y\n2024-01-01,1\n,3")),
    't.csv, line 3, column "t": the time is missing: fill it in or leave the row out.',
  ],
  [
    () => forecasting(read("t\n2024-01-01\n2024-01-02")),
    "t.csv has no column of numbers to forecast: add one.",
  ],
  [
    () => tabular(read("x,y\n1,2\n2,inf"), { target: "y" }),
    't.csv, line 3, column "y": the number is infinite: fill it in or leave the row out.',
  ],
  [
    () => tabular(read("x,y\n1,a\n2,\n3,a\n4,a"), { target: "y" }),
    't.csv, line 3, column "y": the value is missing: fill it in, or leave the row out.',
  ],
  [
    () => tabular(read("x,y\n1,a\n2,a"), { target: "y" }),
    't.csv, column "y": every row is "a", and classes are at least two: name another column.',
  ],
  [
    () => tabular(read("y\n1\n2"), { target: "y" }),
    't.csv has no column to predict "y" from: add a column of numbers or categories.',
  ],
  [
    () => tabular(read("x,y\n1,1\n2,2"), { target: "y", features: ["y"] }),
    't.csv: column "y" is the target and a feature: take it out of the features.',
  ],
  [
    () => tabular(read("x,y\na b,1\nc d,2"), { target: "y", features: ["x"] }),
    't.csv: column "x" holds texts, and features are numbers or categories: leave it out, or set its kind to "category".',
  ],
  [
    () => linkage(read("id,a\n1,x\n1,y", "l.csv"), read("id,a\n1,x", "r.csv"), { id: "id" }),
    'l.csv, line 3, column "id": "1" stands in line 2 already: give every record an id of its own.',
  ],
  [
    () => linkage(read("id,a\n1,x", "l.csv"), read("id,b\n1,x", "r.csv"), { id: "id" }),
    'l.csv and r.csv share no column beside "id": give both the same column names.',
  ],
  [
    () => linkage(read("id,a\n1,x", "l.csv"), read("id,a\n2,x", "r.csv"), { id: "id" }),
    'no record of l.csv matches one of r.csv: check that "id" means the same in both.',
  ],
  [
    () =>
      linkage(read("id,a\n1,x", "l.csv"), read("id,a\n2,x", "r.csv"), {
        id: "id",
        matches: read("l,r\n1,3", "m.csv"),
      }),
    'm.csv, line 2, column "r": r.csv has no record "3": correct the id.',
  ],
  [
    () =>
      linkage(read("id,a\n1,x", "l.csv"), read("id,a\n2,x", "r.csv"), {
        id: "id",
        matches: read("l\n1", "m.csv"),
      }),
    "m.csv has 1 column, but matches are two: an id of each table.",
  ],
];

test.each(refusals)("refuses %#", (make, message) => {
  expect(make).toThrow(new DataError(message));
});
