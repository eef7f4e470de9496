import { shapes } from "@quire/data";
import { initialize, Linear, Module } from "@quire/nn";
import { compile, hostTensor, relu, reshape, type Tensor } from "@quire/tensor";
import { describe, expect, it } from "vitest";
import type { CurvePoint } from "../paper.ts";
import {
  compareImageClassifiers,
  describeImageModel,
  ImageClassifier,
  type ImageRecipe,
  type ImageTarget,
  trainImageClassifier,
} from "./image-classification.ts";

class TwoLayers extends Module {
  readonly hidden: Linear;
  readonly head: Linear;

  constructor({ height, width, channels, classes }: ImageTarget) {
    super();
    this.hidden = new Linear({ in: height * width * channels, out: 32 });
    this.head = new Linear({ in: 32, out: classes });
  }

  forward(x: Tensor): Tensor {
    const size = x.shape.slice(1).reduce((product, axis) => product * axis, 1);
    return this.head.forward(relu(this.hidden.forward(reshape(x, [x.shape[0] as number, size]))));
  }
}

const recipe: ImageRecipe = {
  epochs: 6,
  batchSize: 32,
  learningRate: 0.01,
  warmUp: 1,
  weightDecay: 0.01,
  labelSmoothing: 0.1,
  augment: {},
};
const { train, test: validation } = shapes({ count: 250, size: 12, seed: 1 }).split({
  fraction: 0.2,
  seed: 1,
});

function classifierOf(): ImageClassifier {
  const description = describeImageModel({ paper: "none", options: {}, train });
  return new ImageClassifier(new TwoLayers(description.target), description);
}

describe("trainImageClassifier", () => {
  it("learns, reports every batch and epoch, and gives the same run again", async () => {
    const runs: { points: readonly CurvePoint[]; batches: string[] }[] = [];
    for (let run = 0; run < 2; run++) {
      const batches: string[] = [];
      const training = await trainImageClassifier(classifierOf(), {
        ...{ train, validation, recipe, seed: 3 },
        onBatch: ({ epoch, batch, batches: all }) => batches.push(`${epoch}:${batch}/${all}`),
      });
      runs.push({ points: training.points, batches });
    }
    const [first, second] = runs;
    expect(first).toEqual(second);
    expect(first?.batches.length).toBe(6 * 7);
    expect(first?.batches.at(-1)).toBe("6:7/7");
    const values = first?.points.map((point) => point.values);
    expect(values?.at(-1)?.["accuracy"]).toBeGreaterThan(0.6);
    expect(values?.at(-1)?.["trainingLoss"]).toBeLessThan(values?.[0]?.["trainingLoss"] as number);
  });

  it("trains with mixed labels too", async () => {
    const augment = { crop: 1, flip: true, mixup: 0.8, cutmix: 1 };
    const { points } = await trainImageClassifier(classifierOf(), {
      ...{ train, validation, recipe: { ...recipe, epochs: 2, augment }, seed: 3 },
    });
    expect(points.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(points.every(({ values }) => Number.isFinite(values["trainingLoss"]))).toBe(true);
  });

  it("counts every class as much in all, if asked", async () => {
    const places = Array.from(train.labels, (_, i) => i);
    const kept = places.filter((i) => (train.labels[i] as number) > 0 || i % 5 === 0);
    const few = train.subset(kept);
    const classifier = classifierOf();
    initialize(classifier.model, 3);
    const { losses } = await classifier.evaluate(few);
    const means = few.classes.map((_, label) => {
      const own = [...losses].filter((_loss, i) => few.labels[i] === label);
      return own.reduce((total, loss) => total + loss, 0) / own.length;
    });
    const wanted = means.reduce((total, mean) => total + mean, 0) / means.length;
    const firstLoss = async (classWeights: "none" | "balanced") => {
      const whole = { ...recipe, epochs: 1, batchSize: few.size, labelSmoothing: 0, classWeights };
      const { points } = await trainImageClassifier(classifierOf(), {
        ...{ train: few, validation, recipe: whole, seed: 3 },
      });
      return points[0]?.values["trainingLoss"] as number;
    };
    expect(await firstLoss("balanced")).toBeCloseTo(wanted, 4);
    expect(Math.abs((await firstLoss("none")) - wanted)).toBeGreaterThan(1e-3);
  });

  it("stops after the batch in which the signal comes, and still evaluates", async () => {
    const controller = new AbortController();
    let batches = 0;
    const { stopped, evaluation } = await trainImageClassifier(classifierOf(), {
      ...{ train, validation, recipe, seed: 3, signal: controller.signal },
      onBatch: () => {
        batches++;
        if (batches === 3) controller.abort();
      },
    });
    expect({ stopped, batches }).toEqual({ stopped: true, batches: 3 });
    const seen = evaluation.confusion.flat().reduce((sum, count) => sum + count, 0);
    expect(seen).toBe(validation.size);
  });

  it("says that the learning rate is too high when the loss is no number", async () => {
    const steep = { ...recipe, learningRate: 1e30, warmUp: 0 };
    await expect(
      trainImageClassifier(classifierOf(), { train, validation, recipe: steep, seed: 3 }),
    ).rejects.toThrow(
      /^The loss is (NaN|Infinity) at step \d+: .* Take a lower learning rate, a warm-up, or clip gradients \(clipNorm\)/,
    );
  });
});

describe("ImageClassifier", () => {
  it("gives the same probabilities for one image as for many", async () => {
    const classifier = classifierOf();
    const bytes = validation.imageBytes;
    const many = await classifier.predict(validation.images);
    expect(many.length).toBe(validation.size);
    for (const place of [0, 7, 49]) {
      const image = validation.images.subarray(place * bytes, (place + 1) * bytes);
      const [one] = await classifier.predict(image);
      expect(one?.label).toBe(many[place]?.label);
      one?.probabilities.forEach((probability, i) => {
        expect(probability).toBeCloseTo(many[place]?.probabilities[i] as number, 6);
      });
      expect(one?.probabilities.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    }
  });

  it("normalises inside of the model as the batches do outside", async () => {
    const classifier = classifierOf();
    const { mean, deviation } = classifier.description.normalization;
    const pixels = Float32Array.from(validation.images.subarray(0, validation.imageBytes));
    const area = validation.height * validation.width;
    const planes = pixels.map((_, i) => {
      const value = (pixels[(i % area) * validation.channels + Math.floor(i / area)] ?? 0) / 255;
      const channel = Math.floor(i / area);
      return (value - (mean[channel] as number)) / (deviation[channel] as number);
    });
    const shape = [1, validation.channels, validation.height, validation.width];
    const logits = compile((x: Tensor) => classifier.model.forward(x));
    const raw = Array.from(
      (await logits(hostTensor(planes, shape, "float32"))).data as Float32Array,
    );
    const powers = raw.map((value) => Math.exp(value));
    const sum = powers.reduce((total, power) => total + power, 0);
    const [found] = await classifier.predict(validation.images.subarray(0, validation.imageBytes));
    found?.probabilities.forEach((probability, i) => {
      expect(probability).toBeCloseTo((powers[i] as number) / sum, 5);
    });
  });
});

describe("compareImageClassifiers", () => {
  it("trains every system with every seed on the same budget", async () => {
    const shares: number[] = [];
    const { rows, kept } = await compareImageClassifiers(
      {
        paper: "none",
        systems: [
          { name: "two layers", figure: "97 %", options: {}, build: (to) => new TwoLayers(to) },
          { name: "the same", options: {}, build: (to) => new TwoLayers(to) },
        ],
        ...{ train, validation, test: validation, recipe: { ...recipe, epochs: 2 } },
      },
      { seeds: [1, 2], onProgress: ({ share }) => shares.push(share) },
    );
    const parameters = 32 * train.imageBytes + 32 + 33 * train.classes.length;
    expect(rows.map(({ system, parameters: count }) => [system, count])).toEqual([
      ["two layers", parameters],
      ["the same", parameters],
    ]);
    expect(rows[0]?.metrics).toEqual(rows[1]?.metrics);
    expect(rows[0]?.metrics["accuracy"]?.length).toBe(2);
    expect(rows[0]?.curves.map(({ seed, points }) => [seed, points.length])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(kept.description.paper).toBe("none");
  });
});
