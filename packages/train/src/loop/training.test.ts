import { Dropout, initialize, Linear, type Mode, Module } from "@quire/nn";
import { type HostTensor, hostTensor, Random, relu, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { Accuracy } from "../metric/classification.ts";
import { Mean } from "../metric/metric.ts";
import { adamW } from "../optimizer/adam.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import { linear, warmUp } from "../optimizer/schedule.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import { evaluator } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";
import type { Traced } from "./traced.ts";
import { train } from "./train.ts";
import { type RunOptions, Training, type TrainingOptions } from "./training.ts";

interface Batch {
  readonly x: HostTensor;
  readonly y: HostTensor;
}

class Classifier extends Module {
  readonly hidden = new Linear({ in: 2, out: 16 });
  readonly dropout = new Dropout(0.1);
  readonly head = new Linear({ in: 16, out: 2 });

  forward(x: Tensor, mode?: Mode): Tensor {
    return this.head.forward(this.dropout.forward(relu(this.hidden.forward(x)), mode));
  }
}

/** Whether two numbers have the same sign. */
function* batchesOf(epoch: number, start: number): Generator<Batch> {
  for (let batch = start; batch < 20; batch++) {
    const random = new Random(100 * epoch + batch);
    const size = batch === 19 ? 7 : 16;
    const x = Array.from({ length: 2 * size }, () => random.normal());
    const y = Array.from({ length: size }, (_, i) =>
      Number((x[2 * i] as number) * (x[2 * i + 1] as number) > 0),
    );
    yield { x: hostTensor(x, [size, 2]), y: hostTensor(y, [size], "int32") };
  }
}

function prepared(): TrainingOptions<Batch> & { readonly model: Classifier; optimizer: Optimizer } {
  const model = new Classifier();
  initialize(model, 1);
  const learningRate = warmUp(5, linear({ from: 0.02, steps: 100 }));
  const optimizer = adamW(model.parameters(), { learningRate, clipNorm: 1 });
  const loss = (batch: Traced<Batch>, mode: Mode): Tensor =>
    crossEntropy(model.forward(batch.x, mode), batch.y);
  return { model, optimizer, loss, seed: 3 };
}

const run: RunOptions<Batch> = { epochs: 4, batches: batchesOf };

async function eventsOf(
  training: Training<Batch>,
  until?: (event: TrainingEvent) => boolean,
): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of training.run(run)) {
    events.push(event);
    if (until?.(event)) break;
  }
  return events;
}

describe("a training", () => {
  test("tells of every step and epoch, and learns", async () => {
    const options = prepared();
    const { model } = options;
    const evaluate = evaluator(
      (batch: Traced<Batch>) => {
        const logits = model.forward(batch.x);
        const loss = crossEntropy(logits, batch.y, { reduction: "none" });
        return { logits, labels: batch.y, loss };
      },
      () => ({ accuracy: new Accuracy(), loss: new Mean("loss") }),
    );
    const seen: string[] = [];
    const epochs = await train<Batch>(options, {
      ...run,
      evaluate: () => evaluate(batchesOf(50, 0)),
      onEvent: ({ type, epoch, batch, step }) =>
        void seen.push(`${type} ${epoch} ${batch} ${step}`),
    });
    await evaluate.release();
    const wanted = [0, 1, 2, 3].flatMap((epoch) => [
      ...Array.from({ length: 20 }, (_, i) => `step ${epoch} ${i + 1} ${20 * epoch + i + 1}`),
      `epoch ${epoch} 20 ${20 * epoch + 20}`,
    ]);
    expect(seen).toEqual(wanted);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    expect(epochs[3]?.loss).toBeLessThan(0.75 * (epochs[0]?.loss as number));
    expect(epochs[3]?.metrics["accuracy"]).toBeGreaterThan(0.8);
    expect(epochs[3]?.metrics["loss"]).toBeLessThan(epochs[0]?.metrics["loss"] as number);
  });

  test.each([
    ["within an epoch", (event: TrainingEvent) => event.step === 33],
    ["after the last step of one", (event: TrainingEvent) => event.step === 40],
    ["between epochs", (event: TrainingEvent) => event.type === "epoch" && event.epoch === 1],
  ])("left %s and resumed from a file, ends bit for bit the same", async (_, until) => {
    const whole = prepared();
    const uninterrupted = await eventsOf(new Training(whole));

    const first = new Training(prepared());
    const before = await eventsOf(first, until);
    const file = writeSafetensors(await first.checkpoint());
    const second = prepared();
    const resumed = new Training(second);
    await resumed.resume(readSafetensors(file));
    const after = await eventsOf(resumed);

    expect([...before, ...after]).toEqual(uninterrupted);
    for (const [i, [, variable]] of second.model.namedState().entries()) {
      const wanted = whole.model.namedState()[i]?.[1];
      expect((await variable.get()).data).toEqual((await wanted?.get())?.data);
    }
  });

  test("says where it stands when it is done", async () => {
    const training = new Training(prepared());
    await eventsOf(training);
    expect((await training.checkpoint()).metadata).toEqual({
      epoch: "4",
      batch: "0",
      step: "80",
      lossSum: "0",
    });
    await training.release();
  });

  test("stops where the loss is no number", async () => {
    const options = prepared();
    const learningRate = Number.NaN;
    const optimizer = adamW(options.model.parameters(), { learningRate });
    const training = new Training({ ...options, optimizer });
    await expect(eventsOf(training)).rejects.toThrow(
      "The loss is NaN at step 2: hidden.weight held NaN before it, from an earlier update. " +
        "Take a lower learning rate, a warm-up, or clip gradients (clipNorm).",
    );
  });

  test("wants batches, and a checkpoint of its own", async () => {
    const training = new Training(prepared());
    const none = training.run({ epochs: 1, batches: () => [] });
    await expect(none.next()).rejects.toThrow(
      "Epoch 0 has no batches; give data, or a smaller batch size.",
    );
    await expect(training.resume({ tensors: new Map() })).rejects.toThrow(
      "resume: the checkpoint does not say its epoch; it is none of a training.",
    );
    const { metadata } = await training.checkpoint();
    await expect(training.resume({ tensors: new Map(), metadata })).rejects.toThrow(
      /^resume: the values do not fit the model: missing: model\.hidden\.weight, .* and \d+ more\.$/,
    );
  });
});
