import { expect, test } from "vitest";
import {
  add,
  compile,
  gradients,
  hostTensor,
  matmul,
  mul,
  print,
  record,
  sub,
  sum,
  type Tensor,
  Variable,
} from "./index.ts";

test("a linear model is traced, differentiated, run and trained", async () => {
  const weight = new Variable([1, 2], { name: "weight" });
  const step = compile((x: Tensor, y: Tensor) => {
    const error = sub(matmul(x, weight.tensor, { transposeB: true }), y);
    const loss = sum(mul(error, error));
    const [gradient] = gradients(loss, [weight]) as [Tensor];
    weight.assign(sub(weight.tensor, mul(gradient, 0.005)));
    return { loss };
  });
  const x = hostTensor([1, 2, 3, 4, 5, 7], [3, 2]);
  const y = hostTensor([5, 11, 19], [3, 1]);
  let loss = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 300; i++) loss = (await step(x, y)).loss.item();
  expect(loss).toBeLessThan(0.5);
  console.log(loss, await weight.get());
});
