import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("its loss falls, it draws pictures out of noise, and it ends when it is told to", async () => {
  const { frames } = await shown(demonstration, {}, 3);
  expect(frames.map(({ step, steps }) => [step, steps])).toEqual([
    [1, 36],
    [2, 36],
    [3, 36],
  ]);
  const losses = frames.map(({ values }) => values["loss"] as number);
  expect(losses[2]).toBeLessThan(0.85 * (losses[0] as number));
  expect(frames[0]?.figures).toBeUndefined();
  const [figure] = frames[2]?.figures ?? [];
  if (figure?.kind !== "pixels") throw new Error("a picture");
  // Four captions, a row each, and eight steps of pictures of 12 pixels, with lines between them.
  expect([figure.width, figure.height]).toEqual([8 * 13 - 1, 4 * 13 - 1]);
  expect(figure.caption).toContain("a large red circle on black");
});
