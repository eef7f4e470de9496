import { expect, test } from "vitest";
import { count, duration, percent, percentOver, short } from "./numbers.ts";

test("shares become percentages, with the spread where there are several", () => {
  expect(percent(0.9712)).toBe("97.1 %");
  expect(percentOver([0.9, 0.92, 0.94])).toBe("92.0 ± 2.0 %");
  expect(percentOver([0.5])).toBe("50.0 %");
});

test("counts are grouped, or shortened as papers do", () => {
  expect(count(1_234_567)).toBe("1,234,567");
  expect([0, 999, 283_723, 3_763_659, 1.3e10].map(short)).toEqual([
    "0",
    "999",
    "283.7 k",
    "3.76 M",
    "13.00 B",
  ]);
});

test("stretches of time take the unit that fits", () => {
  expect([0.04, 9.94, 9.96, 59.6, 200, 3599.7, 7500].map(duration)).toEqual([
    "0.0 s",
    "9.9 s",
    "10 s",
    "1 min 0 s",
    "3 min 20 s",
    "1 h 0 min",
    "2 h 5 min",
  ]);
});
