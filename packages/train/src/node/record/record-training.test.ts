import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type PointClassifier, pointBatches } from "../../testing/points.ts";
import { preparedPoints } from "../../testing/points-training.ts";
import { loadSafetensors } from "../safetensors-file.ts";
import { recordTraining } from "./record-training.ts";

const root = mkdtempSync(join(tmpdir(), "quire-record-"));
afterAll(() => rmSync(root, { recursive: true }));

function folderOf(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  return folder;
}

const best = { metric: "accuracy", better: "higher" } as const;

function filesOf(folder: string): string[] {
  return readdirSync(join(folder, "checkpoint")).sort();
}

/** Makes a weight no number, as an update whose gradient was none does. */
async function spoil({ hidden }: PointClassifier): Promise<void> {
  const weight = await hidden.weight.get();
  (weight.data as Float32Array)[3] = Number.NaN;
  await hidden.weight.set(weight);
}

async function lastTensors(folder: string) {
  const name = filesOf(folder).findLast((one) => one.startsWith("step-")) as string;
  return (await loadSafetensors(join(folder, "checkpoint", name))).tensors;
}

test("a run that is stopped and resumed, over and over, ends as the uninterrupted one, bit for bit", async () => {
  const whole = folderOf("whole");
  const checkpoints = { best, keep: 2 };
  const { training: uninterrupted, run: all, schedule } = preparedPoints();
  const recorded = await recordTraining(uninterrupted, {
    ...{ run: all, schedule, folder: whole, checkpoints },
  });
  expect(recorded).toMatchObject({ stopped: false });

  const pieces = folderOf("pieces");
  let stopped = true;
  for (let round = 0; stopped; round++) {
    const { training, run, schedule } = preparedPoints();
    const controller = new AbortController();
    let events = 0;
    const part = await recordTraining(training, {
      ...{ run, schedule, folder: pieces, checkpoints, signal: controller.signal },
      ...(round > 0 && { resume: { fallback: false } }),
      onEvent: () => {
        events += 1;
        if (events === 7) controller.abort();
      },
    });
    stopped = part.stopped;
  }
  expect(readFileSync(join(pieces, "metrics.jsonl"), "utf8")).toBe(
    readFileSync(join(whole, "metrics.jsonl"), "utf8"),
  );
  expect(await lastTensors(pieces)).toEqual(await lastTensors(whole));
  const [one, other] = [pieces, whole].map((folder) =>
    join(folder, "checkpoint", "best.safetensors"),
  );
  expect(readFileSync(one as string)).toEqual(readFileSync(other as string));
});

test("the last checkpoints and the best one are kept, and nothing half written", async () => {
  const folder = folderOf("kept");
  mkdirSync(join(folder, "checkpoint"));
  writeFileSync(join(folder, "checkpoint", ".step-00000007.safetensors.1.part"), "half");
  const { training, run } = preparedPoints();
  const recorded = await recordTraining(training, {
    ...{ run, folder, checkpoints: { best, keep: 3, steps: 5 } },
  });
  const names = filesOf(folder);
  expect(names.length).toBe(4);
  expect(names[0]).toBe("best.safetensors");
  expect(names.at(-1)).toBe(`step-${String(recorded.steps).padStart(8, "0")}.safetensors`);
  const accuracies = recorded.points.map(({ values }) => values["accuracy"] as number);
  const epoch = accuracies.indexOf(Math.max(...accuracies)) + 1;
  expect(recorded.best?.epoch).toBe(epoch);
  expect(recorded.best?.content.metadata).toMatchObject({ epoch: String(epoch), batch: "0" });
});

async function begun(name: string): Promise<{ folder: string; paths: string[] }> {
  const folder = folderOf(name);
  const { training, run } = preparedPoints();
  const checkpoints = { keep: 2, steps: 5 };
  await recordTraining(training, { run: { ...run, epochs: 1 }, folder, checkpoints });
  return { folder, paths: filesOf(folder).map((one) => join(folder, "checkpoint", one)) };
}

function resumed(folder: string, fallback: boolean) {
  const { training, run } = preparedPoints();
  return recordTraining(training, { run: { ...run, epochs: 1 }, folder, resume: { fallback } });
}

test("a damaged checkpoint is named with what is wrong, and the one before it used if asked", async () => {
  const { folder, paths } = await begun("damaged");
  const [, last] = paths as [string, string];
  const bytes = readFileSync(last);
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 1;
  writeFileSync(last, bytes);
  await expect(resumed(folder, false)).rejects.toThrow(
    `The checkpoint is damaged: ${last}: its values are not those that were written. Restore the file, or go on from the checkpoint before it (--fallback).`,
  );
  truncateSync(last, bytes.length - 4);
  await expect(resumed(folder, false)).rejects.toThrow(
    /^The checkpoint is damaged: .*step-00000010.safetensors: This is not a whole safetensors file: its tensors take \d+ bytes, the file holds \d+\. Restore the file, or go on/,
  );
  expect(await resumed(folder, true)).toMatchObject({ steps: 10 });
});

test("the only checkpoint, damaged, leaves nothing to go on from", async () => {
  const { folder, paths } = await begun("lost");
  rmSync(paths[0] as string);
  writeFileSync(paths[1] as string, "no weights");
  for (const fallback of [true, false]) {
    await expect(resumed(folder, fallback)).rejects.toThrow(
      `The checkpoint is damaged: ${paths[1]}: This is not a whole safetensors file: its header would take 7523097587056930670 bytes, the file has 10. ` +
        "Restore the file, or train again: there is no checkpoint before it.",
    );
  }
});

test("a loss that is no number names the last good checkpoint", async () => {
  const folder = folderOf("diverged");
  const { training, run } = preparedPoints();
  const bad: typeof run.batches = function* (epoch, start) {
    let place = start;
    for (const batch of pointBatches(epoch, start)) {
      if (epoch === 1 && place === 3) (batch.x.data as Float32Array).fill(Number.NaN);
      place += 1;
      yield batch;
    }
  };
  const checkpoints = { steps: 4 };
  await expect(
    recordTraining(training, { run: { ...run, batches: bad }, folder, checkpoints }),
  ).rejects.toThrow(
    'The loss is NaN at step 14: "x" of the batch holds NaN. Clean the data, or leave such rows out. ' +
      `The last good checkpoint is that of step 12: ${join(folder, "checkpoint", "step-00000012.safetensors")}.`,
  );
});

test("a folder that cannot be written to is refused before the first step", async () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  const { training, run } = preparedPoints();
  await expect(recordTraining(training, { run, folder: file })).rejects.toThrow(
    `Cannot write to "${file}" (a part of the path is a file). There is no checkpoint yet.`,
  );
});

test("a changed word of a checkpoint's place is noticed", async () => {
  const { folder, paths } = await begun("moved");
  const last = paths.at(-1) as string;
  const bytes = readFileSync(last);
  const place = bytes.indexOf('"epoch":"1"');
  expect(place).toBeGreaterThan(0);
  bytes[place + 9] = "2".charCodeAt(0);
  writeFileSync(last, bytes);
  await expect(resumed(folder, false)).rejects.toThrow(
    "its values are not those that were written.",
  );
});

test("the last checkpoint is the same whenever saves fell", async () => {
  const states: Buffer[] = [];
  for (const steps of [5, 7, 1000]) {
    const folder = folderOf(`saves-${steps}`);
    const { training, run } = preparedPoints();
    await recordTraining(training, { run: { ...run, epochs: 2 }, folder, checkpoints: { steps } });
    states.push(readFileSync(join(folder, "checkpoint", "step-00000020.safetensors")));
  }
  expect(states[1]).toEqual(states[0]);
  expect(states[2]).toEqual(states[0]);
});

test("weights that are no numbers replace no good checkpoint, though the loss was still one", async () => {
  const spoilt = folderOf("spoilt-weights");
  const other = preparedPoints();
  await expect(
    recordTraining(other.training, {
      ...{ run: other.run, folder: spoilt, checkpoints: { steps: 1 } },
      onEvent: async ({ step }) => {
        if (step === 7) await spoil(other.model);
      },
    }),
  ).rejects.toThrow(
    "The weights are no numbers at step 7: hidden.weight holds NaN after it. Take a lower learning rate, a warm-up, or clip gradients (clipNorm). " +
      `The last good checkpoint is that of step 6: ${join(spoilt, "checkpoint", "step-00000006.safetensors")}.`,
  );
  for (const tensor of (await lastTensors(spoilt)).values()) {
    expect(tensor.toArray().every(Number.isFinite)).toBe(true);
  }
});

test("a metric that is no number, or no float32, neither ends a run nor is the best", async () => {
  const folder = folderOf("metrics");
  const { training, run } = preparedPoints();
  const values = [Number.NaN, 0.5, 0.9, 1e300];
  const recorded = await recordTraining(training, {
    run: {
      ...run,
      epochs: 3,
      evaluate: (epoch) =>
        Promise.resolve({ accuracy: values[epoch] as number, perplexity: 1e300 }),
    },
    ...{ folder, checkpoints: { best } },
  });
  expect(recorded.best?.epoch).toBe(3);
});

test("of epochs as good as each other the first stays the best when a run is gone on with", async () => {
  const folder = folderOf("ties");
  const record = async (resume: boolean) => {
    const { training, run } = preparedPoints();
    const evaluate = () => Promise.resolve({ accuracy: 0.5 });
    return await recordTraining(training, {
      ...{ run: { ...run, epochs: 3, evaluate }, folder, checkpoints: { best } },
      ...(resume && { resume: { fallback: false } }),
    });
  };
  const [first, again] = [await record(false), await record(true)];
  expect([first.best?.epoch, again.best?.epoch]).toEqual([1, 1]);
  expect(again.best?.content.metadata).toMatchObject({ epoch: "1", batch: "0" });
});

test("a damaged checkpoint is set aside when the one before it is taken", async () => {
  const { folder, paths } = await begun("aside");
  const last = paths.at(-1) as string;
  truncateSync(last, 100);
  const { training, run } = preparedPoints();
  await recordTraining(training, {
    ...{
      run: { ...run, epochs: 2 },
      folder,
      resume: { fallback: true },
      checkpoints: { keep: 2, steps: 1 },
    },
  });
  const names = filesOf(folder);
  expect(names).toContain(`${last.slice(last.lastIndexOf("step-"))}.damaged`);
  expect(await resumed(folder, false)).toMatchObject({ steps: 20 });
});
