import { add, compile, hostTensor, mul, sum, type Tensor, Variable } from "@quire/tensor";
import { expect, test } from "vitest";
import { expectNear } from "../testing/stored.ts";
import { adafactor } from "./adafactor.ts";

test("a vector keeps its whole second moment", async () => {
  const x = new Variable([3], { name: "x" });
  const values = [1, -2, 0.5];
  await x.set(hostTensor(values));
  const optimizer = adafactor([x], { learningRate: 0.1, scaleByParameter: false });
  const step = compile(() => optimizer.minimize(mul(sum(mul(mul(x, x), x)), 1 / 3)));
  const squares = [0, 0, 0];
  for (let t = 1; t <= 4; t++) {
    await step();
    const keep = 1 - t ** -0.8;
    const moves = values.map((value, i) => {
      const slope = value * value;
      squares[i] = keep * (squares[i] as number) + (1 - keep) * slope * slope;
      return slope / Math.sqrt(squares[i] as number);
    });
    const size = Math.sqrt(moves.reduce((total, move) => total + move * move, 0) / 3);
    for (const [i, move] of moves.entries()) {
      values[i] = (values[i] as number) - (0.1 * move) / Math.max(1, size);
    }
    expectNear((await x.get()).toArray(), values, 1e-6, `step ${t}`);
  }
  await step.release();
  expect(optimizer.variables.map(({ name }) => name)).toEqual(["step", "square.x"]);
});

test("of a stack of matrices, each has its own rows and columns", async () => {
  const matrix = [1, -2, 0.5, 3, 0.25, -1];
  const stack = new Variable([2, 2, 3], { name: "stack" });
  const alone = new Variable([2, 3], { name: "alone" });
  await stack.set(hostTensor([...matrix, ...matrix], [2, 2, 3]));
  await alone.set(hostTensor(matrix, [2, 3]));
  const optimizer = adafactor([stack, alone]);
  const step = compile((weight: Tensor) => {
    const loss = (x: Variable): Tensor => sum(mul(mul(x, x), weight));
    optimizer.minimize(add(loss(stack), loss(alone)));
  });
  for (let t = 0; t < 3; t++) await step(hostTensor([1, 2, 3, 4, 5, 6], [2, 3]));
  await step.release();
  const wanted = (await alone.get()).toArray();
  expectNear((await stack.get()).toArray(), [...wanted, ...wanted], 1e-6);
  const shapes = optimizer.variables.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
  expect(shapes).toEqual([
    "step []",
    "rows.stack [2, 2, 1]",
    "columns.stack [2, 1, 3]",
    "rows.alone [2, 1]",
    "columns.alone [1, 3]",
  ]);
});
