import { expect, test } from "vitest";
import { metricOver, metricText, spaced } from "./metric-text.ts";

test("metrics are written as their kind asks", () => {
  expect(metricText(0.9312, "share")).toBe("93.1 %");
  expect(metricText(0.21739, "number")).toBe("0.217");
  expect(metricText(12.444, "milliseconds")).toBe("12.44 ms");
  expect(metricText(3141.59, "megabytes")).toBe("3142 MB");
  expect(metricText(2.4, "ratio")).toBe("× 2.400");
  expect(metricText(0.000012, "number")).toBe("1.20e-5");
  expect(metricText(Number.NaN, "number")).toBe("NaN");
});

test("several values show their spread with the mean's decimals", () => {
  expect(metricOver([0.9, 0.92], "share")).toBe("91.0 ± 1.4 %");
  expect(metricOver([10, 12], "milliseconds")).toBe("11.00 ± 1.41 ms");
  expect(metricOver([0.5], "number")).toBe("0.500");
});

test("names in camel case become words", () => {
  expect(spaced("validationLoss")).toBe("validation loss");
});
