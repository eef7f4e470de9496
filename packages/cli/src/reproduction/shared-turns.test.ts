import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ToldTurn } from "@quire/papers";
import { QuireError } from "@quire/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { runBuilt } from "../testing/built.ts";
import { SharedTurns } from "./shared-turns.ts";
import type { FromHelper, HelperTask, ToHelper } from "./turn-messages.ts";

const task: HelperTask = {
  ...{ paper: "alpha", claims: ["first"], seeds: [1], budget: "quick", threads: 1 },
};

/** A process that helps, of which a test says what it says. */
class Played extends EventEmitter {
  readonly heard: ToHelper[] = [];
  killed = "";

  send(message: ToHelper): boolean {
    this.heard.push(message);
    return true;
  }

  says(message: FromHelper): void {
    this.emit("message", message);
  }

  kill(signal: string): boolean {
    this.killed = signal;
    return true;
  }
}

function turn(score: number): ToldTurn {
  const curve = { seed: 1, points: [] };
  return { parameters: 1, metrics: { score }, seconds: 1, curve };
}

function shared(processes: number) {
  const helpers: Played[] = [];
  const shares: [string, number][] = [];
  const turns = new SharedTurns({
    ...{ task, processes },
    onProgress: ({ doing, share }) => shares.push([doing, share]),
    start: () => {
      const helper = new Played();
      helpers.push(helper);
      return helper as unknown as ChildProcess;
    },
  });
  return { turns, helpers, shares };
}

describe("turns of which some are run by other processes", () => {
  test("are each run once, and come back in their order", async () => {
    const { turns, helpers, shares } = shared(2);
    expect(await turns.agree(() => Promise.resolve(0.5))).toBe(0.5);
    expect(helpers).toEqual([]);
    expect(await turns.next(4)).toBe(0);
    const [helper] = helpers as [Played];
    expect(helper.heard).toEqual([{ kind: "begin", task }]);
    helper.says({ kind: "agree", place: 0 });
    helper.says({ kind: "next" });
    expect(helper.heard.slice(1)).toEqual([
      { kind: "agreed", value: 0.5 },
      { kind: "lot", lot: 1 },
    ]);
    turns.onProgress(0, { doing: "a", share: 0.5 });
    helper.says({ kind: "progress", lot: 1, progress: { doing: "b", share: 0.5 } });
    helper.says({ kind: "told", lot: 1, turns: [turn(20)], processorSeconds: 3 });
    helper.says({ kind: "next" });
    turns.tell(0, [turn(10)]);
    expect(await turns.next(4)).toBe(3);
    turns.tell(3, [turn(40)]);
    expect(await turns.next(4)).toBe(undefined);
    const all = turns.all();
    helper.says({ kind: "told", lot: 2, turns: [turn(30)], processorSeconds: 5 });
    helper.says({ kind: "next" });
    expect(helper.heard.at(-1)).toEqual({ kind: "lot" });
    expect((await all).flat().map(({ metrics }) => metrics["score"])).toEqual([10, 20, 30, 40]);
    expect([turns.processes, turns.processorSeconds]).toEqual([2, 5]);
    expect(shares).toEqual([
      ["a", 0.125],
      ["a; b", 0.25],
    ]);
    turns.end();
    expect(helper.killed).toBe("SIGKILL");
  });

  test("start no more processes than there are lots", async () => {
    const { turns, helpers } = shared(8);
    await turns.next(3);
    expect(helpers.length).toBe(2);
  });

  test("end with what went wrong in another process", async () => {
    const { turns, helpers } = shared(2);
    await turns.next(2);
    turns.tell(0, [turn(10)]);
    const all = turns.all();
    helpers[0]?.says({ kind: "failed", message: "no data", isOwn: true });
    await expect(all).rejects.toEqual(new QuireError("no data"));
    expect(turns.signal.reason).toBeInstanceOf(QuireError);
  });

  test("end where another process is ended", async () => {
    const { turns, helpers } = shared(2);
    await turns.next(2);
    helpers[0]?.emit("exit", null, "SIGKILL");
    await expect(turns.all()).rejects.toThrow(
      /^A process that shared the trainings ended by SIGKILL: where memory is short, take fewer of them, as with --jobs 1\.$/,
    );
  });
});

describe("the built command", () => {
  const folder = mkdtempSync(join(tmpdir(), "quire-shared-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test("finds the same with one process and with several", async () => {
    const found = async (jobs: string): Promise<Record<string, number[]>[]> => {
      const words = ["reproduce", "xlstm-unet", "--claim", "far-marker", "--quick", "--quiet"];
      const ended = await runBuilt(folder, [...words, "--seeds", "1,2", "--jobs", jobs]);
      expect(ended).toMatchObject({ exit: 0, err: "" });
      const record = readFileSync(join(folder, "results", "quick", "xlstm-unet.json"), "utf8");
      const [{ rows, processes = 1 }] = JSON.parse(record).experiments;
      expect(processes).toBe(Number(jobs));
      return rows.map(({ metrics }: { metrics: Record<string, number[]> }) => metrics);
    };
    const [one, several] = [await found("1"), await found("3")];
    expect(several.length).toBe(one.length);
    for (const [place, metrics] of several.entries()) {
      for (const [name, values] of Object.entries(metrics)) {
        for (const [seed, value] of values.entries()) {
          expect(value).toBeCloseTo(one[place]?.[name]?.[seed] as number, 3);
        }
      }
    }
  }, 60_000);

  test("leaves no process behind that helps", async () => {
    const dist = new URL("../../dist/reproduction/turn-helper.js", import.meta.url);
    const options: ForkOptions = { serialization: "advanced", stdio: "ignore", execArgv: [] };
    const helper = fork(fileURLToPath(dist), options);
    const told: FromHelper[] = [];
    helper.on("message", (message: FromHelper) => told.push(message));
    helper.send({ kind: "begin", task } satisfies ToHelper);
    await once(helper, "message");
    expect(told).toMatchObject([{ kind: "failed", isOwn: true }]);
    helper.disconnect();
    expect(await once(helper, "exit")).toEqual([0, null]);
  }, 20_000);
});
