import { expect, test } from "vitest";
import { turns } from "./turns.ts";

test("tasks run one after the other, also after one that failed", async () => {
  const inTurn = turns();
  const seen: string[] = [];
  const task =
    (name: string, fails = false) =>
    async () => {
      seen.push(`${name} begins`);
      await new Promise((done) => setTimeout(done, 5));
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const outcomes = await Promise.allSettled([
    inTurn(task("a")),
    inTurn(task("b", true)),
    inTurn(task("c")),
  ]);
  expect(seen).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("tasks that share nothing overlap, and one that shares with both waits for both", async () => {
  const inTurn = turns();
  const [left, right] = [{}, {}];
  const seen: string[] = [];
  let meet: () => void = () => undefined;
  const met = new Promise<void>((go) => {
    meet = go;
  });
  const first = inTurn(async () => {
    await met;
    seen.push("left");
  }, [left]);
  const both = inTurn(() => Promise.resolve(seen.push("both")), [left, right]);
  const other = inTurn(() => {
    meet();
    return Promise.resolve(seen.push("other"));
  }, [{}]);
  await Promise.all([first, both, other]);
  expect(seen).toEqual(["other", "left", "both"]);
});
