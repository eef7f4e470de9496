import { describe, expect, test } from "vitest";
import { compile } from "../compile.ts";
import { QuireError } from "../errors.ts";
import type { Tensor } from "../graph/node.ts";
import { print } from "../graph/print.ts";
import { record } from "../graph/record.ts";
import { constant } from "../graph/source.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import type { NodeDef } from "./graph-model.ts";
import { importTfjs } from "./import-tfjs.ts";

type Attributes = NonNullable<NodeDef["attr"]>;

interface Weight {
  readonly name: string;
  readonly value: HostTensor;
}

/** A model's files: nodes on input `x`, and constants of whole and other numbers. */
function files(
  nodes: readonly NodeDef[],
  weights: readonly Weight[] = [],
  shape: readonly number[] = [-1],
): { text: string; bytes: Uint8Array } {
  const x: NodeDef = {
    name: "x",
    op: "Placeholder",
    attr: {
      dtype: { type: "DT_FLOAT" },
      shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } },
    },
  };
  const constants = weights.map(({ name }): NodeDef => ({ name, op: "Const" }));
  const entries = weights.map(({ name, value: { shape, dtype } }) => ({ name, shape, dtype }));
  const bytes = weights.map(({ value: { data } }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  const text = JSON.stringify({
    modelTopology: { node: [...constants, x, ...nodes] },
    weightsManifest: [{ paths: ["shard"], weights: entries }],
  });
  return { text, bytes: Buffer.concat(bytes) };
}

function ints(name: string, values: readonly number[], shape = [values.length]): Weight {
  return { name, value: hostTensor([...values], shape, "int32") };
}

function floats(name: string, values: readonly number[], shape = [values.length]): Weight {
  return { name, value: hostTensor([...values], shape) };
}

interface Case {
  readonly op: string;
  readonly x: HostTensor;
  readonly weights?: readonly Weight[];
  readonly attr?: Attributes;
  readonly inputs?: readonly string[];
  readonly gives: HostTensor;
}

const counted = (...shape: number[]): HostTensor =>
  hostTensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    shape,
  );

const number = (value: number) => ({ i: String(value) });
const sliced = [ints("from", [1, 0]), ints("to", [0, 3]), ints("by", [1, 2])];

const cases: readonly (readonly [label: string, item: Case])[] = [
  [
    "a row",
    {
      op: "StridedSlice",
      x: counted(3, 4),
      weights: sliced,
      attr: { shrink_axis_mask: number(1) },
      gives: hostTensor([4, 6], [2]),
    },
  ],
  [
    "to the end",
    {
      op: "StridedSlice",
      x: counted(3, 4),
      weights: sliced,
      attr: { end_mask: number(1) },
      gives: hostTensor([4, 6, 8, 10], [2, 2]),
    },
  ],
  [
    "the last, backwards",
    {
      op: "StridedSlice",
      x: counted(3),
      weights: [ints("from", [0]), ints("to", [0]), ints("by", [-1])],
      attr: { begin_mask: number(1), end_mask: number(1) },
      gives: hostTensor([2, 1, 0]),
    },
  ],
  [
    "all that is left",
    {
      op: "Slice",
      x: counted(2, 3),
      weights: [ints("from", [0, 1]), ints("size", [1, -1])],
      gives: hostTensor([1, 2], [1, 2]),
    },
  ],
  [
    "the rest in a part",
    {
      op: "SplitV",
      x: counted(2, 3),
      weights: [ints("sizes", [2, -1]), ints("axis", [1], [])],
      gives: hostTensor([0, 1, 3, 4], [2, 2]),
    },
  ],
  [
    "twice at a place",
    {
      op: "ScatterNd",
      x: counted(3),
      weights: [ints("at", [1, 0, 1], [3, 1]), ints("shape", [3])],
      inputs: ["at", "x", "shape"],
      gives: hostTensor([1, 2, 0]),
    },
  ],
  [
    "tuples",
    {
      op: "GatherNd",
      x: counted(2, 3),
      weights: [ints("at", [1, 2, 0, 1], [2, 2])],
      gives: hostTensor([5, 1]),
    },
  ],
  [
    "what is not given as zeros",
    {
      op: "SparseToDense",
      x: counted(2),
      weights: [ints("at", [0, 2, 1, 0], [2, 2]), ints("shape", [2, 3]), floats("rest", [0], [])],
      inputs: ["at", "shape", "x", "rest"],
      gives: hostTensor([0, 0, 0, 1, 0, 0], [2, 3]),
    },
  ],
  [
    "of another axis",
    {
      op: "GatherV2",
      x: counted(2, 3),
      weights: [ints("at", [2, 0]), ints("axis", [1], [])],
      gives: hostTensor([2, 0, 5, 3], [2, 2]),
    },
  ],
  [
    "transposed",
    {
      op: "MatMul",
      x: counted(2, 2),
      weights: [floats("w", [1, 0, 2, 0], [2, 2])],
      attr: { transpose_b: { b: true } },
      gives: hostTensor([0, 0, 2, 4], [2, 2]),
    },
  ],
  [
    "channels last",
    {
      op: "Conv2D",
      x: counted(1, 2, 2, 1),
      weights: [floats("w", [1, 2, 3, 4], [2, 1, 1, 2])],
      attr: { padding: { s: btoa("VALID") }, strides: { list: { i: ["1", "1", "1", "1"] } } },
      gives: hostTensor([6, 8, 10, 14], [1, 1, 2, 2]),
    },
  ],
  [
    "kept axes",
    {
      op: "Sum",
      x: counted(2, 3),
      weights: [ints("axes", [1])],
      attr: { keep_dims: { b: true } },
      gives: hostTensor([3, 12], [2, 1]),
    },
  ],
  ["all of size one", { op: "Squeeze", x: counted(1, 2, 1), gives: hostTensor([0, 1]) }],
  [
    "one axis of size one",
    {
      op: "Squeeze",
      x: counted(1, 2, 1),
      attr: { squeeze_dims: { list: { i: ["2"] } } },
      gives: hostTensor([0, 1], [1, 2]),
    },
  ],
  [
    "along a new axis",
    {
      op: "Pack",
      x: counted(2),
      weights: [floats("w", [7, 8])],
      attr: { axis: number(1) },
      gives: hostTensor([0, 7, 1, 8], [2, 2]),
    },
  ],
];

describe("operations of TensorFlow.js give what its documentation says", () => {
  test.each(cases)("%s", async (_, { op, x, weights = [], attr = {}, inputs, gives }) => {
    const operands = inputs ?? ["x", ...weights.map(({ name }) => name)];
    const { text, bytes } = files([{ name: "y", op, input: operands, attr }], weights, x.shape);
    const model = importTfjs(text, bytes);
    const { y } = await compile((x: Tensor) => model.forward({ x }))(x);
    expect(y?.shape).toEqual(gives.shape);
    expect(y?.toArray()).toEqual(gives.toArray());
  });
});

const layer = files(
  [
    { name: "product", op: "MatMul", input: ["x", "w"] },
    { name: "parts", op: "SplitV", input: ["product", "sizes", "axis"], attr: {} },
    { name: "y", op: "Tanh", input: ["parts:1", "^strange"] },
    { name: "strange", op: "Frobnicate", input: ["product"] },
    { name: "z", op: "Frobnicate", input: ["strange"] },
    { name: "places", op: "Where", input: ["product"] },
  ],
  [floats("w", [1, 2, 3, 4, 5, 6], [2, 3]), ints("sizes", [1, 2]), ints("axis", [1], [])],
  [-1, 2],
);

describe("importTfjs", () => {
  test("says what a model takes, gives, learns and holds that is not read", () => {
    const model = importTfjs(layer.text, layer.bytes);
    expect(model.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["x_0", 2] }]);
    expect(model.outputs).toEqual(["y", "z", "places"]);
    expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual([["w", [2, 3]]]);
    expect(model.unknown).toEqual([
      { op: "Frobnicate", domain: "", count: 2, nodes: ["strange", "z"] },
    ]);
  });

  test("computes what does not need unread operations, as a graph that prints", () => {
    const model = importTfjs(layer.text, layer.bytes);
    const { graph } = record((x: Tensor) => model.forward({ x }, ["y"]), [counted(3, 2)]);
    expect(print(graph)).toBe(
      [
        '%0 = input "0" f32[3,2]',
        '%1 = input "w" f32[2,3]',
        "%2 = matmul %0 %1 {transposeA: false, transposeB: false, alpha: 1} f32[3,3]",
        "%3 %4 = split %2 {axis: 1, sizes: [1,2]} f32[3,1] f32[3,2]",
        "%5 = tanh %4 f32[3,2]",
        "return %5",
      ].join("\n"),
    );
  });

  test("takes a value in place of a node", async () => {
    const model = importTfjs(layer.text, layer.bytes);
    const product = constant(hostTensor([0, 1, 0, 1, 0, 0], [2, 3]));
    const run = compile(() => model.forward({ product }, ["places"]));
    expect((await run())["places"]?.toArray()).toEqual([0, 1, 1, 0]);
  });

  test("reads weights that are stored in fewer bits", async () => {
    const text = JSON.stringify({
      modelTopology: {
        node: [
          { name: "w", op: "Const" },
          { name: "y", op: "Identity", input: ["w"] },
        ],
      },
      weightsManifest: [
        {
          paths: ["shard"],
          weights: [
            {
              ...{ name: "w", shape: [3], dtype: "float32" },
              quantization: { dtype: "uint8", scale: 0.5, min: -1 },
            },
          ],
        },
      ],
    });
    const model = importTfjs(text, Uint8Array.of(0, 2, 255));
    const { y } = await compile(() => model.forward({}))();
    expect(y?.toArray()).toEqual([-1, 0, 126.5]);
  });

  test.each<readonly [string, RegExp, Readonly<Record<string, HostTensor>>, string]>([
    [
      "an output behind unread operations",
      /^importTfjs: "z" cannot be computed: Frobnicate \(2 nodes: "strange", "z"\) is not read\. \(at/,
      { x: counted(3, 2) },
      "z",
    ],
    [
      "shapes that depend on data",
      /^importTfjs: Where "places" needs the values of its input 0 while the graph is traced, but they depend on data; give what they follow from as a constant\. \(in places, at/,
      { x: counted(3, 2) },
      "places",
    ],
    ["an input that lacks", /^importTfjs: input "x" is not given\. \(at/, {}, "y"],
    [
      "an input of another shape",
      /^importTfjs: input "x" must be float32 \[x_0,2\], got f32\[2,3\]\. \(at/,
      { x: counted(2, 3) },
      "y",
    ],
    [
      "a node that is not there",
      /^importTfjs: there is no node "v"; the inputs are "x"\. \(at/,
      { v: counted(2) },
      "y",
    ],
    [
      "a value that is not there",
      /^importTfjs: "v" is needed, and there is no such node\. \(at/,
      { x: counted(3, 2) },
      "v",
    ],
  ])("refuses %s", (_, message, given, wanted) => {
    const model = importTfjs(layer.text, layer.bytes);
    const names = Object.keys(given);
    const build = (...tensors: Tensor[]) =>
      model.forward(Object.fromEntries(names.map((name, i) => [name, tensors[i] as Tensor])), [
        wanted,
      ]);
    expect(() => record(build, Object.values(given))).toThrow(message);
  });

  test.each([
    ["nothing", "importTfjs: the text is no JSON."],
    [
      '{"format":"layers-model"}',
      "importTfjs: the JSON holds no graph model of TensorFlow.js (layers models are not read).",
    ],
  ])("refuses the text %s", (text, message) => {
    expect(() => importTfjs(text, new Uint8Array())).toThrow(new QuireError(message));
  });

  test("refuses weights that are cut off", () => {
    expect(() => importTfjs(layer.text, layer.bytes.subarray(0, 20))).toThrow(
      /^importTfjs: the weights take more than the 20 bytes that are given; "w" is cut off\. \(at/,
    );
  });
});
