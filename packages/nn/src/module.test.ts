import { compile, hostTensor, print, record, type Tensor, Variable } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { Linear } from "./linear.ts";
import { countParameters, initialize } from "./model.ts";
import { Module } from "./module.ts";
import { Transformer } from "./transformer.ts";

class Pair extends Module {
  readonly layers = [new Linear({ in: 2, out: 3 }), new Linear({ in: 3, out: 2, bias: false })];
  readonly heads = { left: new Linear({ in: 2, out: 1, bias: false }) };
  readonly scale = new Variable([2], { initial: 1 });
  readonly count = new Variable([], { trainable: false });
  readonly tied = this.scale;

  forward(x: Tensor): Tensor {
    const hidden = this.layers.reduce((y, layer) => layer.forward(y), x);
    return this.heads.left.forward(hidden);
  }
}

class Whole extends Module {
  readonly pair = new Pair();

  forward(x: Tensor): Tensor {
    return this.pair.forward(x);
  }
}

describe("paths", () => {
  test("come from properties, in arrays and records too; what is shared counts once", () => {
    expect(new Pair().namedState().map(([path]) => path)).toEqual([
      "layers.0.weight",
      "layers.0.bias",
      "layers.1.weight",
      "heads.left.weight",
      "scale",
      "count",
    ]);
    expect(new Pair().parameters().length).toBe(5);
  });

  test("list the modules too", () => {
    expect(new Whole().namedModules().map(([path, part]) => [path, part.constructor.name])).toEqual(
      [
        ["pair", "Pair"],
        ["pair.layers.0", "Linear"],
        ["pair.layers.1", "Linear"],
        ["pair.heads.left", "Linear"],
      ],
    );
  });

  test("name the variables, by the longest path that was asked for", () => {
    const whole = new Whole();
    expect(whole.pair.parameters()[0]?.name).toBe("layers.0.weight");
    expect(whole.parameters()[0]?.name).toBe("pair.layers.0.weight");
    expect(whole.pair.parameters()[0]?.name).toBe("pair.layers.0.weight");
  });

  test("stand in the nodes that a module makes", () => {
    const whole = new Whole();
    const { graph } = record(
      (x: Tensor) => whole.forward(x),
      [{ shape: [1, 2], dtype: "float32" }],
    );
    expect(graph.outputs[0]?.node.path).toBe("pair.heads.left");
    expect(whole.pair.scale.name).toBe("pair.scale");
    expect(print(graph)).toContain('"pair.layers.0.weight"');
  });

  test("stand in the errors that a module makes", () => {
    const whole = new Whole();
    const wrong = (): unknown =>
      record((x: Tensor) => whole.forward(x), [{ shape: [1, 5], dtype: "float32" }]);
    expect(wrong).toThrow(
      /^matmul: inner sizes differ: a f32\[1,5\] has 5, b f32\[3,2\] has 2\. .*\(in pair\.layers\.0/,
    );
    expect(wrong).toThrow(/in pair\.layers\.0[,)]/);
  });
});

describe("initialize", () => {
  test("draws from the seed and the path, whatever was built before", async () => {
    const values = async (model: Pair, seed: number): Promise<number[]> => {
      initialize(model, seed);
      const all = await Promise.all(model.parameters().map((variable) => variable.get()));
      return all.flatMap((value) => value.toArray());
    };
    const first = await values(new Pair(), 7);
    expect(await values(new Pair(), 7)).toEqual(first);
    expect(await values(new Pair(), 8)).not.toEqual(first);
    expect(new Set(first.slice(0, 6)).size).toBe(6);
  });

  test("comes before the first use", async () => {
    const model = new Linear({ in: 1, out: 1 });
    const run = compile((x: Tensor) => model.forward(x));
    await run(hostTensor([1], [1, 1]));
    expect(() => initialize(model, 1)).toThrow(
      "initialize: weight already has its values; initialise a model before its first use.",
    );
  });
});

test("ten billion parameters are counted at once and take no memory", () => {
  const before = process.memoryUsage().arrayBuffers;
  const started = performance.now();
  const model = new Transformer({
    vocabulary: 50_000,
    width: 4608,
    depth: 38,
    heads: 36,
    length: 2048,
  });
  const count = countParameters(model);
  expect(performance.now() - started).toBeLessThan(100);
  const block = 4 * 4608 ** 2 + 8 * 4608 ** 2 + 4 * 4608 + 5 * 4608 + 4 * 4608;
  expect(count).toBe(2 * 50_000 * 4608 + 2048 * 4608 + 38 * block + 2 * 4608);
  expect(count).toBeGreaterThan(1e10);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
});
