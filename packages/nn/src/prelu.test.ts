import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { PRelu } from "./prelu.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

test("values below 0 are multiplied by the learned slope", async () => {
  const layer = new PRelu();
  const run = compile((x: Tensor) => layer.forward(x));
  const x = hostTensor([-2, 0, 3, -4], [2, 2]);
  expectNear(await run(x), [2, 2], [-0.5, 0, 3, -1]);
  await layer.slope.set(hostTensor([2]));
  expectNear(await run(x), [2, 2], [-4, 0, 3, -8]);
  expect(layer.namedParameters().map(([path]) => path)).toEqual(["slope"]);
  const fresh = new PRelu();
  await checkSlopes(fresh, (y) => fresh.forward(y), draws([3, 4]));
});
