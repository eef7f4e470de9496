import { expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { demonstration } from "./demonstration.ts";

async function frames(processes: string, steps: number): Promise<Frame[]> {
  const control = new AbortController();
  const seen: Frame[] = [];
  const values = { processes, sequence: false };
  for await (const frame of demonstration.run({ values, seed: 1, signal: control.signal })) {
    seen.push(frame);
    if (frame.step === steps) control.abort();
  }
  return seen;
}

test("the parts learn, and what they lose does not depend on how many there are", async () => {
  const [one, two] = [await frames("1", 20), await frames("2", 20)];
  const losses = [one, two].map((seen) => seen.map(({ values }) => values["loss"] as number));
  expect(losses[0]?.at(-1)).toBeLessThan(0.8 * (losses[0]?.[0] as number));
  losses[0]?.forEach((loss, i) => {
    expect(losses[1]?.[i]).toBeCloseTo(loss, 3);
  });
  const [, account] = two[0]?.figures ?? [];
  expect(account).toMatchObject({ kind: "text", title: "Who holds what" });
  const text = (account as { readonly text: string }).text.split("\n");
  // Two blocks with 2 + 2 sums, the sum of token vectors, 3 of the loss, its gradient's one, and one for the norm.
  expect(text[2]).toMatch(/^a step takes 14 exchanges of \d+ numbers in all$/);
});
