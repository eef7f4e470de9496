import { compile, full, hostTensor, layerNorm, mean, slice, sub, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { CRMSNorm } from "./crms-norm.ts";

const rows = hostTensor([1, 2, 3, 4, -2, 0.5, 7, -1], [2, 4]);

test("all but the last value of LayerNorm's result, from all but the last centred value", async () => {
  const norm = new CRMSNorm({ width: 3, epsilon: 1e-3 });
  const both = compile((x: Tensor) => {
    const centred = sub(x, mean(x, { axes: [1], keepDims: true }));
    const short = norm.forward(slice(centred, [0], [3], { axes: [1] }));
    const whole = layerNorm(x, full([4], 1), undefined, { epsilon: 1e-3 });
    return { short, whole: slice(whole, [0], [3], { axes: [1] }) };
  });
  const { short, whole } = await both(rows);
  for (const [i, value] of whole.toArray().entries()) {
    expect(short.toArray()[i]).toBeCloseTo(value, 6);
  }
});

test("known values, with a scale", async () => {
  const norm = new CRMSNorm({ width: 2, epsilon: 0 });
  expect(norm.namedParameters().map(([path]) => path)).toEqual(["weight"]);
  await norm.weight.set(hostTensor([1, 2], [2]));
  // (1, 2) stands for (1, 2, -3), whose mean square is 14 / 3.
  const [first, second] = (
    await compile((x: Tensor) => norm.forward(x))(hostTensor([1, 2], [1, 2]))
  ).toArray();
  expect(first).toBeCloseTo(1 / Math.sqrt(14 / 3), 6);
  expect(second).toBeCloseTo(4 / Math.sqrt(14 / 3), 6);
});
