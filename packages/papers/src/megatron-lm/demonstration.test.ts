import { expect, test } from "vitest";
import { answer } from "../answer.ts";
import type { Frame } from "../demonstration.ts";
import { exampleOf } from "../exported.ts";
import type { System } from "../system.ts";
import type { LanguageModelSystem } from "../tasks/language-model.ts";
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

/** What the joined model makes of an example, and how it goes on, after so many steps. */
async function joined(processes: string, steps: number) {
  const controller = new AbortController();
  let system: LanguageModelSystem | undefined;
  const onSystem = (made: System): void => {
    system = made as LanguageModelSystem;
  };
  const values = { processes, sequence: processes !== "1" };
  const given = { values, seed: 1, signal: controller.signal, onSystem };
  for await (const { step } of demonstration.run(given)) if (step === steps) controller.abort();
  if (!system) throw new Error("The demonstration gives its system.");
  const { outputs } = await exampleOf(system.exported, 1);
  return { system, logits: outputs["logits"]?.toArray() ?? [] };
}

test("the parts joined are the model that one process would have, which writes on", async () => {
  const [one, four] = [await joined("1", 20), await joined("4", 20)];
  expect(four.logits.length).toBe(one.logits.length);
  four.logits.forEach((logit, i) => {
    expect(logit).toBeCloseTo(one.logits[i] as number, 2);
  });
  const [said] = await answer(four.system, {
    ...{ kind: "file", name: "a.txt", bytes: new TextEncoder().encode("abc") },
  });
  expect((said as { readonly text: string }).text).toMatch(/^abc▸[a-z1-5]{15,}$/);
});
