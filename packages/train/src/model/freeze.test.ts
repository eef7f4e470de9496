import { BatchNorm, Linear, Module } from "@quire/nn";
import { compile, hostTensor, mul, sum, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { sgd } from "../optimizer/sgd.ts";
import { freeze, unfreeze } from "./freeze.ts";

class Small extends Module {
  readonly first = new Linear({ in: 2, out: 2 });
  readonly firstNorm = new BatchNorm({ channels: 2 });
  readonly last = new Linear({ in: 2, out: 1 });

  forward(x: Tensor): Tensor {
    const hidden = this.firstNorm.forward(this.first.forward(x), { training: true });
    return this.last.forward(hidden);
  }
}

function pathsOf(model: Module): string[] {
  return model.namedParameters().map(([path]) => path);
}

test("what is frozen stays as it is, the rest learns, running statistics follow", async () => {
  const model = new Small();
  expect(freeze(model, "first")).toEqual(["first.weight", "first.bias"]);
  const before = await Promise.all(model.namedState().map(([, variable]) => variable.get()));
  const optimizer = sgd(model.parameters(), { learningRate: 0.1 });
  const step = compile((x: Tensor) => {
    const y = model.forward(x);
    optimizer.minimize(sum(mul(y, y)));
  });
  await step(hostTensor([1, 2, -1, 0.5, 3, -2], [3, 2]));
  const changed: string[] = [];
  for (const [i, [path, variable]] of model.namedState().entries()) {
    const same = JSON.stringify(before[i]) === JSON.stringify(await variable.get());
    if (!same) changed.push(path);
  }
  expect(changed).toEqual([
    "firstNorm.weight",
    "firstNorm.bias",
    "firstNorm.runningMean",
    "firstNorm.runningVariance",
    "last.weight",
    "last.bias",
  ]);
});

test("by path, expression or function, and back again", () => {
  const model = new Small();
  const all = pathsOf(model);
  expect(freeze(model, /norm/i)).toEqual(["firstNorm.weight", "firstNorm.bias"]);
  expect(freeze(model, (path) => path.endsWith("bias"))).toEqual(["first.bias", "last.bias"]);
  expect(pathsOf(model)).toEqual(["first.weight", "last.weight"]);
  expect(unfreeze(model, "last")).toEqual(["last.bias"]);
  expect(unfreeze(model).length).toBe(3);
  expect(pathsOf(model)).toEqual(all);
  freeze(model);
  expect(pathsOf(model)).toEqual([]);
});

test("a pattern that finds nothing is a mistake", () => {
  const model = new Small();
  expect(() => freeze(model, "fir")).toThrow(
    "freeze: nothing matches fir; there are first.weight, first.bias, firstNorm.weight and others.",
  );
  expect(() => unfreeze(model, /first/)).toThrow(
    "unfreeze: nothing matches /first/; there is nothing to match.",
  );
});
