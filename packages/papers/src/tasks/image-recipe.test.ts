import { describe, expect, it } from "vitest";
import { presetFor, recipeFor } from "./image-recipe.ts";

const recipe = {
  epochs: 300,
  batchSize: 128,
  learningRate: 5.5e-4,
  warmUp: 10,
  weightDecay: 0.06,
  labelSmoothing: 0.1,
  augment: {},
};

describe("recipeFor", () => {
  it.each([
    [4, 8, 100],
    [48, 8, 100],
    [200, 16, 100],
    [1000, 64, 30],
    [5000, 128, 6],
    [60_000, 128, 5],
  ])("cuts %i images into batches of %i for %i epochs", (images, batchSize, epochs) => {
    expect(recipeFor(recipe, images)).toEqual({ ...recipe, batchSize, epochs });
  });

  it("does not train longer than the paper", () => {
    expect(recipeFor({ ...recipe, epochs: 20 }, 48).epochs).toBe(20);
  });
});

describe("presetFor", () => {
  const presets = {
    large: { options: {}, target: {}, source: "table 1", defaultFor: [65, 500] },
    plain: { options: {}, target: {}, source: "table 1" },
    small: { options: {}, target: {}, source: "ours", defaultFor: [1, 64] },
  } as const;

  it("takes the preset made for the longer side, else the first", () => {
    expect(presetFor(presets, { height: 20, width: 64 })).toBe("small");
    expect(presetFor(presets, { height: 65, width: 10 })).toBe("large");
    expect(presetFor(presets, { height: 900, width: 10 })).toBe("large");
  });
});
