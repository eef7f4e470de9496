import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("masks are drawn while it learns, whatever reads the coarsest level; it ends when it is told to", async () => {
  for (const [reader, last] of [
    ["Vision-LSTM", 2],
    ["self-attention", 1],
  ] as const) {
    const { frames } = await shown(demonstration, { reader }, last);
    expect(frames.map(({ step }) => step)).toEqual([1, 2].slice(0, last));
    expect(frames.at(-1)?.values["loss"]).toBeLessThanOrEqual(frames[0]?.values["loss"] as number);
    const [masks] = frames.at(-1)?.figures ?? [];
    if (masks?.kind !== "pixels") throw new Error("a picture");
    // Four pictures of 32 x 32, three times as large, and what is said of them beside them.
    expect([masks.width, masks.height]).toEqual([2 * 96 + 4, 4 * 96 + 3 * 4]);
    expect(masks.bytes.length).toBe(4 * masks.width * masks.height);
  }
});
