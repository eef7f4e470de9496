import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MemoryError } from "../../guard/memory.ts";
import { preparedPoints } from "../../testing/points-training.ts";
import { CheckpointError } from "./checkpoints.ts";
import { type Recorded, type ResumeStart, recordTraining } from "./record-training.ts";
import { StorageError } from "./storage-error.ts";

const root = mkdtempSync(join(tmpdir(), "quire-failures-"));
afterAll(() => rmSync(root, { recursive: true }));

const best = { metric: "accuracy", better: "higher" } as const;
const checkpoints = { best, steps: 5 };
const DISK = "/dev/full";

function folderOf(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  return folder;
}

/** Trains to the end; `onStep` may do harm after a step. */
function trained(folder: string, onStep?: (step: number) => void): Promise<Recorded> {
  const { training, run, schedule } = preparedPoints();
  return recordTraining(training, {
    ...{ run, schedule, folder, checkpoints },
    onEvent: ({ type, step }) => {
      if (type === "step") onStep?.(step);
    },
  });
}

async function resumed(folder: string, fallback = false) {
  const { training, run, schedule } = preparedPoints();
  const starts: ResumeStart[] = [];
  const resume = { fallback, onStart: (start: ResumeStart) => starts.push(start) };
  const recorded = await recordTraining(training, {
    ...{ run, schedule, folder, checkpoints, resume },
  });
  return { recorded, start: starts[0] };
}

function checkpointOf(folder: string, step: number): string {
  return join(folder, "checkpoint", `step-${String(step).padStart(8, "0")}.safetensors`);
}

async function failureOf(task: Promise<unknown>): Promise<unknown> {
  return await task.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** What a run leaves that is the same however often it was stopped. */
function leftBy(folder: string): Buffer[] {
  const last = readdirSync(join(folder, "checkpoint"))
    .filter((name) => name.startsWith("step-") && name.endsWith(".safetensors"))
    .sort()
    .at(-1) as string;
  return ["metrics.jsonl", join("checkpoint", last), join("checkpoint", "best.safetensors")].map(
    (name) => readFileSync(join(folder, name)),
  );
}

const whole = folderOf("whole");
const uninterrupted = trained(whole);

/** Writing to the file gives ENOSPC, as on a disk that is full. */
type Full = (folder: string) => string;
const full: readonly (readonly [what: string, file: Full])[] = [
  [
    "a checkpoint",
    (folder) => join(folder, "checkpoint", `.step-00000015.safetensors.${process.pid}.part`),
  ],
  ["the metrics", (folder) => join(folder, "metrics.jsonl")],
  [
    "the events",
    (folder) => join(folder, readdirSync(folder).find((name) => name.includes("tfevents")) ?? ""),
  ],
];

test.skipIf(!existsSync(DISK)).each(full)(
  "a disk that is full when %s is written leaves the checkpoint before, and the run goes on from it",
  async (what, file) => {
    const folder = folderOf(`full ${what}`);
    const failed = trained(folder, (step) => {
      if (step !== 11) return;
      const path = file(folder);
      if (existsSync(path)) renameSync(path, `${path}.kept`);
      symlinkSync(DISK, path);
    });
    const error = await failureOf(failed);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({
      code: "ENOSPC",
      message:
        `Cannot write to "${folder}" (the disk is full). The checkpoint ${checkpointOf(folder, what === "the metrics" ? 20 : 10)} stands: ` +
        "make room or mend the folder, then go on from it.",
    });
    for (const name of readdirSync(folder).filter((one) => one.endsWith(".kept"))) {
      renameSync(join(folder, name), join(folder, name.slice(0, -".kept".length)));
    }
    await resumed(folder);
    await uninterrupted;
    expect(leftBy(folder)).toEqual(leftBy(whole));
  },
);

test("a folder that goes away says so", async () => {
  const folder = folderOf("gone");
  const failed = trained(folder, (step) => {
    if (step === 7) rmSync(folder, { recursive: true });
  });
  expect(await failureOf(failed)).toMatchObject({
    code: "ENOENT",
    message: `Cannot write to "${folder}" (the folder is not there any more). There is no checkpoint yet.`,
  });
});

test("a step that does not fit is refused with its figure, and leaves no checkpoint", async () => {
  const folder = folderOf("memory");
  const { training, run } = preparedPoints();
  const error = await failureOf(
    recordTraining(training, { run: { ...run, memoryLimit: 1000 }, folder, checkpoints }),
  );
  expect(error).toBeInstanceOf(MemoryError);
  expect((error as Error).message).toMatch(
    /^A training step needs about [\d.]+ k?B of memory \(parameters .+, optimizer .+, gradients .+, activations .+\), there are .+\. Take smaller batches and accumulate their gradients, or a smaller model\.$/,
  );
  expect(readdirSync(join(folder, "checkpoint"))).toEqual([]);
});

test("a run without a checkpoint begins anew, and tells that", async () => {
  const folder = folderOf("empty");
  const { start } = await resumed(folder);
  expect(start).toEqual({ step: 0, damaged: [] });
  await uninterrupted;
  expect(leftBy(folder)).toEqual(leftBy(whole));
});

async function stoppedAt(name: string, last: number): Promise<string> {
  const folder = folderOf(name);
  const { training, run, schedule } = preparedPoints();
  const controller = new AbortController();
  await recordTraining(training, {
    ...{ run, schedule, folder, checkpoints, signal: controller.signal },
    onEvent: ({ type, step }) => {
      if (type === "step" && step === last) controller.abort();
    },
  });
  return folder;
}

test("a best checkpoint that is damaged is named, and done without if asked", async () => {
  const folder = await stoppedAt("best", 33);
  const path = join(folder, "checkpoint", "best.safetensors");
  truncateSync(path, 100);
  const error = await failureOf(resumed(folder));
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as Error).message).toMatch(
    /^The checkpoint is damaged: .*best\.safetensors: This is not a whole safetensors file: its header would take \d+ bytes, the file has 100\. Restore the file, or go on without it \(--fallback\): the run then ends with its last weights, unless a later epoch is better\.$/,
  );
  const { start, recorded } = await resumed(folder, true);
  expect(start).toEqual({ path: checkpointOf(folder, 33), step: 33, damaged: [path] });
  expect(existsSync(`${path}.damaged`)).toBe(true);
  expect(recorded.points.length).toBe((await uninterrupted).points.length);
  await uninterrupted;
  expect(leftBy(folder).slice(0, 1)).toEqual(leftBy(whole).slice(0, 1));
});

test("where the last checkpoints are damaged, the best one will do", async () => {
  const folder = await stoppedAt("only-best", 33);
  for (const step of [30, 33]) truncateSync(checkpointOf(folder, step), 100);
  const { start } = await resumed(folder, true);
  expect(start?.path).toBe(join(folder, "checkpoint", "best.safetensors"));
  expect(start?.damaged.length).toBe(2);
  await uninterrupted;
  expect(leftBy(folder)).toEqual(leftBy(whole));
});
