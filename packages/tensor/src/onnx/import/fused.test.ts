import { describe, test } from "vitest";
import { hostTensor } from "../../host.ts";
import { byteTensor } from "../../testing/onnx-files.ts";
import { checkNode, drawn, int32, type NodeCase, whole } from "../../testing/onnx-nodes.ts";

const x = drawn([2, 3, 8], 1);
const row = { scale: drawn([8], 2), shift: drawn([8], 3) };
const query = drawn([2, 4, 12], 30);
const memory = drawn([2, 6, 12], 31);
const angles = { cos: drawn([16, 3], 34), sin: drawn([16, 3], 35) };

const attention: readonly (readonly [type: string, label: string, item: NodeCase])[] = [
  [
    "Attention",
    "of heads, causal, softly capped",
    {
      inputs: {
        q: drawn([2, 4, 5, 6], 21),
        k: drawn([2, 2, 5, 6], 22),
        v: drawn([2, 2, 5, 3], 23),
      },
      attributes: { is_causal: 1, softcap: { float: 2 } },
      opset: 23,
    },
  ],
  [
    "Attention",
    "with a mask and earlier positions",
    {
      inputs: {
        q: query,
        k: query,
        v: query,
        m: drawn([4, 6], 24),
        pk: drawn([2, 3, 2, 4], 25),
        pv: drawn([2, 3, 2, 4], 26),
      },
      attributes: { q_num_heads: 3, kv_num_heads: 3 },
      opset: 23,
      outputs: 3,
    },
  ],
  [
    "RotaryEmbedding",
    "of ONNX's own, by position",
    {
      inputs: { x: drawn([2, 4, 18], 33) },
      initializers: { ...angles, ids: whole([0, 1, 2, 3, 5, 7, 9, 2], [2, 4]) },
      attributes: { num_heads: 3 },
      opset: 23,
    },
  ],
];

const fused: readonly (readonly [type: string, label: string, item: NodeCase])[] = [
  [
    "FusedMatMul",
    "",
    {
      inputs: { a: drawn([2, 4, 3], 40), b: drawn([2, 5, 4], 41) },
      attributes: { transA: 1, transB: 1, alpha: { float: 0.5 } },
    },
  ],
  ["Gelu", "", { inputs: { x } }],
  ["BiasGelu", "", { inputs: { x, b: row.scale } }],
  ["FastGelu", "", { inputs: { x, b: row.scale } }],
  ["QuickGelu", "", { inputs: { x } }],
  [
    "SkipLayerNormalization",
    "",
    { inputs: { x, s: drawn([2, 3, 8], 42) }, initializers: { ...row, bias: drawn([8], 43) } },
  ],
  [
    "SkipSimplifiedLayerNormalization",
    "",
    { inputs: { x, s: drawn([2, 3, 8], 42) }, initializers: { scale: row.scale } },
  ],
  [
    "Attention",
    "causal, with earlier positions",
    {
      inputs: {
        x: query,
        w: drawn([12, 36], 44),
        b: drawn([36], 45),
        past: drawn([2, 2, 3, 3, 4], 46),
      },
      operands: ["x", "w", "b", "", "past"],
      attributes: { num_heads: 3, unidirectional: 1 },
      outputs: 2,
    },
  ],
  [
    "Attention",
    "with lengths by example",
    {
      inputs: { x: query, w: drawn([12, 36], 44), b: drawn([36], 45), m: int32([4, 2]) },
      attributes: { num_heads: 3 },
      tolerance: 1e-4,
    },
  ],
  [
    "MultiHeadAttention",
    "across, with biases and a mask of keys",
    {
      inputs: {
        q: query,
        k: memory,
        v: memory,
        b: drawn([36], 47),
        m: int32([1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1], [2, 6]),
      },
      attributes: { num_heads: 3 },
      tolerance: 1e-4,
    },
  ],
  [
    "RotaryEmbedding",
    "interleaved, from a first position",
    {
      inputs: { x: drawn([2, 3, 4, 6], 49) },
      initializers: { ids: whole([2]), ...angles },
      attributes: { interleaved: 1 },
    },
  ],
  [
    "EmbedLayerNormalization",
    "",
    {
      inputs: { ids: int32([1, 2, 0, 3], [2, 2]), segments: int32([0, 1, 1, 0], [2, 2]) },
      initializers: {
        words: drawn([4, 8], 50),
        places: drawn([3, 8], 51),
        kinds: drawn([2, 8], 52),
        ...row,
      },
      outputs: 2,
      differentiated: false,
    },
  ],
  [
    "MatMulNBits",
    "",
    {
      inputs: { x: drawn([2, 32], 53) },
      initializers: {
        packed: byteTensor(
          Array.from({ length: 48 }, (_, i) => (i * 37) % 256),
          [3, 2, 8].toSpliced(1, 1, 2),
          "uint8",
        ),
        scales: drawn([6], 54),
      },
      attributes: { K: 32, N: 3, bits: 4, block_size: 16 },
      tolerance: 1e-4,
    },
  ],
  [
    "DynamicQuantizeMatMul",
    "",
    {
      inputs: { x: drawn([2, 4], 55) },
      initializers: {
        w: byteTensor([1, 250, 3, 7, 128, 9, 30, 200, 11, 90, 60, 5], [4, 3], "uint8"),
        scale: hostTensor([0.01]),
        point: byteTensor([120], [1], "uint8"),
      },
      tolerance: 1e-4,
      differentiated: false,
    },
  ],
  [
    "MatMulIntegerToFloat",
    "",
    {
      inputs: {},
      initializers: {
        a: byteTensor([1, 2, 3, 200], [2, 2], "uint8"),
        b: byteTensor([9, 8, 7, 255], [2, 2], "uint8"),
        sa: hostTensor([0.1], []),
        sb: hostTensor([0.2, 0.3]),
        za: byteTensor([3], [], "uint8"),
        zb: byteTensor([4, 5], [2], "uint8"),
      },
      differentiated: false,
    },
  ],
];

describe("attention and positions of version 23 give what ONNX Runtime gives", () => {
  test.each(attention)("%s %s", (type, _, item) => checkNode(type, item));
});

describe("ONNX Runtime's own operations give what it gives", () => {
  test.each(fused)("%s %s", (type, _, item) =>
    checkNode(type, { domain: "com.microsoft", ...item }),
  );
});
