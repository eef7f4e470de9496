import { hostTensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { modelTensors } from "../model-state.ts";
import { adamW } from "../optimizer/adam.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import { PointClassifier, type Points, pointBatches } from "../testing/points.ts";
import { ema } from "./ema.ts";
import type { TrainingEvent } from "./events.ts";
import { StagedTraining } from "./staged-training.ts";
import { Training } from "./training.ts";

/** Two stages of one model: half of its parameters first, then all, with an average. */
function prepared() {
  const model = new PointClassifier();
  model.namedState();
  const entered: string[] = [];
  const [first, ...rest] = model.parameters();
  const loss = (
    batch: Parameters<PointClassifier["loss"]>[0],
    mode: Parameters<PointClassifier["loss"]>[1],
  ) => model.loss(batch, mode);
  const one = new Training<Points>({
    ...{ model, loss, seed: 1 },
    optimizer: adamW(rest, { learningRate: 0.02 }),
  });
  const two = new Training<Points>({
    ...{ model, loss, seed: 2, average: ema(model, 0.9) },
    optimizer: adamW(model.parameters(), { learningRate: 0.01 }),
  });
  const training = new StagedTraining<Points>([
    { name: "first", epochs: 2, training: one },
    {
      ...{ name: "second", epochs: 3, training: two },
      enter: async () => {
        entered.push("second");
        const held = first as NonNullable<typeof first>;
        const value = (await held.get()).toArray().map((v) => v + 0.5);
        await held.set(hostTensor(Float32Array.from(value), held.shape));
      },
    },
  ]);
  return { model, training, entered };
}

const run = {
  epochs: 5,
  batches: pointBatches,
  evaluate: (epoch: number) => Promise.resolve({ epoch }),
};

async function eventsOf(
  training: StagedTraining<Points>,
  until: (event: TrainingEvent) => boolean = () => false,
): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of training.run(run)) {
    events.push(event);
    if (until(event)) break;
  }
  return events;
}

describe("trainings in a row", () => {
  test("count epochs and steps through, and bring over what was learned once", async () => {
    const { training, entered } = prepared();
    const events = await eventsOf(training);
    const epochs = events.filter(({ type }) => type === "epoch");
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4]);
    expect(epochs.map((event) => event.type === "epoch" && event.metrics["epoch"])).toEqual([
      0, 1, 2, 3, 4,
    ]);
    const steps = events.filter(({ type }) => type === "step").map(({ step }) => step);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
    expect(entered).toEqual(["second"]);
    expect(training.stage).toBe("second");
  });

  test.each([
    ["within the first stage", 1, 1],
    ["at the end of the first stage", 1, undefined],
    ["within the second stage", 3, 1],
  ] as const)("stopped %s, go on to the same end, bit for bit", async (_, epoch, batch) => {
    const whole = prepared();
    await eventsOf(whole.training);
    const cut = prepared();
    await eventsOf(cut.training, (event) =>
      batch === undefined
        ? event.type === "epoch" && event.epoch === epoch
        : event.type === "step" && event.epoch === epoch && event.batch === batch,
    );
    const bytes = writeSafetensors(await cut.training.checkpoint());
    const again = prepared();
    await again.training.resume(readSafetensors(bytes));
    const events = await eventsOf(again.training);
    expect(events.at(-1)?.epoch).toBe(4);
    const [wanted, got] = [await modelTensors(whole.model), await modelTensors(again.model)];
    for (const [path, value] of wanted) expect(got.get(path)?.data, path).toEqual(value.data);
  });

  test("refuse what is no stage of theirs", async () => {
    const { training } = prepared();
    const { tensors, metadata } = await prepared().training.checkpoint();
    await expect(
      training.resume({ tensors, metadata: { ...metadata, stage: "third" } }),
    ).rejects.toThrow(
      "resume: the checkpoint is of the stage third; this training has first, second.",
    );
    expect(() => new StagedTraining<Points>([])).toThrow(
      "StagedTraining: give at least one stage, each with another name.",
    );
  });
});
