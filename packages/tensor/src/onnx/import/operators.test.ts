import { describe, test } from "vitest";
import { hostTensor } from "../../host.ts";
import { byteTensor } from "../../testing/onnx-files.ts";
import { checkNode, drawn, int32, type NodeCase, whole } from "../../testing/onnx-nodes.ts";

const x = drawn([2, 3, 8], 1);
const row = { scale: drawn([8], 2), shift: drawn([8], 3) };

const standard: readonly (readonly [type: string, label: string, item: NodeCase])[] = [
  ["Gelu", "exact", { inputs: { x } }],
  ["Gelu", "by tanh", { inputs: { x }, attributes: { approximate: "tanh" } }],
  ["Mish", "", { inputs: { x } }],
  ["HardSwish", "", { inputs: { x } }],
  ["Celu", "", { inputs: { x }, attributes: { alpha: { float: 0.7 } } }],
  ["Selu", "with its own numbers", { inputs: { x }, attributes: { alpha: { float: 2 } } }],
  ["BitwiseAnd", "", { inputs: { a: int32([6, 5]), b: int32([3, 4]) }, differentiated: false }],
  ["BitwiseNot", "", { inputs: { a: int32([6, 5]) }, differentiated: false }],
  [
    "Split",
    "in unequal parts",
    { inputs: { x }, attributes: { axis: 2, num_outputs: 3 }, outputs: 3 },
  ],
  [
    "Pad",
    "of named axes, values of the other end",
    {
      inputs: { x },
      initializers: { pads: whole([2, 1]), none: hostTensor([0], []), axes: whole([-1]) },
      attributes: { mode: "wrap" },
    },
  ],
  ["Pad", "that cuts", { inputs: { x }, initializers: { pads: whole([0, -1, 2, 0, 1, -3]) } }],
  [
    "CenterCropPad",
    "",
    { inputs: { x }, initializers: { size: whole([5, 5]) }, attributes: { axes: [1, 2] } },
  ],
  [
    "ReduceMean",
    "without axes, of which none are meant",
    { inputs: { x }, attributes: { noop_with_empty_axes: 1 } },
  ],
  [
    "ReduceLogSum",
    "",
    { inputs: { x: hostTensor([1, 2, 3, 4], [2, 2]) }, initializers: { axes: whole([1]) } },
  ],
  [
    "GroupNormalization",
    "",
    {
      inputs: { x: drawn([2, 4, 3], 4) },
      initializers: { scale: drawn([4], 5), shift: drawn([4], 6) },
      attributes: { num_groups: 2 },
    },
  ],
  [
    "LayerNormalization",
    "of two axes",
    {
      inputs: { x },
      initializers: { scale: drawn([3, 8], 5), shift: drawn([3, 8], 6) },
      attributes: { axis: 1 },
    },
  ],
  ["LpNormalization", "by sums", { inputs: { x }, attributes: { p: 1, axis: 1 } }],
  ["RMSNormalization", "", { inputs: { x }, initializers: { scale: row.scale }, opset: 23 }],
  [
    "Col2Im",
    "",
    {
      inputs: { x: drawn([1, 8, 4], 8) },
      initializers: { size: whole([4, 4]), block: whole([2, 2]) },
      attributes: { strides: [2, 2] },
    },
  ],
  ["GlobalLpPool", "", { inputs: { x: drawn([1, 2, 3, 3], 9) }, differentiated: false }],
  [
    "LpPool",
    "",
    {
      inputs: { x: drawn([1, 2, 4, 4], 9) },
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
  ],
  [
    "GridSample",
    "reflected, cubic",
    {
      inputs: { x: drawn([1, 2, 5, 4], 10), grid: drawn([1, 3, 3, 2], 11) },
      attributes: { mode: "cubic", padding_mode: "reflection" },
      opset: 20,
      tolerance: 1e-4,
      differentiated: false,
    },
  ],
  [
    "GridSample",
    "linear, with corners aligned",
    {
      inputs: {
        x: drawn([2, 2, 5, 4], 10),
        grid: hostTensor([0.13, -0.4, 0.2, 0.62, -0.7, 0.1, 0.24, -0.55], [2, 2, 1, 2]),
      },
      attributes: { mode: "linear", align_corners: 1 },
      opset: 20,
    },
  ],
  [
    "Resize",
    "smaller, smoothed",
    {
      inputs: { x: drawn([1, 1, 8, 9], 12) },
      initializers: { size: whole([1, 1, 4, 5]) },
      operands: ["x", "", "", "size"],
      attributes: { mode: "linear", antialias: 1 },
      tolerance: 1e-4,
    },
  ],
  [
    "Resize",
    "within a size",
    {
      inputs: { x: drawn([1, 1, 4, 6], 13) },
      initializers: { size: whole([8, 8]) },
      operands: ["x", "", "", "size"],
      attributes: { mode: "cubic", axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
      tolerance: 1e-4,
    },
  ],
  [
    "DFT",
    "one side",
    {
      inputs: { x: drawn([1, 6, 1], 14) },
      initializers: { length: whole([8], []), axis: whole([1], []) },
      attributes: { onesided: 1 },
      opset: 20,
      tolerance: 1e-4,
    },
  ],
  [
    "ScatterElements",
    "by maxima",
    {
      inputs: { x: drawn([3, 4], 15) },
      initializers: { at: whole([0, 2, 1, 1], [1, 4]), by: drawn([1, 4], 16) },
      attributes: { reduction: "max" },
      differentiated: false,
    },
  ],
  [
    "ScatterND",
    "in place of what was there",
    {
      inputs: { x: drawn([4, 3], 15), by: drawn([2, 3], 16) },
      initializers: { at: whole([2, -4], [2, 1]) },
      operands: ["x", "at", "by"],
    },
  ],
  [
    "GatherND",
    "by example",
    {
      inputs: { x: drawn([2, 3, 4], 15) },
      initializers: { at: whole([1, -1], [2, 1]) },
      attributes: { batch_dims: 1 },
    },
  ],
  [
    "QuantizeLinear",
    "with a sign, a scale a column",
    {
      inputs: { x: drawn([3, 4], 17) },
      initializers: {
        scale: hostTensor([0.1, 0.2, 0.3, 0.4]),
        point: byteTensor([1, 2, 255, 254], [4], "uint8"),
      },
      attributes: { axis: 1 },
      differentiated: false,
    },
  ],
  [
    "DequantizeLinear",
    "in blocks",
    {
      inputs: {},
      initializers: {
        x: byteTensor([1, 2, 250, 4, 5, 6, 7, 128], [2, 4], "int8"),
        scale: hostTensor([0.5, 2, 1, 3], [2, 2]),
      },
      attributes: { axis: 1, block_size: 2 },
      differentiated: false,
    },
  ],
  [
    "Einsum",
    "",
    {
      inputs: { a: drawn([2, 3], 18), b: drawn([3, 4], 19) },
      attributes: { equation: "ij,jk->ki" },
    },
  ],
  [
    "Gemm",
    "with factors",
    {
      inputs: { a: drawn([3, 2], 18), b: drawn([4, 3], 19), c: drawn([4], 20) },
      attributes: { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } },
    },
  ],
];

describe("standard operations since version 18 give what ONNX Runtime gives", () => {
  test.each(standard)("%s %s", (type, _, item) => checkNode(type, item));
});
