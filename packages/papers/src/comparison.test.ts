import { expect, test } from "vitest";
import { type Contestant, compare, type Turn, type TurnHooks } from "./comparison.ts";

/** A contestant whose turns last as long as told, and what happened. */
function contestant(
  name: string,
  log: string[],
  wait: (seed: number, hooks: TurnHooks) => Promise<void>,
): Contestant<string> {
  return {
    name,
    run: async (seed, hooks): Promise<Turn<string>> => {
      log.push(`${name}${seed} begins`);
      await wait(seed, hooks);
      log.push(`${name}${seed} ends`);
      return {
        ...{ parameters: 1, metrics: { score: 10 * seed }, seconds: seed },
        ...{ curve: { seed, points: [] }, kept: `${name}${seed}` },
        release: () => {
          log.push(`${name}${seed} is released`);
          return Promise.resolve();
        },
      };
    },
  };
}

const after = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test("rows stand in the contestants' order whichever turn ends first, and the first is kept", async () => {
  const log: string[] = [];
  const shares: number[] = [];
  const { rows, kept } = await compare(
    [
      contestant("a", log, async (seed, { onProgress }) => {
        onProgress(0.5);
        await after(seed === 1 ? 60 : 5);
      }),
      contestant("b", log, () => after(1)),
    ],
    { seeds: [1, 2, 3], onProgress: ({ share }) => shares.push(share) },
  );
  expect(kept).toBe("a1");
  expect(rows.map(({ system, metrics }) => [system, metrics["score"]])).toEqual([
    ["a", [10, 20, 30]],
    ["b", [10, 20, 30]],
  ]);
  expect(log.filter((line) => line.endsWith("is released")).sort()).toEqual(
    ["a2", "a3", "b1", "b2", "b3"].map((turn) => `${turn} is released`),
  );
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
});

test("a turn that fails ends the others, and begins no more", async () => {
  const log: string[] = [];
  const failing = contestant("a", log, async (seed, { signal }) => {
    if (seed === 2) throw new Error("the second fails");
    await after(20);
    signal?.throwIfAborted();
  });
  await expect(
    compare([failing, contestant("b", log, () => after(1))], { seeds: [1, 2] }),
  ).rejects.toThrow("the second fails");
  expect(log.filter((line) => line.startsWith("b"))).toEqual([]);
});

test("a comparison of nothing is refused", async () => {
  await expect(compare([], { seeds: [1] })).rejects.toThrow(
    "A comparison needs at least one system and one seed.",
  );
});
