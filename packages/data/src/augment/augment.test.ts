import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { type Augmentation, compose, oneOf, type Sample } from "./augmentation.ts";
import { brighten, brightness, contrast, sharpen } from "./colour.ts";
import { cutout, randomErasing } from "./erase.ts";
import { horizontalFlip, randomCrop, rotate, shift, translate, turn } from "./geometry.ts";
import { cutmix, mixup } from "./mix.ts";
import { randAugment } from "./rand-augment.ts";

function sample(pixels: readonly number[], height: number, width: number, target = [1, 0]): Sample {
  return {
    pixels: Float32Array.from(pixels),
    spare: new Float32Array(pixels.length).fill(9),
    channels: pixels.length / (height * width),
    height,
    width,
    target: Float32Array.from(target),
  };
}

function ramp(height: number, width: number, channels = 1): Sample {
  const count = height * width * channels;
  return sample(
    Array.from({ length: count }, (_, i) => (i + 1) / count),
    height,
    width,
  );
}

function unused(): never {
  throw new Error("this augmentation needs no partner");
}

/** What an augmentation makes of a ramp, for many seeds. */
function outcomes(augment: Augmentation, make: () => Sample, seeds: number): Float32Array[] {
  return Array.from({ length: seeds }, (_, seed) => {
    const changed = make();
    augment.apply(changed, new Random(seed), unused);
    return changed.pixels;
  });
}

function distinct(images: readonly Float32Array[]): Set<string> {
  return new Set(images.map((image) => image.join(" ")));
}

describe("geometry", () => {
  test("translate moves both channels and fills what comes in", () => {
    const image = sample([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 2, 3);
    translate(image, 1, -1, 0.5);
    expect(Array.from(image.pixels)).toEqual([
      0.5, 4, 5, 0.5, 0.5, 0.5, 0.5, 10, 11, 0.5, 0.5, 0.5,
    ]);
    translate(image, 0, 5, 0.25);
    expect(new Set(image.pixels)).toEqual(new Set([0.25]));
  });

  test("randomCrop yields every window of the padded image, and no other", () => {
    const images = outcomes(randomCrop({ padding: 1, fill: 0 }), () => ramp(2, 2), 300);
    const windows: Float32Array[] = [];
    for (const right of [-1, 0, 1]) {
      for (const down of [-1, 0, 1]) {
        const image = ramp(2, 2);
        translate(image, right, down, 0);
        windows.push(image.pixels);
      }
    }
    expect(distinct(images)).toEqual(distinct(windows));
  });

  test("horizontalFlip mirrors each row in about half of the cases", () => {
    const images = outcomes(horizontalFlip(), () => sample([1, 2, 3, 4, 5, 6], 2, 3), 400);
    expect(distinct(images)).toEqual(new Set(["1 2 3 4 5 6", "3 2 1 6 5 4"]));
    const flipped = images.filter((image) => image[0] === 3).length;
    expect(Math.abs(flipped - 200)).toBeLessThan(40);
    const always = outcomes(horizontalFlip({ probability: 1 }), () => ramp(1, 2, 2), 1);
    expect(distinct(always)).toEqual(new Set(["0.5 0.25 1 0.75"]));
    const never = outcomes(horizontalFlip({ probability: 0 }), () => ramp(2, 3), 20);
    expect(distinct(never)).toEqual(distinct([ramp(2, 3).pixels]));
  });

  test("a quarter turn moves pixels exactly, clockwise", () => {
    const image = sample([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 3);
    turn(image, 90, 0);
    [7, 4, 1, 8, 5, 2, 9, 6, 3].forEach((value, i) => {
      expect(image.pixels[i]).toBeCloseTo(value, 6);
    });
  });

  test("turning by an eighth interpolates between four pixels", () => {
    const image = sample([0, 0, 0, 0, 1, 0, 0, 0, 0], 3, 3);
    turn(image, 45, 0);
    expect(image.pixels[4]).toBeCloseTo(1, 6);
    expect(image.pixels[0]).toBe(0);
    const near = (1 - Math.SQRT1_2) * (1 - Math.SQRT1_2);
    for (const place of [1, 3, 5, 7]) expect(image.pixels[place]).toBeCloseTo(near, 6);
  });

  test("rotate and shift stay within their limits", () => {
    const flat = (): Sample => sample(new Array<number>(81).fill(1), 9, 9);
    for (const image of outcomes(rotate({ degrees: 20, fill: 0 }), flat, 50)) {
      expect(image[40]).toBeCloseTo(1, 6);
    }
    expect(distinct(outcomes(rotate({ degrees: 20 }), flat, 50)).size).toBe(50);
    const moved = outcomes(shift({ fraction: 0.25 }), flat, 200);
    const empty = moved.map((image) => image.filter((value) => value === 0).length);
    expect(Math.max(...empty)).toBe(81 - 49);
    expect(Math.min(...empty)).toBe(0);
  });
});

describe("colour", () => {
  test("brighten scales and clips", () => {
    const image = sample([0, 0.25, 0.5, 1], 2, 2);
    brighten(image, 1.5);
    expect(Array.from(image.pixels)).toEqual([0, 0.375, 0.75, 1]);
  });

  test("sharpen scales about the mean and clips", () => {
    const image = sample([0.25, 0.5, 0.75, 0.5], 2, 2);
    sharpen(image, 3);
    expect(Array.from(image.pixels)).toEqual([0, 0.5, 1, 0.5]);
    sharpen(image, 0);
    expect(Array.from(image.pixels)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  test("brightness and contrast draw factors within their amount", () => {
    const pair = (): Sample => sample([0.2, 0.4], 1, 2);
    const factors = outcomes(brightness({ amount: 0.5 }), pair, 300).map(([a = 0]) => a / 0.2);
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.5 - 1e-6);
    expect(Math.min(...factors)).toBeLessThan(0.53);
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.5 + 1e-6);
    expect(Math.max(...factors)).toBeGreaterThan(1.47);
    for (const [a = 0, b = 0] of outcomes(contrast({ amount: 0.5 }), pair, 300)) {
      expect(a + b).toBeCloseTo(0.6, 6);
      expect(b - a).toBeGreaterThanOrEqual(0.1 - 1e-6);
      expect(b - a).toBeLessThanOrEqual(0.3 + 1e-6);
    }
  });
});

describe("covering", () => {
  test("cutout covers one square, cut off at the borders", () => {
    const flat = (): Sample => sample(new Array<number>(72).fill(1), 6, 6);
    const sizes = new Set<number>();
    for (const image of outcomes(cutout({ size: 4, fill: 0 }), flat, 200)) {
      const covered = coveredBox(image, 6, (value) => value === 0);
      sizes.add(covered.height).add(covered.width);
      expect(covered.count).toBe(covered.height * covered.width);
      expect(image.slice(0, 36)).toEqual(image.slice(36));
    }
    expect([...sizes].sort()).toEqual([2, 3, 4]);
  });

  test("randomErasing covers areas and ratios of the paper in half of the cases", () => {
    const flat = (): Sample => sample(new Array<number>(900).fill(0.5), 30, 30);
    const images = outcomes(randomErasing({ fill: 1 }), flat, 600);
    const boxes = images
      .map((image) => coveredBox(image, 30, (value) => value === 1))
      .filter((box) => box.count > 0);
    expect(Math.abs(boxes.length - 300)).toBeLessThan(50);
    for (const { height, width, count } of boxes) {
      expect(count).toBe(height * width);
      expect(count).toBeGreaterThan(0.02 * 900 * 0.8);
      expect(count).toBeLessThan(0.4 * 900 * 1.15);
      expect(height / width).toBeGreaterThan(0.2);
      expect(height / width).toBeLessThan(5);
    }
    expect(Math.max(...boxes.map((box) => box.count))).toBeGreaterThan(0.36 * 900);
  });

  test("noise differs from pixel to pixel and channel to channel", () => {
    const flat = (): Sample => sample(new Array<number>(200).fill(2), 10, 10);
    const [image = new Float32Array()] = outcomes(randomErasing({ probability: 1 }), flat, 1);
    const noise = image.filter((value) => value !== 2);
    expect(noise.length).toBeGreaterThan(3);
    expect(new Set(noise).size).toBe(noise.length);
    expect(noise.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

describe("mixing", () => {
  const black = (): Sample => sample(new Array<number>(64).fill(0), 8, 8, [1, 0]);
  const white = (): Sample => sample(new Array<number>(64).fill(1), 8, 8, [0, 1]);

  test("mixup blends pixels and targets by one Beta draw", () => {
    const shares: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      const mixed = black();
      mixup({ alpha: 0.5 }).apply(mixed, new Random(seed), white);
      const [first = 0, second = 0] = mixed.target;
      expect(new Set(mixed.pixels).size).toBe(1);
      expect(mixed.pixels[0]).toBeCloseTo(second, 6);
      expect(first + second).toBeCloseTo(1, 6);
      shares.push(first);
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / 400;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / 400;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.06);
    expect(Math.abs(variance - 0.125)).toBeLessThan(0.02);
  });

  test("cutmix pastes a rectangle and mixes targets by its area", () => {
    const shares: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      const mixed = black();
      cutmix().apply(mixed, new Random(seed), white);
      const box = coveredBox(mixed.pixels, 8, (value) => value === 1);
      expect(box.count).toBe(box.height * box.width);
      expect(Array.from(mixed.target)).toEqual([1 - box.count / 64, box.count / 64]);
      shares.push(box.count / 64);
    }
    expect(Math.max(...shares)).toBeGreaterThan(0.75);
    expect(Math.min(...shares)).toBeLessThan(0.05);
    // The mean of (r - r^2 / 4)^2 over r^2 even from 0 to 1: r is the side before the borders cut it.
    const expected = 1 / 2 - 1 / 5 + 1 / 48;
    const mean = shares.reduce((sum, share) => sum + share, 0) / 400;
    expect(Math.abs(mean - expected)).toBeLessThan(0.04);
  });

  test("a partner has gone through the steps before, and a chain of mixtures keeps shares whole", () => {
    const steps: string[] = [];
    const mark = (name: string): Augmentation => ({
      mixesLabels: false,
      apply: () => {
        steps.push(name);
      },
    });
    const augment = compose(mark("first"), mixup(), mark("second"), cutmix());
    const mixed = black();
    augment.apply(mixed, new Random(1), white);
    expect(augment.mixesLabels).toBe(true);
    expect(steps).toEqual(["first", "first", "second", "first", "first", "second"]);
    expect((mixed.target[0] ?? 0) + (mixed.target[1] ?? 0)).toBeCloseTo(1, 6);
  });

  test("oneOf applies one choice, each about equally often", () => {
    const paint = (value: number): Augmentation => ({
      mixesLabels: false,
      apply: ({ pixels }) => {
        pixels.fill(value);
      },
    });
    const augment = oneOf(paint(3), paint(4), paint(5));
    const firsts = outcomes(augment, black, 600).map(([first]) => first);
    for (const value of [3, 4, 5]) {
      expect(Math.abs(firsts.filter((first) => first === value).length - 200)).toBeLessThan(50);
    }
    expect(oneOf(paint(3), mixup()).mixesLabels).toBe(true);
    expect(augment.mixesLabels).toBe(false);
  });
});

test("steps of a composition draw independently of each other", () => {
  const twice = outcomes(compose(horizontalFlip(), horizontalFlip()), () => ramp(1, 2), 200);
  const unchanged = twice.filter((image) => (image[0] ?? 0) < (image[1] ?? 0)).length;
  expect(Math.abs(unchanged - 100)).toBeLessThan(35);
});

test("how much one step draws does not change what the next one does", () => {
  const quiet: Augmentation = { mixesLabels: false, apply: () => undefined };
  const noisy: Augmentation = {
    mixesLabels: false,
    apply: (_, random) => {
      random.normal();
    },
  };
  const after = (first: Augmentation): Float32Array[] =>
    outcomes(compose(first, horizontalFlip()), () => ramp(1, 2), 50);
  expect(after(noisy)).toEqual(after(quiet));
});

test("randAugment keeps values from 0 to 1, and magnitude 0 changes nothing", () => {
  const make = (): Sample => ramp(8, 8, 3);
  const images = outcomes(randAugment({ count: 3, magnitude: 30 }), make, 100);
  expect(distinct(images).size).toBeGreaterThan(80);
  expect(images.every((image) => image.every((value) => value >= 0 && value <= 1))).toBe(true);
  for (const image of outcomes(randAugment({ magnitude: 0 }), make, 30)) {
    image.forEach((value, i) => {
      expect(value).toBeCloseTo(make().pixels[i] ?? 0, 6);
    });
  }
});

test("options out of range are named", () => {
  const wrong: [() => Augmentation, string][] = [
    [
      () => randomCrop({ padding: 1.5 }),
      "randomCrop: padding must be a whole number from 0, got 1.5.",
    ],
    [() => randomCrop({ padding: 1, fill: 2 }), "randomCrop: fill must be from 0 to 1, got 2."],
    [
      () => horizontalFlip({ probability: -0.1 }),
      "horizontalFlip: probability must be from 0 to 1, got -0.1.",
    ],
    [() => shift({ fraction: 2 }), "shift: fraction must be from 0 to 1, got 2."],
    [() => rotate({ degrees: 200 }), "rotate: degrees must be from 0 to 180, got 200."],
    [() => brightness({ amount: 3 }), "brightness: amount must be from 0 to 1, got 3."],
    [() => contrast({ amount: -1 }), "contrast: amount must be from 0 to 1, got -1."],
    [() => cutout({ size: 0 }), "cutout: size must be a whole number from 1, got 0."],
    [() => randomErasing({ fill: 7 }), "randomErasing: fill must be from 0 to 1, got 7."],
    [() => mixup({ alpha: 0 }), "mixup: alpha must be above 0, got 0."],
    [() => cutmix({ alpha: Number.NaN }), "cutmix: alpha must be above 0, got NaN."],
    [() => randAugment({ magnitude: 31 }), "randAugment: magnitude must be from 0 to 30, got 31."],
    [() => oneOf(), "oneOf: give at least one augmentation to choose from."],
  ];
  for (const [make, message] of wrong) expect(make).toThrow(new DataError(message));
});

/** The bounding box of the pixels of the first channel that pass, and how many they are. */
function coveredBox(
  image: Float32Array,
  side: number,
  passes: (value: number) => boolean,
): { height: number; width: number; count: number } {
  const rows = new Set<number>();
  const columns = new Set<number>();
  let count = 0;
  image.subarray(0, side * side).forEach((value, i) => {
    if (!passes(value)) return;
    rows.add(Math.floor(i / side));
    columns.add(i % side);
    count++;
  });
  return { height: rows.size, width: columns.size, count };
}
