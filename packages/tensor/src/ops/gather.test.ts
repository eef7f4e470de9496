import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import type { DType } from "../dtype.ts";
import { pullback } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import type { Shape } from "../shape.ts";
import { embedding, gather, gatherElements, scatterAdd, scatterRows } from "./gather.ts";

const x = (...shape: Shape): Tensor => input("x", { shape, dtype: "float32" });
const ids = (...shape: Shape): Tensor => input("ids", { shape, dtype: "int32" });

/** Every row added to the row of its number, one after the other. */
function addedRows(numbers: Int32Array, updates: HostTensor, rows: number): Float32Array {
  const width = updates.shape[1] as number;
  const sums = new Float32Array(rows * width);
  numbers.forEach((row, i) => {
    for (let d = 0; d < width; d++) {
      sums[row * width + d] =
        (sums[row * width + d] as number) + Number(updates.data[i * width + d]);
    }
  });
  return sums;
}

/** Whether adding rows that meet in four of the table's rows gives the right sums, run after run. */
async function checkMeeting(
  rows: number,
  table: number,
  width: number,
  runs: number,
): Promise<void> {
  const numbers = Int32Array.from({ length: rows }, (_, i) => (i * 7) % 4);
  const updates = hostTensor(new Float32Array(rows * width).fill(1), [rows, width]);
  const wanted = addedRows(numbers, updates, table);
  const add = compile((zeros: Tensor, i: Tensor, u: Tensor) => scatterRows(zeros, i, u));
  const zeros = hostTensor(new Float32Array(table * width), [table, width]);
  for (let run = 0; run < runs; run++) {
    const { data } = await add(zeros, hostTensor(numbers), updates);
    expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(wanted.buffer))).toBe(0);
  }
  await add.release();
}

test("scatterRows loses no addition where many rows meet", () => checkMeeting(8192, 4, 256, 50));

test("scatterRows adds to a large table", () => checkMeeting(600, 2 ** 16, 256, 1));

test("an embedding's gradient adds up over repeated ids, in every piece", async () => {
  const [rows, width, table] = [3000, 33, 7];
  const numbers = Int32Array.from({ length: rows }, (_, i) => (i * i) % table);
  const dy = hostTensor(
    Float32Array.from({ length: rows * width }, (_, i) => (i % 13) - 6),
    [rows, width],
  );
  const backward = compile((weights: Tensor, i: Tensor, gradient: Tensor) =>
    pullback([embedding(weights, i)], [weights], [gradient]),
  );
  const [got] = await backward(
    hostTensor(new Float32Array(table * width), [table, width]),
    hostTensor(numbers),
    dy,
  );
  expect(got?.data).toEqual(addedRows(numbers, dy, table));
  await backward.release();
});

test.each(["float32", "float16", "int32", "int64", "uint8"] as const)(
  "values of %s are gathered and added up",
  async (dtype: DType) => {
    const run = compile((values: Tensor, i: Tensor) => {
      const picked = gather(values, i);
      return [
        picked,
        gatherElements(values, i, 0),
        scatterAdd(values, i, picked, 0),
        scatterRows(values, i, picked),
      ];
    });
    const results = await run(
      hostTensor([1, 2, 3], [3], dtype),
      hostTensor([2, 2, -3], [3], "int32"),
    );
    expect(results.map((result) => result.dtype)).toEqual([dtype, dtype, dtype, dtype]);
    expect(results.map((result) => result.toArray())).toEqual([
      [3, 3, 1],
      [3, 3, 1],
      [2, 2, 9],
      [2, 2, 9],
    ]);
    await run.release();
  },
);

const refused: readonly (readonly [op: string, build: () => unknown, rule: string])[] = [
  [
    "gather",
    () => gather(x(3, 2), x(2)),
    "indices must be int32 or int64, got a f32[3,2], b f32[2]; convert with cast.",
  ],
  ["gather", () => gather(x(), ids(1)), "there is no axis 0 in x f32[]: a scalar has none."],
  ["embedding", () => embedding(x(3), ids(2)), "the table must be [V, D], got f32[3]."],
  [
    "gatherElements",
    () => gatherElements(x(3, 2), ids(4, 2), 1),
    "indices must have x's axes and, but for axis 1, at most its sizes, got a f32[3,2], b i32[4,2].",
  ],
  [
    "scatterAdd",
    () => scatterAdd(x(3), ids(2), x(4), 0),
    "there must be as many updates as indices, got a f32[3], b i32[2], c f32[4].",
  ],
  [
    "scatterRows",
    () => scatterRows(x(3, 2), ids(4), x(4, 3)),
    "updates must be a row of x for each index, got a f32[3,2], b i32[4], c f32[4,3].",
  ],
];

test.each(refused)("%s refuses what does not fit: %#", (op, build, rule) => {
  expect(build).toThrow(expect.objectContaining({ op, rule }));
});
