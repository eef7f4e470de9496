import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quire } from "../testing/quire.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-resume-"));
const table = [
  ...["train", "excelformer", "--data", "rows.csv", "--target", "y", "--epochs", "2"],
  ...["--batch-size", "16"],
];

function checkpointOf(run: string, step: number): string {
  return join("runs", run, "checkpoint", `step-${String(step).padStart(8, "0")}.safetensors`);
}

function stepsOf(run: string): number[] {
  return readdirSync(join("runs", run, "checkpoint"))
    .flatMap((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number);
}

/** The files that are the same however often a run was stopped. */
function leftBy(run: string): Buffer[] {
  return ["model.safetensors", "metrics.jsonl", "model.onnx"].map((name) =>
    readFileSync(join("runs", run, name)),
  );
}

function copyOf(run: string, name: string): string {
  cpSync(join("runs", run), join("runs", name), { recursive: true });
  return join("runs", name);
}

beforeAll(async () => {
  process.chdir(folder);
  const rows = Array.from({ length: 120 }, (_, i) => `${i % 7},${(i * i) % 11},${i % 3 ? 1 : 0}`);
  writeFileSync("rows.csv", ["a,b,y", ...rows].join("\n"));
  expect((await quire(...table, "--name", "whole")).end).toBe("0");
}, 60_000);
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test.skipIf(!existsSync("/dev/full"))(
  "a disk that becomes full ends a run with 1 and names what stands; the run then goes on",
  async () => {
    const FULL_FROM = 8;
    const checkpoints = join("runs", "full", "checkpoint");
    const timer = setInterval(() => {
      if (!existsSync(checkpoints) || stepsOf("full").length === 0) return;
      clearInterval(timer);
      for (let step = FULL_FROM; step < 40; step++) {
        const name = `.step-${String(step).padStart(8, "0")}.safetensors.${process.pid}.part`;
        symlinkSync("/dev/full", join(checkpoints, name));
      }
    }, 1);
    const { end } = await quire(...table, "--save-every", "0.000001", "--name", "full");
    expect(end).toBe(
      `1: Cannot write to "runs/full" (the disk is full). The checkpoint ${checkpointOf("full", FULL_FROM - 1)} stands: ` +
        "make room or mend the folder, then go on from it.",
    );
    expect(stepsOf("full")).toEqual([FULL_FROM - 2, FULL_FROM - 1]);
    const { end: resumed, notes } = await quire("train", "--resume", "full");
    expect(resumed).toBe("0");
    expect(notes).toContain(
      `Going on after step ${FULL_FROM - 1}, from ${checkpointOf("full", FULL_FROM - 1)}.\n`,
    );
    expect(leftBy("full")).toEqual(leftBy("whole"));
  },
  30_000,
);

test("a run without a checkpoint says that it begins anew", async () => {
  const run = copyOf("whole", "anew");
  rmSync(join(run, "checkpoint"), { recursive: true });
  mkdirSync(join(run, "checkpoint"));
  const { end, notes } = await quire("train", "--resume", "anew");
  expect(end).toBe("0");
  expect(notes).toContain('Run "runs/anew" has no checkpoint yet: it begins anew.\n');
  expect(leftBy("anew")).toEqual(leftBy("whole"));
}, 30_000);

test("--fallback sets a damaged checkpoint aside and goes on from the one before", async () => {
  const run = copyOf("whole", "fallback");
  const [before, last] = stepsOf("whole") as [number, number];
  truncateSync(checkpointOf("fallback", last), 500);
  const { end, notes } = await quire("train", "--resume", run, "--fallback");
  expect(end).toBe("0");
  const path = checkpointOf("fallback", last);
  expect(notes).toContain(
    `${path} is damaged: set aside as ${path}.damaged.\nGoing on after step ${before}, from ${checkpointOf("fallback", before)}.\n`,
  );
  expect(leftBy("fallback")).toEqual(leftBy("whole"));
}, 30_000);

test("a damaged best checkpoint is done without by --fallback: the last weights are left", async () => {
  const last = copyOf("whole", "last");
  const config = readFileSync(join(last, "config.json"), "utf8");
  writeFileSync(
    join(last, "config.json"),
    config.replace('"weights": "best"', '"weights": "last"'),
  );
  expect((await quire("train", "--resume", "last")).end).toBe("0");
  const path = join(copyOf("whole", "no-best"), "checkpoint", "best.safetensors");
  truncateSync(path, 500);
  const { end } = await quire("train", "--resume", "no-best");
  expect(end).toMatch(
    /^2: The checkpoint is damaged: runs\/no-best\/checkpoint\/best\.safetensors: This is not a whole safetensors file: its header would take \d+ bytes, the file has 500\. Restore the file, or go on without it \(--fallback\): the run then ends with its last weights, unless a later epoch is better\.$/,
  );
  const { end: resumed, notes } = await quire("train", "--resume", "no-best", "--fallback");
  expect(resumed).toBe("0");
  expect(notes).toContain(`${path} is damaged: set aside as ${path}.damaged.\n`);
  expect(leftBy("no-best")[0]).toEqual(leftBy("last")[0]);
}, 30_000);
