import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { calibrate } from "../calibrate.ts";
import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import { record } from "../graph/record.ts";
import { Variable } from "../graph/variable.ts";
import { fromFloat16Bits, type HostTensor, hostTensor } from "../host.ts";
import { exportOnnx } from "../onnx/export.ts";
import { add } from "../ops/arithmetic.ts";
import { embedding } from "../ops/gather.ts";
import { matmul } from "../ops/linalg.ts";
import { Random } from "../random/random.ts";
import { sizeOf } from "../shape.ts";
import { Quantizer } from "./quantizer.ts";
import { blocks, float16, frozen, int8, type Quantization } from "./scheme.ts";
import { byteRange, halved, packedBlocks, signedBytes } from "./values.ts";

function draws(shape: readonly number[], seed: number): HostTensor<"float32"> {
  const random = new Random(seed);
  const data = new Float32Array(sizeOf(shape)).map(() => random.normal());
  return hostTensor(data, shape, "float32");
}

const [rows, width, outputs, count] = [5, 64, 48, 40];
const weight = new Variable([outputs, width], {
  name: "weight",
  initial: draws([outputs, width], 1),
});
const other = new Variable([width, outputs], {
  name: "other",
  initial: draws([width, outputs], 2),
});
const table = new Variable([count, width], { name: "table", initial: draws([count, width], 3) });
const bias = new Variable([width], { name: "bias", initial: draws([width], 4) });
const x = draws([rows, width], 5);
const ids = hostTensor([0, 7, 39, 1, 7], [rows], "int32");

/** Both layouts of a weight, a table of vectors, and a vector that is too small to matter. */
function layers(x: Tensor, ids: Tensor): { a: Tensor; b: Tensor; vectors: Tensor } {
  return {
    a: matmul(add(x, bias), weight, { transposeB: true }),
    b: matmul(x, other),
    vectors: embedding(table, ids),
  };
}

type Grid = readonly (readonly number[])[];

function grid({ data, shape: [, columns = 1] }: HostTensor): Grid {
  const values = Array.from(data as Float32Array);
  return Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  );
}

/** x wᵀ */
function product(x: Grid, w: Grid): number[] {
  return x.flatMap((row) =>
    w.map((column) => row.reduce((sum, value, i) => sum + value * (column[i] as number), 0)),
  );
}

/** Values rounded to bytes of a scale and zero point, and made numbers again. */
function rounded(x: Grid, range: readonly [number, number]): Grid {
  const { scale, zero } = byteRange(range);
  return x.map((row) =>
    row.map((value) => {
      const byte = Math.min(Math.max(Math.round(value / scale) + zero, 0), 255);
      return scale * (byte - zero);
    }),
  );
}

function rangeOf(x: Grid): [number, number] {
  return [Math.min(...x.flat()), Math.max(...x.flat())];
}

function bytesBack(value: HostTensor<"float32">): Grid {
  const { bytes, scales } = signedBytes(value);
  const signed = new Int8Array(bytes.data.buffer);
  return grid(
    hostTensor(
      Array.from(
        signed,
        (byte, i) => byte * (scales.data[Math.floor(i / (value.shape[1] ?? 1))] as number),
      ),
      value.shape,
    ),
  );
}

function blocksBack(value: HostTensor<"float32">, bits: 4 | 8, size: number): Grid {
  const { packed, scales } = packedBlocks(value, bits, size);
  const [, columns = 1] = value.shape;
  return grid(value).map((row, n) =>
    row.map((_, k) => {
      const block = n * Math.ceil(columns / size) + Math.floor(k / size);
      const at = block * size + (k % size);
      const byte = packed.data[bits === 8 ? at : at >> 1] as number;
      const number = bits === 8 ? byte : (byte >> (4 * (at % 2))) & 15;
      return (scales.data[block] as number) * (number - 2 ** (bits - 1));
    }),
  );
}

function expectNear(got: HostTensor, wanted: readonly number[], tolerance: number): void {
  const off = got.toArray().map((value, i) => Math.abs(value - (wanted[i] as number)));
  expect(off.length).toBe(wanted.length);
  expect(Math.max(...off)).toBeLessThan(tolerance);
}

const columns = grid(draws([width, outputs], 2));
const turned = hostTensor(
  new Float32Array(outputs * width).map((_, i) => columns[i % width]?.[Math.floor(i / width)] ?? 0),
  [outputs, width],
  "float32",
);
const values = { weight: draws([outputs, width], 1), turned, table: draws([count, width], 3) };
const moved = grid(x).map((row) =>
  row.map((value, i) => value + (draws([width], 4).data[i] as number)),
);
const picked = (rows: Grid) => ids.toArray().flatMap((id) => rows[id] as readonly number[]);

test("8 bits: inputs and weights are rounded, in each run anew or by what was seen before", async () => {
  const dynamic = await compile(layers, { quantization: int8() })(x, ids);
  const wantedA = product(rounded(moved, rangeOf(moved)), bytesBack(values.weight));
  const wantedB = product(rounded(grid(x), rangeOf(grid(x))), bytesBack(values.turned));
  expectNear(dynamic.a, wantedA, 0.02);
  expectNear(dynamic.b, wantedB, 0.02);
  expectNear(dynamic.vectors, picked(bytesBack(values.table)), 1e-6);
  const ranges = await calibrate(layers, [
    [x, ids],
    [draws([3, width], 6), hostTensor([1, 2, 3], [3], "int32")],
  ]);
  const second = grid(draws([3, width], 6));
  const [least, largest] = ranges.get(other) as [number, number];
  expect([least, largest]).toEqual(rangeOf([...grid(x), ...second]));
  const fixed = await compile(layers, { quantization: int8({ ranges }) })(x, ids);
  expectNear(fixed.b, product(rounded(grid(x), [least, largest]), bytesBack(values.turned)), 0.02);
  expect(fixed.b.toArray()).not.toEqual(dynamic.b.toArray());
});

test.each([
  [8, 32, 0.25],
  [4, 16, 0.25],
  [4, 32, 0.25],
] as const)("blocks of %i bits and %i weights", async (bits, size, tolerance) => {
  const got = await compile(layers, { quantization: blocks({ bits, size }) })(x, ids);
  // The kernel rounds inputs too, so the weights' numbers are held to apart from it.
  expectNear(got.a, product(moved, blocksBack(values.weight, bits, size)), tolerance);
  expectNear(got.b, product(grid(x), blocksBack(values.turned, bits, size)), tolerance);
  const back = blocksBack(values.weight, bits, size);
  const errors = grid(values.weight).flatMap((row, n) =>
    row.map((value, k) => {
      const block = row.slice(k - (k % size), k - (k % size) + size);
      const step = Math.max(...block.map(Math.abs)) / 2 ** (bits - 1);
      return Math.abs(value - (back[n]?.[k] as number)) / step;
    }),
  );
  expect(Math.max(...errors)).toBeLessThanOrEqual(1.0001);
});

test("a block whose inputs do not fill it is filled with zeros", async () => {
  const short = new Variable([64, 40], { initial: draws([64, 40], 8) });
  const input = draws([2, 40], 9);
  const run = (quantization?: Quantization) =>
    compile((x: Tensor) => matmul(x, short, { transposeB: true }), {
      ...(quantization && { quantization }),
    })(input);
  const wanted = product(grid(input), blocksBack(draws([64, 40], 8), 8, 32));
  expectNear(await run(blocks({ bits: 8 })), wanted, 0.25);
  expectNear(await run(), product(grid(input), grid(draws([64, 40], 8))), 1e-4);
});

test("16 bits: the numbers are those of the rounded weights", async () => {
  const got = await compile(layers, { quantization: float16() })(x, ids);
  const back = (value: HostTensor<"float32">): Grid =>
    grid(hostTensor(Array.from(halved(value).data, fromFloat16Bits), value.shape));
  expectNear(got.a, product(moved, back(values.weight)), 1e-4);
  expectNear(got.vectors, picked(back(values.table)), 1e-6);
});

test("frozen weights stay as they were at the first call", async () => {
  const small = new Variable([64, 32], { name: "small", initial: draws([64, 32], 1) });
  const input = draws([3, 32], 2);
  const make = (quantization?: Quantization) =>
    compile((x: Tensor) => matmul(x, small, { transposeB: true }), {
      ...(quantization && { quantization }),
    });
  const [live, fixed] = [make(), make(frozen())];
  const before = await live(input);
  expectNear(await fixed(input), before.toArray(), 1e-4);
  await small.set(draws([64, 32], 3));
  expectNear(await fixed(input), before.toArray(), 1e-4);
  expect((await live(input)).toArray()).not.toEqual(before.toArray());
});

test("variables that are quantised are fed no more, others are", async () => {
  const types = [x, ids];
  const recording = record(layers, types);
  const quantized = await new Quantizer(int8()).apply(recording);
  expect(recording.reads).toEqual([bias, weight, other, table]);
  expect(quantized.reads).toEqual([bias]);
  expect(quantized.graph.inputs.length).toBe(3);
});

test.each([
  ["8 bits", int8(), 0.3],
  ["blocks of 4 bits", blocks(), 0.22],
  ["16 bits", float16(), 0.53],
])(
  "a file with a free batch, %s, is small and gives the same numbers",
  async (_, quantization, share) => {
    const wide = new Variable([256, 256], { name: "wide", initial: draws([256, 256], 7) });
    const model = (x: Tensor) => matmul(matmul(x, wide, { transposeB: true }), wide);
    const inputs = { x: { shape: ["batch", 256] } };
    const [plain, small] = [
      await exportOnnx(model, { inputs, outputs: ["y"] }),
      await exportOnnx(model, { inputs, outputs: ["y"], quantization }),
    ];
    // Both layouts of one weight make two constants of products; the plain file has it once.
    const copies = quantization.kind === "float16" ? 1 : 2;
    expect(small.model.length / plain.model.length / copies).toBeLessThan(share);
    const session = await InferenceSession.create(small.model);
    const run = compile(model, { quantization });
    for (const batch of [1, 3]) {
      const feed = draws([batch, 256], batch);
      const result = await session.run({ x: new OrtTensor("float32", feed.data, feed.shape) });
      expectNear(await run(feed), [...((result["y"] as OrtTensor).data as Float32Array)], 1e-4);
    }
  },
);

test("sizes of blocks are powers of two", () => {
  expect(() => blocks({ size: 24 })).toThrow(
    "blocks: the size must be a power of two from 16 up, got 24.",
  );
});
