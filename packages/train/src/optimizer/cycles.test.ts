import { expect, test } from "vitest";
import { oneCycle, warmRestarts } from "./cycles.ts";

test("cycles that cannot be are refused", () => {
  expect(() => oneCycle({ peak: 1, steps: 3, rising: 0.2 })).toThrow(
    "oneCycle: 0.2 of 3 updates leave no way up or no way down; take more steps.",
  );
  expect(() => warmRestarts({ from: 1, period: 10, growth: 1.5 })).toThrow(
    "warmRestarts: growth must be a whole number from 1, got 1.5.",
  );
});
