import { expect, test } from "vitest";
import { compare } from "./comparison.ts";
import { type Contestant, shownAfter, type Turn, type TurnHooks } from "./turn.ts";
import { Lots, type TurnSharing } from "./turn-sharing.ts";

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

test("pictures of turns stand in the contestants' order", async () => {
  const plain = contestant("a", [], () => after(1));
  const show = (kept: string) =>
    Promise.resolve([{ kind: "text", title: kept, text: "" } as const]);
  const others = [shownAfter(plain, 1, show), contestant("b", [], () => after(1))];
  const shown = shownAfter(
    contestant("c", [], () => after(1)),
    2,
    show,
  );
  const { figures } = await compare([...others, shown], { seeds: [1, 2] });
  expect(figures.map(({ title }) => title)).toEqual(["a1", "c2"]);
});

/** Processes that run the same experiment, played by calls in one; what they agree on is not asked for. */
function sharings(count: number): TurnSharing[] {
  let lots: Lots | undefined;
  return Array.from({ length: count }, (_, process) => ({
    agree: (make) => make(),
    next: async (all) => {
      // The others come later, so that the first has the first lot.
      if (process > 0) await after(5);
      lots ??= new Lots(all);
      return lots.take();
    },
    onProgress: () => undefined,
    tell: (lot, turns) => lots?.tell(lot, turns),
    all: async () => {
      if (process > 0) return await new Promise(() => undefined);
      while (!lots?.all()) await after(1);
      return lots.all() ?? [];
    },
  }));
}

test.each([
  [false, ["a1", "a2", "a3", "b1", "b2", "b3"]],
  [true, ["a1", "b1", "a2", "b2", "a3", "b3"]],
])("processes share turns, by seed: %s", async (bySeed, order) => {
  const logs: string[][] = [[], []];
  const [found] = sharings(2).map((sharing, process) => {
    const log = logs[process] as string[];
    const contestants = ["a", "b"].map((name) => contestant(name, log, () => after(20)));
    return compare(contestants, { seeds: [1, 2, 3], sharing }, { bySeed });
  });
  const { rows, kept } = await (found as NonNullable<typeof found>);
  expect(rows.map(({ system, metrics }) => [system, metrics["score"]])).toEqual([
    ["a", [10, 20, 30]],
    ["b", [10, 20, 30]],
  ]);
  expect(kept).toBe("a1");
  const begun = logs.map((log) => log.filter((line) => line.endsWith("begins")));
  expect(begun.every((own) => own.length >= 2)).toBe(true);
  expect(begun.flat().sort()).toEqual(order.map((name) => `${name} begins`).sort());
  if (bySeed) {
    // Each process has both contestants of a seed.
    const seedsOf = (lines: readonly string[]) => lines.map((line) => line[1]);
    for (const own of begun) {
      const seeds = seedsOf(own);
      expect(seeds.filter((_, i) => i % 2 === 0)).toEqual(seeds.filter((_, i) => i % 2 === 1));
    }
  }
});
