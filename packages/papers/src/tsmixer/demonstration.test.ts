import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("what the wind tells of the demand is seen where both are read, and not by each alone", async () => {
  const last = async (channels: string): Promise<number> => {
    const { frames } = await shown(demonstration, { channels, gated: false, follows: 1 }, 4);
    return frames.at(-1)?.values["mse"] ?? Number.NaN;
  };
  expect(await last("joint")).toBeLessThan(0.8 * (await last("independent")));
});

test("it is seen to forecast, and what its gates let through", async () => {
  const { frames } = await shown(
    demonstration,
    { channels: "mixed", gated: true, follows: 0.5 },
    2,
  );
  expect(frames[1]?.values["mse"]).toBeLessThan(frames[0]?.values["mse"] ?? 0);
  const [forecast, gates] = frames.at(-1)?.figures ?? [];
  if (forecast?.kind !== "lines" || gates?.kind !== "heat") throw new Error("two figures");
  expect(forecast.series.map(({ name, points }) => [name, points.length])).toEqual([
    ["history", 48],
    ["truth", 12],
    ["TSMixer", 12],
  ]);
  expect(gates.rows).toEqual(["demand", "wind"]);
  for (const shares of gates.values) {
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  }
});

test("without gates there is no picture of them; it ends when it is told to", async () => {
  const { frames } = await shown(
    demonstration,
    { channels: "joint", gated: false, follows: 0.5 },
    2,
  );
  expect(frames.map(({ figures }) => figures?.length)).toEqual([1, 1]);
});
