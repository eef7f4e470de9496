import { Convolution, initialize, Module } from "@quire/nn";
import { Random, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import type { CurvePoint } from "../paper.ts";
import {
  describeSegmentationModel,
  meanBorderDistance,
  overlay,
  Patches,
  partCases,
  patchFor,
  poolingPlan,
  type SegmentationCase,
  type SegmentationNetwork,
  type SegmentationRecipe,
  Segmenter,
  type Size,
  standardized,
  trainSegmenter,
} from "./segmentation.ts";
import { turnOf } from "./segmentation-augmentation.ts";
import { Blend, windowStarts, windowsOf, windowWeights } from "./sliding-window.ts";

const recipe: SegmentationRecipe = {
  ...{ epochs: 3, batchSize: 4, batchesPerEpoch: 20, learningRate: 0.1, warmUp: 0, power: 0.9 },
  ...{ weightDecay: 0, foreground: 0.33 },
  augment: { mirror: true, turn: true, values: true },
};

/** A case whose bright places are class 1. */
function spots(name: string, size: Size, seed: number): SegmentationCase {
  const random = new Random(seed);
  const places = size[0] * size[1] * size[2];
  const labels = new Uint8Array(places).map(() => Number(random.uniform() < 0.3));
  const values = Float32Array.from(labels, (label) => 3 * label + 0.3 * random.normal());
  return { name, values: standardized(values, 1), labels, channels: 1, size };
}

/** Says each place's class by its own value. */
class PlaceByPlace extends Module implements SegmentationNetwork {
  readonly layer: Convolution;

  constructor(axes: 2 | 3) {
    super();
    this.layer = new Convolution({ in: 1, out: 2, kernel: new Array<number>(axes).fill(1) });
  }

  forward(x: Tensor): readonly [Tensor] {
    return [this.layer.forward(x)];
  }
}

function segmenterOf(patch: readonly number[]): Segmenter {
  const spacing = patch.map(() => 1);
  const description = describeSegmentationModel({
    ...{ paper: "none", options: {}, classes: ["0", "1"] },
    target: { patch, spacing, channels: 1, classes: 2 },
  });
  const model = new PlaceByPlace(patch.length as 2 | 3);
  initialize(model, 3);
  return new Segmenter(model, description);
}

describe("windows", () => {
  test("cover every length, half a window apart at most, and begin before what is smaller", () => {
    expect(windowStarts(10, 10)).toEqual([0]);
    expect(windowStarts(6, 10)).toEqual([-2]);
    expect(windowStarts(25, 10)).toEqual([0, 5, 10, 15]);
    for (const length of [11, 19, 33]) {
      const starts = windowStarts(length, 8);
      expect([starts[0], starts.at(-1)]).toEqual([0, length - 8]);
      starts.slice(1).forEach((start, i) => {
        expect(start - (starts[i] as number)).toBeLessThanOrEqual(4);
      });
    }
  });

  test("are blended by weights that are largest in the middle and sum out", () => {
    const [window, size] = [[1, 4, 4] as const, [1, 6, 9] as const];
    const weights = windowWeights(window);
    expect(Math.max(...weights)).toBe(weights[5]);
    expect(weights[0]).toBe(weights[15]);
    const blend = new Blend(size, 2);
    for (const start of windowsOf(size, window)) {
      // Each window says class 1 with probability .75.
      const said = Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? 0.25 : 0.75));
      blend.add(said, start, { window, weights });
    }
    const { labels, probabilities } = blend.result();
    expect([...labels]).toEqual(new Array(54).fill(1));
    for (const probability of probabilities) expect(probability).toBeCloseTo(0.75, 6);
  });
});

describe("a segmenter", () => {
  test.each([
    ["a picture", [4, 4], [1, 9, 7]],
    ["a picture smaller than a patch", [8, 8], [1, 5, 3]],
    ["a volume", [4, 4, 4], [5, 6, 9]],
  ] as const)("says of %s window by window what it says of the whole", async (_, patch, size) => {
    const given = spots("a", size, 4);
    const found = (await segmenterOf(patch).predict([given]))[0];
    const whole = (await segmenterOf(size.slice(3 - patch.length)).predict([given]))[0];
    expect(found?.labels).toEqual(whole?.labels);
    found?.probabilities.forEach((probability, place) => {
      expect(probability).toBeCloseTo(whole?.probabilities[place] as number, 5);
    });
  });

  test("of several cases says of each what it says of it alone", async () => {
    const cases = [spots("a", [1, 9, 7], 4), spots("b", [1, 4, 12], 5)];
    const segmenter = segmenterOf([4, 4]);
    const together = await segmenter.predict(cases);
    for (const [i, given] of cases.entries()) {
      expect((await segmenter.predict([given]))[0]?.labels).toEqual(together[i]?.labels);
    }
  });

  test("learns, and gives the same run again", async () => {
    const cases = [1, 2, 3].map((seed) => spots(`case ${seed}`, [1, 12, 12], seed));
    const data = partCases(cases, { share: 0.3, seed: 1 });
    const runs: (readonly CurvePoint[])[] = [];
    for (let run = 0; run < 2; run++) {
      const segmenter = segmenterOf([8, 8]);
      const { points } = await trainSegmenter(segmenter, { data, recipe, seed: 1 });
      runs.push(points);
      const { dice, iou, classes } = await segmenter.evaluate(data.validation);
      expect(dice).toBeGreaterThan(0.9);
      expect(iou).toBeCloseTo(dice / (2 - dice), 6);
      expect(classes[1]?.dice).toBe(dice);
    }
    expect(runs[0]).toEqual(runs[1]);
  });

  test("refuses a volume where pictures were learnt, and other channels", async () => {
    const segmenter = segmenterOf([4, 4]);
    await expect(segmenter.predict([spots("v", [2, 4, 4], 1)])).rejects.toThrow(
      /^v is a volume, and pictures were learnt: give pictures\.$/,
    );
    const coloured = { ...spots("c", [1, 4, 4], 1), channels: 3 };
    await expect(segmenter.predict([coloured])).rejects.toThrow(
      /^c has 3 channels, and what was learnt has 1: convert it\.$/,
    );
  });

  test("the distance of borders counts a class that is not said as far as the case is wide", () => {
    const given = { ...spots("a", [1, 3, 4], 1), labels: new Uint8Array(12).fill(1, 0, 1) };
    const nothing = { labels: new Uint8Array(12), probabilities: new Float32Array(12) };
    const options = { classes: 2, spacing: [2, 1] };
    expect(meanBorderDistance([given], [nothing], options)).toBeCloseTo(Math.hypot(1, 6, 4), 6);
    const right = { ...nothing, labels: given.labels };
    expect(meanBorderDistance([given], [right], options)).toBe(0);
  });
});

describe("patches", () => {
  const target = { patch: [6, 6], spacing: [1, 1], channels: 1, classes: 2 };
  const draw = (augment: SegmentationRecipe["augment"], foreground = 0, start = 0) => {
    const cases = [spots("a", [1, 20, 20], 7)];
    const given = { ...recipe, augment, foreground, batchesPerEpoch: 5 };
    const draws = { target, recipe: given, seed: 1, epoch: 2, start };
    return [...new Patches(cases, 2).batches(draws)];
  };
  const none = { mirror: false, turn: false, values: false };

  test("labels belong to their values, also turned, scaled and mirrored", () => {
    for (const augment of [none, { mirror: true, turn: true, values: false }]) {
      for (const { images, labels } of draw(augment)) {
        expect([images.shape, labels.shape]).toEqual([
          [4, 1, 6, 6],
          [4, 6, 6],
        ]);
        // Bright places are class 1: means of both classes stay apart.
        const means = [0, 1].map((label) => {
          const own = images.toArray().filter((_, i) => labels.data[i] === label);
          return own.reduce((sum, value) => sum + value, 0) / Math.max(1, own.length);
        });
        expect((means[1] as number) - (means[0] as number)).toBeGreaterThan(0.5);
      }
    }
  });

  test("depend on seed, epoch and place alone, so that a run goes on exactly", () => {
    const augment = { mirror: true, turn: true, values: true };
    expect(draw(augment, 0.5, 3)).toEqual(draw(augment, 0.5).slice(3));
    expect(draw(augment)[0]).not.toEqual(draw(augment)[1]);
  });

  test("around the foreground hold some of it", () => {
    const labels = new Uint8Array(900);
    labels[31 * 14] = 1;
    const rare = { ...spots("a", [1, 30, 30], 1), labels };
    const given = { ...recipe, augment: none, foreground: 1, batchesPerEpoch: 3 };
    const batches = new Patches([rare], 2).batches({
      ...{ target, recipe: given, seed: 1, epoch: 1, start: 0 },
    });
    for (const batch of batches) {
      for (let row = 0; row < 4; row++) {
        expect(batch.labels.toArray().slice(row * 36, (row + 1) * 36)).toContain(1);
      }
    }
  });

  test("turns keep angles: the rows of a matrix are square to each other and equally long", () => {
    const augment = { mirror: true, turn: true, values: false };
    const matrices = Array.from({ length: 60 }, (_, i) =>
      turnOf(augment, i % 2 ? [1, 8, 8] : [8, 8, 8], new Random(i)),
    ).flatMap(({ matrix }) => (matrix ? [matrix] : []));
    expect(matrices.length).toBeGreaterThan(5);
    for (const matrix of matrices) {
      const rows = [0, 3, 6].map((at) => matrix.slice(at, at + 3)) as [
        number[],
        number[],
        number[],
      ];
      const dot = (a: number[], b: number[]): number =>
        a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
      expect(dot(rows[0], rows[1])).toBeCloseTo(0, 9);
      expect(dot(rows[1], rows[2])).toBeCloseTo(0, 9);
      expect(dot(rows[1], rows[1])).toBeCloseTo(dot(rows[2], rows[2]), 9);
    }
  });
});

describe("plans", () => {
  test("halve axes as nnU-Net does: far ones later, windows of one place until then", () => {
    // nnU-Net's plans for abdomen MRI and for cells.
    expect(poolingPlan([48, 160, 224], [3, 1.2, 1.2])).toEqual({
      patch: [48, 160, 224],
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
        [1, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ],
    });
    expect(poolingPlan([512, 512], [1, 1]).strides.length).toBe(8);
  });

  test("patches fit the budget, the data and the strides", () => {
    for (const [sizes, spacing, places] of [
      [[[300, 400]], [1, 1], 96 * 96],
      [[[20, 24]], [1, 1], 96 * 96],
      [[[72, 60]], [1, 1], 80 * 64],
      [[[30, 256, 256]], [5, 1, 1], 32 ** 3],
      [[[100, 100, 100]], [1, 1, 1], 32 ** 3],
    ] as const) {
      const patch = patchFor({ sizes, spacing, places });
      expect(patch.reduce((product, length) => product * length, 1)).toBeLessThanOrEqual(places);
      expect(poolingPlan(patch, spacing).patch).toEqual(patch);
      // Uses at least a third of the budget, or all of the data.
      const used = patch.reduce((product, length) => product * length, 1);
      const isWhole = patch.every((length, axis) => length >= (sizes[0]?.[axis] as number));
      expect(isWhole || used > places / 3, patch.join()).toBe(true);
    }
  });
});

test("a single case is refused", () => {
  expect(() => partCases([spots("a", [1, 4, 4], 1)], { share: 0.5, seed: 1 })).toThrow(
    /^one picture or volume cannot be both learnt from and measured on: add more\.$/,
  );
});

test("an overlay paints classes over grey, and leaves the background as it is", () => {
  const given = spots("a", [1, 3, 2], 1);
  const { width, height, bytes } = overlay(given, [0, 0, 0, 0, 1, 1], { scale: 2 });
  expect([width, height, bytes.length]).toEqual([4, 6, 96]);
  expect([bytes[0] === bytes[1], bytes[1] === bytes[2]]).toEqual([true, true]);
  expect((bytes.at(-4) as number) - (bytes.at(-2) as number)).toBeGreaterThan(40);
});
