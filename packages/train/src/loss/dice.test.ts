import {
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  slice,
  type Tensor,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { crossEntropy } from "./cross-entropy.ts";
import { type DiceOptions, deeplySupervised, diceCrossEntropy, diceLoss } from "./dice.ts";

const [rows, classes, height, width] = [2, 3, 4, 2];
const places = height * width;
const random = new Random(7);
const logits = hostTensor(
  Float32Array.from({ length: rows * classes * places }, () => random.normal()),
  [rows, classes, height, width],
);
const values = logits.toArray();
const labels = hostTensor(
  Int32Array.from({ length: rows * places }, () => Math.floor(random.uniform() * classes)),
  [rows, height, width],
);

/** The formula, number by number. */
function defined({ background = false, batch = true, smooth = 1e-5 }: DiceOptions): number {
  const sums = Array.from({ length: rows }, () =>
    Array.from({ length: classes }, () => ({ both: 0, all: 0 })),
  );
  for (let row = 0; row < rows; row++) {
    for (let place = 0; place < places; place++) {
      const at = (k: number): number =>
        Math.exp(logits.data[(row * classes + k) * places + place] as number);
      const total = at(0) + at(1) + at(2);
      for (let k = 0; k < classes; k++) {
        const isWanted = Number(labels.data[row * places + place] === k);
        const sum = sums[row]?.[k] as { both: number; all: number };
        sum.both += (2 * isWanted * at(k)) / total;
        sum.all += isWanted + at(k) / total;
      }
    }
  }
  const kept = Array.from({ length: classes }, (_, k) => k).slice(background ? 0 : 1);
  const groups = batch
    ? kept.map((k) => ({
        both: sums.reduce((all, row) => all + (row[k]?.both as number), 0),
        all: sums.reduce((all, row) => all + (row[k]?.all as number), 0),
      }))
    : sums.flatMap((row) => kept.map((k) => row[k] as { both: number; all: number }));
  const overlaps = groups.map(({ both, all }) => (both + smooth) / (all + smooth));
  return -overlaps.reduce((all, one) => all + one, 0) / overlaps.length;
}

/** Every second place along the height, the third axis from behind or the second. */
function half(x: Tensor): Tensor {
  return slice(x, [0], [height], { axes: [x.shape.length - 2], steps: [2] });
}

async function lossOf(loss: (x: Tensor, y: Tensor) => Tensor): Promise<number> {
  return (await compile(loss)(logits, labels)).item();
}

describe("Dice's loss", () => {
  test.each<DiceOptions>([
    {},
    { batch: false },
    { background: true, smooth: 1 },
    { background: true, batch: false },
  ])("is what its formula says, with %o", async (options) => {
    expect(await lossOf((x, y) => diceLoss(x, y, options))).toBeCloseTo(defined(options), 6);
  });

  test("is -1 where all is found, and adds to the cross-entropy of the places", async () => {
    const sure = values.map((_, i) => {
      const [row, rest] = [Math.floor(i / (classes * places)), i % (classes * places)];
      const [k, place] = [Math.floor(rest / places), rest % places];
      return labels.data[row * places + place] === k ? 40 : 0;
    });
    const whole = compile((x: Tensor, y: Tensor) => diceCrossEntropy(x, y));
    expect((await whole(hostTensor(sure, logits.shape), labels)).item()).toBeCloseTo(-1, 6);
    const flat = Float32Array.from({ length: logits.data.length }, (_, i) => {
      const [place, k] = [Math.floor(i / classes), i % classes];
      const row = Math.floor(place / places);
      return logits.data[(row * classes + k) * places + (place % places)] as number;
    });
    const entropy = compile((x: Tensor, y: Tensor) => crossEntropy(x, y));
    const alone = await entropy(
      hostTensor(flat, [rows * places, classes]),
      hostTensor(labels.data as Int32Array, [rows * places]),
    );
    const both = await lossOf((x, y) => diceCrossEntropy(x, y));
    expect(both).toBeCloseTo(alone.item() + defined({}), 5);
  });

  test("has the gradients of finite differences", async () => {
    const slopes = compile((x: Tensor, y: Tensor) => gradients(diceCrossEntropy(x, y), [x]));
    const value = compile((x: Tensor, y: Tensor) => diceCrossEntropy(x, y));
    const [slope] = (await slopes(logits, labels)) as [HostTensor];
    const at = async (step: number): Promise<number> => {
      const moved = values.map((old, i) => old + step * Math.sin(i));
      return (await value(hostTensor(moved, logits.shape), labels)).item();
    };
    const measured = ((await at(1e-2)) - (await at(-1e-2))) / 2e-2;
    const wanted = slope.toArray().reduce((all, one, i) => all + one * Math.sin(i), 0);
    expect(Math.abs(wanted - measured)).toBeLessThan(2e-4);
  });

  test("at several levels weighs each half as much as the finer one, by labels at its places", async () => {
    const found = await lossOf((x, y) =>
      deeplySupervised([x, half(x)], y, (level, own) => diceLoss(level, own)),
    );
    const fine = await lossOf((x, y) => diceLoss(x, y));
    const coarse = await lossOf((x, y) => diceLoss(half(x), half(y)));
    expect(found).toBeCloseTo((2 * fine + coarse) / 3, 6);
  });

  test("refuses shapes that do not fit", async () => {
    await expect(compile((x: Tensor) => diceLoss(x, x)).prepare(logits)).rejects.toThrow(
      /^diceLoss: needs logits \[B, K, \.\.\.space\] and labels \[B, \.\.\.space\], got \[2, 3, 4, 2\] and \[2, 3, 4, 2\]\./,
    );
  });
});
