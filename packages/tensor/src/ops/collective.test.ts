import { describe, expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Collectives } from "../graph/collectives.ts";
import type { Tensor } from "../graph/node.ts";
import { Variable } from "../graph/variable.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { exportOnnx } from "../onnx/export.ts";
import { collectivesInOneProcess } from "../run/collectives-in-one-process.ts";
import {
  add,
  copyToGroup,
  gatherOverGroup,
  matmul,
  maxOverGroup,
  mul,
  partOfGroup,
  scatterOverGroup,
  stopGradient,
  sub,
  sum,
  sumOverGroup,
  tanh,
} from "./index.ts";

/** What every process's function gives. */
function together(
  size: number,
  run: (group: Collectives) => Promise<HostTensor>,
): Promise<number[][]> {
  return Promise.all(
    collectivesInOneProcess(size).map(async (group) => (await run(group)).toArray()),
  );
}

/** One function on all processes, given 10 times the process's number plus 1, 2, 3, ... */
function onRows(size: number, fn: (x: Tensor, group: Collectives) => Tensor, shape = [2, 2]) {
  return together(size, (group) => {
    const count = shape.reduce((product, length) => product * length, 1);
    const values = Array.from({ length: count }, (_, i) => 10 * group.rank + i + 1);
    return compile((x: Tensor) => fn(x, group))(hostTensor(values, shape));
  });
}

describe("processes", () => {
  test("sum, take the largest, gather and scatter", async () => {
    expect(await onRows(2, (x, group) => sumOverGroup(x, group))).toEqual([
      [12, 14, 16, 18],
      [12, 14, 16, 18],
    ]);
    expect(await onRows(3, (x, group) => maxOverGroup(x, group))).toEqual([
      [21, 22, 23, 24],
      [21, 22, 23, 24],
      [21, 22, 23, 24],
    ]);
    const rows = [1, 2, 3, 4, 11, 12, 13, 14];
    expect(await onRows(2, (x, group) => gatherOverGroup(x, group))).toEqual([rows, rows]);
    const columns = [1, 2, 11, 12, 3, 4, 13, 14];
    expect(await onRows(2, (x, group) => gatherOverGroup(x, group, 1))).toEqual([columns, columns]);
    expect(await onRows(2, (x, group) => scatterOverGroup(x, group))).toEqual([
      [12, 14],
      [16, 18],
    ]);
    expect(await onRows(2, (x, group) => scatterOverGroup(x, group, -1))).toEqual([
      [12, 16],
      [14, 18],
    ]);
    expect(await onRows(2, (x, group) => partOfGroup(x, group, 1))).toEqual([
      [1, 3],
      [12, 14],
    ]);
  });

  test("exchange in the middle of a computation, and what they computed before is still there", async () => {
    const run = (x: Tensor, group: Collectives): Tensor => {
      const y = mul(x, 2);
      const total = sumOverGroup(y, group);
      const largest = maxOverGroup(sub(total, y), group);
      return add(add(total, largest), y);
    };
    const ys = [1, 2].map((k) => [0, 1, 2, 3].map((i) => 2 * (10 * (k - 1) + i + 1)));
    const expected = ys.map((own) =>
      own.map((y, i) => {
        const total = ys.reduce((all, other) => all + (other[i] as number), 0);
        return total + Math.max(...ys.map((other) => total - (other[i] as number))) + y;
      }),
    );
    expect(await onRows(2, run)).toEqual(expected);
  });

  test("of a group of one exchange nothing", async () => {
    expect(
      await onRows(1, (x, group) =>
        partOfGroup(
          gatherOverGroup(
            scatterOverGroup(sumOverGroup(copyToGroup(x, group), group), group),
            group,
          ),
          group,
        ),
      ),
    ).toEqual([[1, 2, 3, 4]]);
  });
});

describe("a function that processes divide", () => {
  const inputs = hostTensor([0.1, -0.2, 0.3, 0.4, 0.5, -0.6], [2, 3]);
  const firstWeights = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
  const lastWeights = Array.from({ length: 12 }, (_, i) => Math.cos(3 * i));
  /** Columns of the first weight and rows of the last one are the process's; the sum of squares is the loss. */
  const divided = (group: Collectives, isScattered: boolean) => {
    const part = 4 / group.size;
    const own = (values: number[]): number[] =>
      values.slice(3 * part * group.rank, 3 * part * (group.rank + 1));
    // Stored by hidden unit, so that each process's part is in one piece.
    const first = new Variable([part, 3], { initial: hostTensor(own(firstWeights), [part, 3]) });
    const last = new Variable([part, 3], { initial: hostTensor(own(lastWeights), [part, 3]) });
    return compile((x: Tensor) => {
      const held = isScattered ? partOfGroup(x, group) : x;
      const whole = isScattered ? gatherOverGroup(held, group) : copyToGroup(held, group);
      const hidden = tanh(matmul(whole, first, { transposeB: true }));
      const y = matmul(hidden, last);
      const z = isScattered ? scatterOverGroup(y, group) : sumOverGroup(y, group);
      const squares = sum(mul(z, z));
      const loss = isScattered ? sumOverGroup(squares, group) : squares;
      const [dx, dFirst, dLast] = gradients(loss, [x, first, last]);
      return { loss, dx: dx as Tensor, dFirst: dFirst as Tensor, dLast: dLast as Tensor };
    });
  };

  test.each([
    ["sums", 2, false],
    ["sums", 4, false],
    ["parts of rows", 2, true],
  ])(
    "has the values and gradients of the whole: %s, %i processes",
    async (_, size, isScattered) => {
      const [alone] = collectivesInOneProcess(1) as [Collectives];
      const whole = await divided(alone, false)(inputs);
      const parts = await Promise.all(
        collectivesInOneProcess(size).map((group) => divided(group, isScattered)(inputs)),
      );
      const near = (got: number[], wanted: number[]): void => {
        expect(got.length).toBe(wanted.length);
        got.forEach((value, i) => {
          expect(value).toBeCloseTo(wanted[i] as number, 5);
        });
      };
      for (const { loss, dx } of parts) {
        near(loss.toArray(), whole.loss.toArray());
        near(dx.toArray(), whole.dx.toArray());
      }
      near(
        parts.flatMap(({ dFirst }) => dFirst.toArray()),
        whole.dFirst.toArray(),
      );
      near(
        parts.flatMap(({ dLast }) => dLast.toArray()),
        whole.dLast.toArray(),
      );
    },
  );
});

describe("refusals", () => {
  const [group] = collectivesInOneProcess(2) as [Collectives, Collectives];

  test("of shapes, dtypes, gradients and files", async () => {
    await expect(onRows(2, (x, each) => scatterOverGroup(x, each, 0), [3, 2])).rejects.toThrow(
      "scatterOverGroup: axis 0 of f32[3,2] does not divide by 2 processes.",
    );
    await expect(onRows(2, (x, each) => partOfGroup(x, each, 1), [2, 3])).rejects.toThrow(
      "partOfGroup: axis 1 of f32[2,3] does not divide by 2 processes.",
    );
    const whole = compile((ids: Tensor) => sumOverGroup(ids, group));
    await expect(whole(hostTensor([1], [1], "int32"))).rejects.toThrow(
      "sumOverGroup: needs float32, got i32[1].",
    );
    const slope = (cut: (x: Tensor) => Tensor) =>
      compile((x: Tensor) => gradients(sum(maxOverGroup(cut(x), group)), [x])[0] as Tensor);
    await expect(slope((x) => x)(hostTensor([1]))).rejects.toThrow(
      "maxOverGroup has no gradient: only one process holds the largest value; cut it off by stopGradient.",
    );
    expect((await slope(stopGradient)(hostTensor([1]))).toArray()).toEqual([0]);
    const file = exportOnnx((x) => sumOverGroup(x, group), { inputs: { x: { shape: [2] } } });
    await expect(file).rejects.toThrow(
      "sumOverGroup: processes can exchange values in a compiled function alone, not in a loop's step or a file.",
    );
  });
});
