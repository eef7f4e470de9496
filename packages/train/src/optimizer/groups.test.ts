import { BatchNorm, Linear, Module, Transformer } from "@quire/nn";
import { Variable } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { exceptNormsAndBiases, layerwiseRates } from "./groups.ts";

const model = new Transformer({ vocabulary: 5, width: 4, depth: 2, heads: 2, length: 4 });

class Mixture extends Module {
  readonly norm = new BatchNorm({ channels: 3 });
  readonly linear = new Linear({ in: 3, out: 2 });
  readonly scores = { bias: new Variable([2, 2]), table: new Variable([2, 2]) };

  forward(): void {
    // Only its parameters are looked at.
  }
}

class Whole extends Module {
  readonly mixture = new Mixture();

  forward(): void {
    // Only its parameters are looked at.
  }
}

describe("weight decay", () => {
  test("spares norms, biases and other vectors", () => {
    const mixture = new Mixture();
    const decays = exceptNormsAndBiases(mixture);
    const decayed = mixture.parameters().filter(({ name }) => decays(name));
    expect(decayed.map(({ name }) => name)).toEqual(["linear.weight", "scores.table"]);
  });

  test("knows parameters by the names they have when it is asked", () => {
    const whole = new Whole();
    const decays = exceptNormsAndBiases(whole.mixture);
    const decayed = whole.parameters().filter(({ name }) => decays(name));
    expect(decayed.map(({ name }) => name)).toEqual([
      "mixture.linear.weight",
      "mixture.scores.table",
    ]);
  });
});

describe("layer-wise rates", () => {
  test("fall from the last layer to the first, and once more before it", () => {
    const rates = layerwiseRates(model, { decay: 0.5 });
    const factors = new Map(model.parameters().map(({ name }) => [name, rates(name)]));
    expect(factors.get("tokens.weight")).toBe(0.125);
    expect(factors.get("positions.weight")).toBe(0.125);
    expect(factors.get("blocks.0.attention.query.weight")).toBe(0.25);
    expect(factors.get("blocks.1.feedForwardNorm.bias")).toBe(0.5);
    expect(factors.get("norm.weight")).toBe(1);
    expect(factors.get("head.weight")).toBe(1);
    expect(new Set(factors.values())).toEqual(new Set([0.125, 0.25, 0.5, 1]));
  });

  test("need layers", () => {
    expect(() => layerwiseRates(model, { decay: 0.5, layers: "stages" })).toThrow(
      "layerwiseRates: the model has no layers called stages.0.",
    );
  });
});
