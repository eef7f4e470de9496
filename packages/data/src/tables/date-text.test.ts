import { expect, test } from "vitest";
import { detectDateOrder, parseDate } from "./date-text.ts";

const dates: readonly (readonly [string, string | undefined])[] = [
  ["2024-02-29", "2024-02-29T00:00:00Z"],
  ["2023-02-29", undefined],
  ["1900-02-29", undefined],
  ["2000-02-29", "2000-02-29T00:00:00Z"],
  ["2024-13-01", undefined],
  ["2024-00-10", undefined],
  ["20x4-01-10", undefined],
  ["2024/1/31", "2024-01-31T00:00:00Z"],
  ["2024-01", "2024-01-01T00:00:00Z"],
  ["1815-06-18T11:35:00", "1815-06-18T11:35:00Z"],
  ["2024-01-31 06:30", "2024-01-31T06:30:00Z"],
  ["2024-01-31 06:30:15.25", "2024-01-31T06:30:15.250Z"],
  ["2024-01-31T06:30:15Z", "2024-01-31T06:30:15Z"],
  ["2024-01-31T06:30:15+02:00", "2024-01-31T04:30:15Z"],
  ["2024-01-31T06:30-0530", "2024-01-31T12:00:00Z"],
  ["2024-01-31 24:00:00", undefined],
  ["2024-01-31 12:60:00", undefined],
  ["2024-01-31 ab:cd:ef", undefined],
  ["2024-01-31 noon", undefined],
  ["31.01.2024 6:05", "2024-01-31T06:05:00Z"],
  ["01/02/2024", undefined],
  ["Jan 31 2024", "2024-01-31T00:00:00Z"],
  ["31 January 2024", "2024-01-31T00:00:00Z"],
  ["Sept. 3, 2024", "2024-09-03T00:00:00Z"],
  ["3-Sep-2024", "2024-09-03T00:00:00Z"],
  ["31 Feb 2024", undefined],
  ["12 13 2024", undefined],
  ["Ann 31 2024", undefined],
  ["hello", undefined],
];

test.each(dates)("%s is %s", (text, wanted) => {
  expect(parseDate(text, undefined)).toBe(wanted === undefined ? undefined : Date.parse(wanted));
});

test("day and month go by the order that is set or seen", () => {
  expect(parseDate("01/02/2024", "day-first")).toBe(Date.parse("2024-02-01"));
  expect(parseDate("01-02-2024", "month-first")).toBe(Date.parse("2024-01-02"));
  expect(detectDateOrder(["01/02/2024", "13/02/2024 10:00"])).toBe("day-first");
  expect(detectDateOrder(["01/02/2024", "01-20-2024"])).toBe("month-first");
  expect(detectDateOrder(["13/02/2024", "02/13/2024"])).toBeUndefined();
});
