import { describe, expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { convolutions } from "../testing/builders/conv.ts";
import { checkReferences, expectClose } from "../testing/references.ts";
import { mul } from "./arithmetic.ts";
import { type ConvOptions, conv, convTranspose } from "./conv.ts";
import { averagePool, maxPool } from "./pool.ts";
import { sum } from "./reduce.ts";
import { resize } from "./resize.ts";
import { cast } from "./select.ts";
import { fold, unfold } from "./unfold.ts";

checkReferences(convolutions);

/** Whole numbers from -3 to 3, so that sums of products are exact. */
function wholes(shape: Shape, seed: number): HostTensor {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => (((i + seed) * 7919) % 104729) % 7);
  return hostTensor(
    data.map((value) => value - 3),
    shape,
  );
}

/** A convolution by its definition, and its gradients by reading the same sum the other way. */
function convByHand(x: HostTensor, weight: HostTensor, dy: HostTensor, options: Required<Plain>) {
  const { stride, padding, dilation, groups } = options;
  const [batch, , height, width] = x.shape as [number, number, number, number];
  const [outputs, taken, rows, columns] = weight.shape as [number, number, number, number];
  const [, , high, wide] = dy.shape as [number, number, number, number];
  const y = new Float32Array(dy.data.length);
  const dx = new Float32Array(x.data.length);
  const dWeight = new Float32Array(weight.data.length);
  const at = (
    ...[n, o, i, j, c, k, l]: [number, number, number, number, number, number, number]
  ) => {
    const row = i * stride - padding + k * dilation;
    const column = j * stride - padding + l * dilation;
    if (row < 0 || column < 0 || row >= height || column >= width) return;
    const channel = Math.floor(o / (outputs / groups)) * taken + c;
    const from = ((n * taken * groups + channel) * height + row) * width + column;
    const by = ((o * taken + c) * rows + k) * columns + l;
    const to = ((n * outputs + o) * high + i) * wide + j;
    y[to] = (y[to] as number) + Number(x.data[from]) * Number(weight.data[by]);
    dx[from] = (dx[from] as number) + Number(dy.data[to]) * Number(weight.data[by]);
    dWeight[by] = (dWeight[by] as number) + Number(dy.data[to]) * Number(x.data[from]);
  };
  every([batch, outputs, high, wide, taken, rows, columns], at as (...index: number[]) => void);
  return [y, dx, dWeight] as const;
}

interface Plain {
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
}

function every(sizes: readonly number[], visit: (...index: number[]) => void): void {
  for (let i = 0; i < sizeOf(sizes); i++) {
    let rest = i;
    const index = sizes.map(() => 0);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis] = rest % (sizes[axis] as number);
      rest = Math.floor(rest / (sizes[axis] as number));
    }
    visit(...index);
  }
}

function convWithGradients(options: ConvOptions) {
  return compile((x: Tensor, weight: Tensor, dy: Tensor) => {
    const y = conv(x, weight, undefined, options);
    return [y, ...gradients(sum(mul(y, dy)), [x, weight])];
  });
}

describe("conv by every way that its gradients are computed, against the definition", () => {
  const ways: Record<string, readonly [x: Shape, weight: Shape, counts: Shape, Plain]> = {
    "a flipped kernel": [[2, 9, 5, 6], [4, 9, 3, 3], [5, 6], { padding: 1 }],
    "a flipped kernel in groups": [
      [2, 16, 5, 5],
      [4, 8, 3, 2],
      [5, 7],
      { padding: 2, dilation: 2, groups: 2 },
    ],
    "a flipped kernel of one place": [[2, 9, 3, 3], [4, 9, 1, 1], [3, 3], {}],
    "one product over the batch": [[3, 2, 3, 3], [12, 2, 3, 3], [2, 2], { stride: 2, padding: 1 }],
    "one product over the batch in groups": [[3, 4, 3, 3], [24, 2, 2, 2], [2, 2], { groups: 2 }],
    "a kernel too wide to cut": [[2, 2, 3, 40], [3, 2, 2, 33], [2, 5], { stride: 2, padding: 1 }],
  };
  for (const [label, [xShape, weightShape, counts, options]] of Object.entries(ways)) {
    test(label, async () => {
      const x = wholes(xShape, 1);
      const weight = wholes(weightShape, 2);
      const dyShape = [xShape[0] as number, weightShape[0] as number, ...counts];
      const dy = wholes(dyShape, 3);
      const full = { stride: 1, padding: 0, dilation: 1, groups: 1, ...options };
      const got = await convWithGradients(options)(x, weight, dy);
      const shapes = [dyShape, xShape, weightShape];
      const wanted = convByHand(x, weight, dy, full);
      expect(got.length).toBe(3);
      wanted.forEach((values, i) => {
        expectClose(got[i] as HostTensor, hostTensor(values, shapes[i] as Shape), 0, `value ${i}`);
      });
    });
  }
});

const x = (...shape: number[]): Tensor => input("x", { shape, dtype: "float32" });

test('padding "same" keeps sizes, with one more at the end where it is odd', async () => {
  const both = compile((a: Tensor, weight: Tensor) => [
    conv(a, weight, undefined, { padding: "same", dilation: 3 }),
    conv(a, weight, undefined, { padding: [[1, 2]], dilation: 3 }),
  ]);
  const [same, explicit] = await both(wholes([1, 1, 5], 1), wholes([1, 1, 2], 2));
  expect(same?.toArray()).toEqual(explicit?.toArray());
  expect(same?.shape).toEqual([1, 1, 5]);
});

test("zero images give zero gradients of a weight", async () => {
  const [y, dx, dWeight] = await convWithGradients({})(
    hostTensor([], [0, 2, 4, 4]),
    wholes([3, 2, 2, 2], 1),
    hostTensor([], [0, 3, 3, 3]),
  );
  expect([y?.shape, dx?.shape]).toEqual([
    [0, 3, 3, 3],
    [0, 2, 4, 4],
  ]);
  expectClose(dWeight as HostTensor, hostTensor(new Array(24).fill(0), [3, 2, 2, 2]), 0);
});

test("half precision goes through float32", async () => {
  const run = compile((a: Tensor, weight: Tensor) => {
    const short = cast(a, "float16");
    const y = conv(short, cast(weight, "float16"));
    return [cast(y, "float32"), cast(maxPool(short, { kernel: 2 }), "float32")];
  });
  const [y, pooled] = await run(
    hostTensor([1, 2, 3, 4], [1, 1, 4]),
    hostTensor([1, -2], [1, 1, 2]),
  );
  expect(y?.toArray()).toEqual([-3, -4, -5]);
  expect(pooled?.toArray()).toEqual([2, 4]);
});

describe("maxPool", () => {
  const withGradient = (options: Parameters<typeof maxPool>[1]) =>
    compile((a: Tensor) => {
      const y = maxPool(a, options);
      return [y, ...gradients(sum(y), [a])];
    });

  test("gives the gradient of equal values to the first", async () => {
    const [y, dx] = await withGradient({ kernel: 2, stride: 1 })(
      hostTensor([5, 5, 5, 1], [1, 1, 4]),
    );
    expect(y?.toArray()).toEqual([5, 5, 5]);
    expect(dx?.toArray()).toEqual([1, 1, 1, 0]);
  });

  test("never lets padding win", async () => {
    const options = { kernel: 3, stride: 2, padding: 1 };
    const [y, dx] = await withGradient(options)(hostTensor([-5, -4, -3], [1, 1, 3]));
    expect(y?.toArray()).toEqual([-4, -3]);
    expect(dx?.toArray()).toEqual([0, 1, 1]);
  });

  test("has a gradient of windows without a number", async () => {
    const nan = Number.NaN;
    const [, dx] = await withGradient({ kernel: 2 })(hostTensor([nan, nan, 1, 2], [1, 1, 4]));
    expect(dx?.toArray()[3]).toBe(1);
  });

  test("takes no images", async () => {
    const [y, dx] = await withGradient({ kernel: 2 })(hostTensor([], [0, 1, 4]));
    expect([y?.shape, dx?.shape]).toEqual([
      [0, 1, 2],
      [0, 1, 4],
    ]);
  });
});

describe("says what is wrong", () => {
  const refusals: Record<string, readonly [() => Tensor, string]> = {
    channels: [
      () => conv(x(1, 3, 8, 8), x(8, 4, 3, 3)),
      "channels differ: x f32[1,3,8,8] has 3, weight f32[8,4,3,3] takes 4; a weight is [out, in / groups, ...kernel].",
    ],
    "channels of groups": [
      () => conv(x(1, 4, 8), x(8, 4, 3), undefined, { groups: 2 }),
      "channels differ: x f32[1,4,8] has 4, weight f32[8,4,3] takes 8 in 2 groups; a weight is [out, in / groups, ...kernel].",
    ],
    groups: [
      () => conv(x(1, 3, 8), x(8, 1, 3), undefined, { groups: 3 }),
      "groups is 3, which does not divide the 8 of axis 0 of weight f32[8,1,3].",
    ],
    rank: [
      () => conv(x(3, 8), x(8, 3)),
      "takes x [B, C, ...space] with 1 to 3 axes of space and a weight of as many axes, got x f32[3,8], weight f32[8,3].",
    ],
    bias: [
      () => conv(x(1, 3, 8), x(8, 3, 3), x(4)),
      "bias f32[4] has 4 values, the result has 8 channels.",
    ],
    "bias rank": [
      () => conv(x(1, 3, 8), x(8, 3, 3), x(8, 1)),
      "takes a bias [out], got bias f32[8,1].",
    ],
    window: [
      () => conv(x(1, 3, 8, 2), x(8, 3, 3, 3), undefined, { padding: [1, 0] }),
      "a window spans 3 places of axis 3, x f32[1,3,8,2] has 2 there and 0 of padding; add padding or take a smaller window.",
    ],
    stride: [
      () => conv(x(1, 3, 8), x(8, 3, 3), undefined, { stride: [1, 2] }),
      "stride is [1,2]; x f32[1,3,8] wants a whole number from 1 up, or 1 of them, one a spatial axis.",
    ],
    same: [
      () => conv(x(1, 3, 8), x(8, 3, 3), undefined, { stride: 2, padding: "same" }),
      'padding "same" needs stride 1, got [2]; give the padding in numbers.',
    ],
    "transposed channels": [
      () => convTranspose(x(1, 3, 8), x(8, 3, 3)),
      "channels differ: x f32[1,3,8] has 3, weight f32[8,3,3] takes 8; a weight is [in, out / groups, ...kernel].",
    ],
    "output padding": [
      () => convTranspose(x(1, 3, 8), x(3, 3, 3), undefined, { stride: 2, outputPadding: 2 }),
      "outputPadding 2 of axis 2 must be less than its stride, 2.",
    ],
    "too much padding": [
      () => convTranspose(x(1, 3, 2), x(3, 3, 3), undefined, { padding: 2 }),
      "padding leaves nothing of axis 2; take less.",
    ],
    "pool rank": [
      () => maxPool(x(3, 8), { kernel: [] }),
      "takes x [B, C, ...space] with 1 to 3 axes of space, got x f32[3,8].",
    ],
    "pool padding": [
      () => averagePool(x(1, 3, 8), { kernel: 2, padding: 2 }),
      "padding 2 would make windows of padding alone; a window spans 2.",
    ],
    "resize options": [
      () => resize(x(1, 3, 8), { mode: "linear" }),
      "give either size or scales for x f32[1,3,8].",
    ],
    "resize scales": [
      () => resize(x(1, 3, 8), { mode: "linear", scales: [2, 2] }),
      "scales [2,2] must leave something of each of the 1 spatial axes of x f32[1,3,8].",
    ],
    "resize rank": [
      () => resize(x(3, 8), { mode: "linear", scales: 2 }),
      "takes x [B, C, ...space] with at least one axis of space, got x f32[3,8].",
    ],
    "unfold rank": [
      () => unfold(x(1, 3, 8), { kernel: 2 }),
      "takes x [B, C, H, W], got x f32[1,3,8].",
    ],
    "fold columns": [
      () => fold(x(1, 8, 5), { kernel: 2, size: [4, 4] }),
      "an image of [4,4] has patches of a multiple of 4 values in 9 columns, got x f32[1,8,5].",
    ],
    "fold values": [
      () => fold(x(1, 7, 9), { kernel: 2, size: [4, 4] }),
      "an image of [4,4] has patches of a multiple of 4 values, got x f32[1,7,9].",
    ],
  };
  for (const [label, [build, rule]] of Object.entries(refusals)) {
    test(label, () => {
      expect(build).toThrow(expect.objectContaining({ name: "ShapeError", rule }));
    });
  }

  test("dtype", () => {
    const whole = input("x", { shape: [1, 3, 8], dtype: "int32" });
    const rule = "takes floating-point values, got x i32[1,3,8]; convert with cast.";
    expect(() => maxPool(whole, { kernel: 2 })).toThrow(
      expect.objectContaining({ name: "DTypeError", rule }),
    );
  });
});
