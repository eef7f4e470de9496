import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("it is seen to learn where to turn, and an episode is shown step by step", async () => {
  const { frames } = await shown(demonstration, { corridor: 1, memory: 4 }, 6);
  expect(frames.at(-1)?.values["failed"]).toBeLessThan(0.2);
  const [episode, told] = frames.at(-1)?.figures ?? [];
  if (episode?.kind !== "pixels" || told?.kind !== "text") throw new Error("a picture and a text");
  expect(episode.bytes.length).toBe(4 * episode.width * episode.height);
  expect(told.text).toMatch(
    /^forward, (left|right)\n(Right|Wrong, or too late): -?\d\.\d in all\.$/,
  );
});

test("a memory that does not reach back to the lamp is right every other time at most", async () => {
  const { frames } = await shown(demonstration, { corridor: 3, memory: 1, gate: "addition" }, 3);
  expect(frames.at(-1)?.values["failed"]).toBeGreaterThan(0.25);
});
