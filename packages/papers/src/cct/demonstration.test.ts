import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("it is seen to learn, and to look at the shape rather than beside it", async () => {
  const { frames } = await shown(demonstration);
  expect(frames.map(({ step }) => step)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  expect(frames.at(-1)?.values["accuracy"]).toBeGreaterThan(0.7);
  const [pictures, telling] = frames.at(-1)?.figures ?? [];
  if (pictures?.kind !== "pixels" || telling?.kind !== "heat") throw new Error("two figures");
  expect([pictures.width, pictures.height, pictures.bytes.length]).toEqual([192, 48, 4 * 192 * 48]);
  expect(telling.values.flat().reduce((sum, count) => sum + count, 0)).toBe(200);
});

test("patches and a class token are shown without shares of tokens; it ends when it is told to", async () => {
  const change = { tokenizer: "patches", summary: "class token", positions: "none" };
  const { frames } = await shown(demonstration, change, 2);
  expect(frames.length).toBe(2);
  const [pictures] = frames[1]?.figures ?? [];
  expect(pictures?.kind === "pixels" && pictures.height).toBe(24);
});
