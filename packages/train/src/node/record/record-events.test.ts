import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { preparedPoints } from "../../testing/points-training.ts";
import { EventFile } from "./event-file.ts";
import { type StoredEvent, storedEvents } from "./event-history.ts";
import { recordTraining } from "./record-training.ts";

const root = mkdtempSync(join(tmpdir(), "quire-curves-"));
afterAll(() => rmSync(root, { recursive: true }));

function folderOf(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  return folder;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Part {
  readonly isResumed: boolean;
  /** The event at which it ends by an error, as by a kill; earlier values have reached the file by then. */
  readonly killedAt?: { readonly type: "step" | "epoch"; readonly step: number };
}

async function part(folder: string, { isResumed, killedAt }: Part): Promise<void> {
  const { training, run, schedule } = preparedPoints();
  const recording = recordTraining(training, {
    ...{ run, schedule, folder, checkpoints: { steps: 10 } },
    ...(isResumed && { resume: { fallback: false } }),
    onEvent: async ({ type, step }) => {
      if (killedAt?.type !== type || step !== killedAt.step) return;
      vi.advanceTimersByTime(2000);
      await delay(50);
      throw new Error("killed");
    },
  });
  if (killedAt) await expect(recording).rejects.toThrow("killed");
  else await recording;
}

/** Each tag's steps and values in their order. */
function curvesOf(events: readonly StoredEvent[]): Record<string, [step: number, value: number][]> {
  const curves: Record<string, [number, number][]> = {};
  for (const { step, values } of events) {
    for (const [tag, value] of Object.entries(values)) {
      curves[tag] = [...(curves[tag] ?? []), [step, value]];
    }
  }
  return curves;
}

test("curves of a run that was killed and resumed are those of an uninterrupted one", async () => {
  const whole = folderOf("whole");
  await part(whole, { isResumed: false });
  const killed = folderOf("killed");
  // The last checkpoint is that of step 10, before the epoch was measured; both it and later steps have been told.
  await part(killed, { isResumed: false, killedAt: { type: "step", step: 18 } });
  const seen = curvesOf(await storedEvents(killed));
  expect(seen["loss"]?.at(-1)?.[0]).toBe(17);
  expect(seen["accuracy"]?.at(-1)?.[0]).toBe(10);
  await part(killed, { isResumed: true, killedAt: { type: "epoch", step: 20 } });
  appendFileSync(join(killed, "events.out.tfevents.1.000.quire"), "half a record");
  await part(killed, { isResumed: true });
  const [one, other] = [curvesOf(await storedEvents(killed)), curvesOf(await storedEvents(whole))];
  expect(Object.keys(one).sort()).toEqual(["accuracy", "learning rate", "loss", "trainingLoss"]);
  expect(one).toEqual(other);
  expect(one["loss"]?.map(([step]) => step)).toEqual(one["loss"]?.map((_, i) => i + 1));
  expect(readFileSync(join(killed, "events.out.tfevents.1.000.quire")).length).toBe(0);
  expect(linesOf(killed)).toEqual(linesOf(whole));
  expect(linesOf(killed).map(({ epoch }) => epoch)).toEqual(linesOf(whole).map((_, i) => i + 1));
});

function linesOf(folder: string): { readonly epoch: number }[] {
  const text = readFileSync(join(folder, "metrics.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("values reach the file within seconds, without being asked for", async () => {
  vi.useRealTimers();
  const folder = folderOf("live");
  const file = new EventFile(folder);
  file.scalars(1, { loss: 0.5 });
  await delay(2200);
  expect(curvesOf(await storedEvents(folder))).toEqual({ loss: [[1, 0.5]] });
});

test("a write that failed unasked is told at the next flush", async () => {
  const folder = folderOf("failing");
  const file = new EventFile(folder);
  rmSync(folder, { recursive: true });
  file.scalars(1, { loss: 0.5 });
  vi.advanceTimersByTime(2000);
  await delay(50);
  await expect(file.flush()).rejects.toMatchObject({ code: "ENOENT" });
});
