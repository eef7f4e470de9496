import { describe, expect, test } from "vitest";
import { compile } from "../../compile.ts";
import { gradients } from "../../grad.ts";
import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { type HostTensor, hostTensor } from "../../host.ts";
import { sum } from "../../ops/index.ts";
import { runBare } from "../../testing/bare-session.ts";
import { type FileParts, fileBytes, fileGraph, fileNode } from "../../testing/onnx-files.ts";
import { drawn, whole } from "../../testing/onnx-nodes.ts";
import { expectClose } from "../../testing/references.ts";
import { importOnnx } from "./import-model.ts";

type Values = Readonly<Record<string, HostTensor>>;

const float = { dtype: "float32", shape: [3] } as const;
const flag = { dtype: "bool", shape: [] } as const;
const step = { dtype: "int64", shape: [] } as const;
const x = drawn([3], 1);

/** Runs a file bare and imported, with some inputs as constants, and compares every output. */
async function check(parts: FileParts, inputs: Values, fixed: Values = {}, opset = 21) {
  const bytes = fileBytes(parts, opset);
  const wanted = await runBare(bytes, { ...inputs, ...fixed });
  const model = importOnnx(bytes);
  const constants = (): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(fixed).map(([name, value]) => [name, constant(value)]));
  const run = compile((given: Record<string, Tensor>) =>
    model.forward({ ...given, ...constants() }),
  );
  const got = await run(inputs);
  for (const name of model.outputs) {
    expectClose(got[name] as HostTensor, wanted[name] as HostTensor, 1e-5, name);
  }
}

/** Twice x, or what the other branch makes of it. */
function choice(otherWidth = 3): FileParts {
  const double = fileGraph({
    nodes: [fileNode("Add", ["x", "x"], ["a"])],
    outputs: { a: float },
  });
  const isAlike = otherWidth === 3;
  const other = fileGraph({
    nodes: isAlike
      ? [fileNode("Exp", ["x"], ["b"])]
      : [fileNode("Concat", ["x", "x"], ["b"], { axis: 0 })],
    outputs: { b: { dtype: "float32", shape: [otherWidth] } },
  });
  const branches = { then_branch: { graph: double }, else_branch: { graph: other } };
  return {
    nodes: [fileNode("If", ["c"], ["y"], branches)],
    inputs: { c: flag, x: float },
    outputs: ["y"],
  };
}

describe("If", () => {
  test.each([1, 0])("takes the branch that its constant condition says, %i", (value) =>
    check(choice(6), { x }, { c: hostTensor([value], [], "bool") }),
  );

  test.each([1, 0])("chooses between both branches where data decide, %i", (value) =>
    check(choice(), { x, c: hostTensor([value], [], "bool") }),
  );

  test("refuses branches of different shapes where data decide", async () => {
    const model = importOnnx(fileBytes(choice(6)));
    const run = compile((given: Record<string, Tensor>) => model.forward(given));
    await expect(run({ x, c: hostTensor([1], [], "bool") })).rejects.toThrow(
      /^importOnnx: If "y" gives f32\[3\] or f32\[6\]; give its condition as a constant, so that one is chosen\. \(in y/,
    );
  });

  test("lets gradients through the branch that is taken", async () => {
    const model = importOnnx(fileBytes(choice()));
    const slope = compile((given: Record<string, Tensor>) => {
      const { y } = model.forward(given);
      return gradients(sum(y as Tensor), [given["x"] as Tensor])[0] as Tensor;
    });
    const ones = await slope({ x, c: hostTensor([1], [], "bool") });
    expect(ones.toArray()).toEqual([2, 2, 2]);
    const exp = await slope({ x, c: hostTensor([0], [], "bool") });
    expectClose(exp, hostTensor(x.toArray().map(Math.exp)), 1e-6);
  });
});

/** Adds x to what is carried until a limit, and stacks what it carries if asked. */
function loop(isStacked: boolean, limit: number): FileParts {
  const nodes = [
    fileNode("Mul", ["before", "half"], ["small"]),
    fileNode("Add", ["small", "x"], ["after"]),
    fileNode("Identity", ["after"], ["row"]),
    fileNode("ReduceMax", ["after"], ["top"], { keepdims: 0 }),
    fileNode("Less", ["top", "limit"], ["on"]),
    fileNode("Identity", ["going"], ["same"]),
  ];
  const body = fileGraph({
    nodes,
    inputs: { i: step, going: flag, before: float },
    outputs: {
      [limit === 0 ? "same" : "on"]: flag,
      after: float,
      ...(isStacked && { row: float }),
    },
    initializers: { half: hostTensor([0.5], []), limit: hostTensor([limit], []) },
  });
  return {
    nodes: [
      fileNode("Loop", ["n", "go", "x"], isStacked ? ["y", "rows"] : ["y"], {
        body: { graph: body },
      }),
    ],
    inputs: { x: float, n: step },
    outputs: isStacked ? ["y", "rows"] : ["y"],
    initializers: { go: hostTensor([1], [], "bool") },
  };
}

describe("Loop", () => {
  test.each([3, 40])("of %i steps is written out or scanned", (count) =>
    check(loop(true, 0), { x }, { n: whole([count], []) }),
  );

  test.each([5, 40])("of at most %i steps ends when data say so", async (count) => {
    const rising = hostTensor([0.1, 0.5, 0.2]);
    await check(loop(false, 0.9), { x: rising }, { n: whole([count], []) });
  });

  test("refuses a number of steps, or of results, that data decide", async () => {
    const endless = importOnnx(fileBytes(loop(false, 0.9)));
    const run = compile((given: Record<string, Tensor>) => endless.forward(given));
    await expect(run({ x, n: whole([3], []) })).rejects.toThrow(
      /^importOnnx: Loop "y" needs the values of its input 0 while the graph is traced, but they depend on data\. \(in y/,
    );
    const stacking = importOnnx(fileBytes(loop(true, 0.9)));
    const rows = compile((given: Record<string, Tensor>) =>
      stacking.forward({ ...given, n: constant(whole([3], [])) }),
    );
    await expect(rows({ x })).rejects.toThrow(
      /^importOnnx: Loop "y" stacks as many results as data decide\. \(in y/,
    );
  });
});

describe("Scan", () => {
  test("walks over any axis, backwards too, with values from around", async () => {
    const body = fileGraph({
      nodes: [
        fileNode("Mul", ["carry", "rate"], ["small"]),
        fileNode("Add", ["small", "at"], ["next"]),
        fileNode("Exp", ["next"], ["row"]),
      ],
      inputs: { carry: float, at: float },
      outputs: { next: float, row: float },
    });
    const parts: FileParts = {
      nodes: [
        fileNode("Scan", ["x", "xs"], ["last", "rows"], {
          body: { graph: body },
          num_scan_inputs: 1,
          scan_input_axes: [1],
          scan_input_directions: [1],
          scan_output_axes: [-1],
          scan_output_directions: [1],
        }),
      ],
      inputs: { x: float, xs: { dtype: "float32", shape: [3, 5] }, rate: float },
      outputs: ["last", "rows"],
    };
    await check(parts, { x, xs: drawn([3, 5], 2), rate: drawn([3], 3) });
  });
});

describe("sequences inside of a model", () => {
  test("are cut, changed and joined", async () => {
    const parts: FileParts = {
      nodes: [
        fileNode("SplitToSequence", ["xs"], ["s"], { axis: 1, keepdims: 0 }),
        fileNode("SequenceInsert", ["s", "x", "first"], ["t"]),
        fileNode("SequenceErase", ["t", "last"], ["u"]),
        fileNode("SequenceAt", ["u", "last"], ["y"]),
        fileNode("SequenceLength", ["u"], ["n"]),
        fileNode("ConcatFromSequence", ["u"], ["z"], { axis: 0, new_axis: 1 }),
      ],
      inputs: { x: float, xs: { dtype: "float32", shape: [3, 4] } },
      outputs: ["y", "n", "z"],
      initializers: { first: whole([0], []), last: whole([-1], []) },
    };
    await check(parts, { x, xs: drawn([3, 4], 4) });
  });
});
