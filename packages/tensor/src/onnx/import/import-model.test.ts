import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile } from "../../compile.ts";
import { QuireError } from "../../errors.ts";
import { gradients } from "../../grad.ts";
import type { Tensor } from "../../graph/node.ts";
import { print } from "../../graph/print.ts";
import { record } from "../../graph/record.ts";
import { Variable } from "../../graph/variable.ts";
import { type HostTensor, hostTensor } from "../../host.ts";
import {
  add,
  conv,
  gelu,
  labelLoss,
  layerNorm,
  matmul,
  mean,
  mul,
  reshape,
  scaledDotProductAttention,
  sub,
  transpose,
} from "../../ops/index.ts";
import { loadOnnx, saveOnnx } from "../../run/node-files.ts";
import { runBare } from "../../testing/bare-session.ts";
import { fileBytes, fileNode } from "../../testing/onnx-files.ts";
import { drawn, whole } from "../../testing/onnx-nodes.ts";
import { expectClose } from "../../testing/references.ts";
import { exportOnnx } from "../export.ts";
import { tensorProto } from "../values.ts";
import { importOnnx } from "./import-model.ts";

const free = { dtype: "float32", shape: ["batch", 4] } as const;

/** A linear layer whose length is worked out from the input's shape, as exporters write it. */
function layer(): Uint8Array {
  return fileBytes({
    nodes: [
      fileNode("Shape", ["x"], ["shape"]),
      fileNode("Gather", ["shape", "zero"], ["batch"], { axis: 0 }),
      fileNode("Unsqueeze", ["batch", "first"], ["row"]),
      fileNode("Concat", ["row", "rest"], ["sizes"], { axis: 0 }),
      fileNode("MatMul", ["x", "weight"], ["product"]),
      fileNode("Add", ["product", "bias"], ["sum"]),
      fileNode("Reshape", ["sum", "sizes"], ["y"]),
      fileNode("Frobnicate", ["x"], ["strange"], {}, "local"),
      fileNode("NonMaxSuppression", ["x", "strange"], ["boxes"]),
      fileNode("Frobnicate", ["boxes"], ["z"], {}, "local"),
    ],
    inputs: { x: free },
    outputs: ["y", "z"],
    initializers: {
      weight: drawn([4, 6], 1),
      bias: drawn([6], 2),
      zero: whole([0], []),
      first: whole([0]),
      rest: whole([2, -1]),
    },
  });
}

const x = drawn([3, 4], 3);

describe("importOnnx", () => {
  test("says what a file takes, gives, learns and holds that is not read", () => {
    const model = importOnnx(layer());
    expect(model.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["batch", 4] }]);
    expect(model.outputs).toEqual(["y", "z"]);
    expect(model.parameters.map(({ name, shape, trainable }) => [name, shape, trainable])).toEqual([
      ["weight", [4, 6], true],
      ["bias", [6], true],
    ]);
    expect(model.unknown).toEqual([
      { op: "Frobnicate", domain: "local", count: 2, nodes: ["strange", "z"] },
      {
        op: "NonMaxSuppression",
        domain: "",
        count: 1,
        nodes: ["boxes"],
        reason: "the shape of its result depends on data",
      },
    ]);
  });

  test("computes what does not need unread operations, whatever the free sizes", async () => {
    const model = importOnnx(layer());
    const run = compile((x: Tensor) => model.forward({ x }, ["y"]));
    const wanted = compile((x: Tensor) => {
      const [weight, bias] = model.parameters as [Variable, Variable];
      return reshape(add(matmul(x, weight), bias), [x.shape[0] as number, 2, 3]);
    });
    for (const batch of [1, 5]) {
      const given = drawn([batch, 4], batch);
      expectClose((await run(given))["y"] as HostTensor, await wanted(given), 1e-6);
    }
  });

  test("prints as a graph, its nodes by their names in the file", () => {
    const model = importOnnx(layer());
    const { graph } = record((x: Tensor) => model.forward({ x }, ["y"]), [x]);
    expect(print(graph)).toBe(
      [
        '%0 = input "0" f32[3,4]',
        '%1 = input "weight" f32[4,6]',
        '%2 = input "bias" f32[6]',
        "%3 = matmul %0 %1 {transposeA: false, transposeB: false, alpha: 1} f32[3,6]",
        "%4 = add %3 %2 f32[3,6]",
        "%5 = reshape %4 {shape: [3,2,3]} f32[3,2,3]",
        "return %5",
      ].join("\n"),
    );
    expect(graph.outputs[0]?.node.path).toBe("y");
  });

  test("binds free sizes, and refuses others", () => {
    const { inputs } = importOnnx(layer(), { inputs: { x: [2, 4] } });
    expect(inputs).toEqual([{ name: "x", dtype: "float32", shape: [2, 4] }]);
    expect(() => importOnnx(layer(), { inputs: { x: [2, 5] } })).toThrow(
      /^importOnnx: input "x" is \[batch,4\] and cannot be \[2,5\]\. \(at/,
    );
    expect(() => importOnnx(layer(), { inputs: { ids: [2] } })).toThrow(
      /^importOnnx: there is no input "ids"; there are "x"\. \(at/,
    );
  });

  test("frees sizes that the file fixes, where what is inside follows", async () => {
    const bytes = fileBytes({
      nodes: [fileNode("MatMul", ["x", "weight"], ["y"])],
      inputs: { x: { dtype: "float32", shape: [1, 4] } },
      outputs: ["y"],
      initializers: { weight: drawn([4, 2], 1) },
    });
    const model = importOnnx(bytes, { inputs: { x: ["batch", 4] } });
    expect(model.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["batch", 4] }]);
    const { y } = await compile((x: Tensor) => model.forward({ x }))(x);
    const [weight] = model.parameters as [Variable];
    const wanted = await compile((x: Tensor) => matmul(x, weight))(x);
    expectClose(y as HostTensor, wanted, 1e-6);
  });

  test("gives values from inside of the model by their names", async () => {
    const model = importOnnx(layer());
    expect(model.values.slice(0, 6)).toEqual(["shape", "batch", "row", "sizes", "product", "sum"]);
    const { product, y } = await compile((x: Tensor) => model.forward({ x }, ["product", "y"]))(x);
    expect(product?.shape).toEqual([3, 6]);
    const [, bias] = model.parameters as [Variable, Variable];
    const shifted = compile((a: Tensor) => reshape(add(a, bias), [3, 2, 3]));
    expectClose(y as HostTensor, await shifted(product as HostTensor), 1e-6);
  });

  test.each<readonly [string, RegExp, (model: ReturnType<typeof importOnnx>) => unknown]>([
    [
      "an output behind unread operations",
      /^importOnnx: "z" cannot be computed: local\.Frobnicate \(2 nodes: "strange", "z"\) is not read; NonMaxSuppression \(1 node: "boxes"\) is not read, because the shape of its result depends on data\. \(at/,
      (model) => record((x: Tensor) => model.forward({ x }), [x]),
    ],
    [
      "an output that is not there",
      /^importOnnx: there is no output "w"; there are "y", "z"\. \(at/,
      (model) => record((x: Tensor) => model.forward({ x }, ["w"]), [x]),
    ],
    [
      "an input that lacks",
      /^importOnnx: "x" is needed; it is neither given nor computed\. \(at/,
      (model) => record(() => model.forward({}, ["y"]), []),
    ],
    [
      "an input of another type",
      /^importOnnx: input "x" must be float32 \[batch,4\], got i32\[3,4\]\. \(at/,
      (model) => {
        const type = { dtype: "int32", shape: [3, 4] } as const;
        return record((x: Tensor) => model.forward({ x }, ["y"]), [type]);
      },
    ],
  ])("refuses %s", (_, message, act) => {
    expect(() => act(importOnnx(layer()))).toThrow(message);
  });

  test("refuses bytes that are no model", () => {
    expect(() => importOnnx(new Uint8Array([255, 255, 255]))).toThrow(
      new QuireError("importOnnx: the bytes are no ONNX file."),
    );
    expect(() => importOnnx(new Uint8Array())).toThrow(
      new QuireError("importOnnx: the file holds no graph."),
    );
  });

  test("takes indices of either integer type", async () => {
    const bytes = fileBytes({
      nodes: [fileNode("Gather", ["table", "ids"], ["y"])],
      inputs: { ids: { dtype: "int64", shape: ["n"] } },
      outputs: ["y"],
      initializers: { table: drawn([5, 2], 4) },
    });
    const model = importOnnx(bytes);
    const run = compile((ids: Tensor) => model.forward({ ids }));
    const ids = [4, 0, 4];
    const { y } = await runBare(bytes, { ids: whole(ids) });
    for (const given of [whole(ids), hostTensor(ids, [3], "int32")]) {
      expectClose((await run(given))["y"] as HostTensor, y as HostTensor, 0);
    }
  });

  test("reads operations that the file defines by others, with attributes of the call", async () => {
    const scaled = {
      name: "Scaled",
      domain: "local",
      input: ["a"],
      output: ["c"],
      node: [
        { ...fileNode("Constant", [], ["b"]), attribute: [reference("value_float", "factor")] },
        fileNode("Mul", ["a", "b"], ["c"]),
      ],
      opsetImport: [{ domain: "", version: 21n }],
      attributeProto: [{ name: "factor", type: 1n, f: 3 }],
    };
    const nodes = [
      fileNode("Scaled", ["x"], ["once"], {}, "local"),
      fileNode("Scaled", ["once"], ["y"], { factor: { float: 0.5 } }, "local"),
    ];
    const bytes = fileBytes({ nodes, inputs: { x: free }, outputs: ["y"] }, 21, [scaled]);
    const model = importOnnx(bytes);
    expect(model.unknown).toEqual([]);
    const { y } = await compile((x: Tensor) => model.forward({ x }))(x);
    const wanted = x.toArray().map((value) => 1.5 * value);
    expectClose(y as HostTensor, hostTensor(wanted, x.shape), 1e-6);
  });

  test("takes weights from nodes, leaves settings and single numbers alone", () => {
    const table = tensorProto("", drawn([2, 2], 5));
    const bytes = fileBytes({
      nodes: [
        fileNode("Constant", [], ["weight"], { value: { tensor: table } }),
        fileNode("Constant", [], ["half"], { value_float: { float: 0.5 } }),
        fileNode("MatMul", ["x", "weight"], ["a"]),
        fileNode("Mul", ["a", "half"], ["b"]),
        fileNode("BatchNormalization", ["b", "scale", "shift", "mean", "variance"], ["c"]),
        fileNode("Resize", ["c", "", "scales"], ["y"]),
      ],
      inputs: { x: { dtype: "float32", shape: [3, 2] } },
      outputs: ["y"],
      initializers: {
        ...Object.fromEntries(
          ["scale", "shift", "mean", "variance"].map((name) => [name, drawn([2], 6)]),
        ),
        scales: hostTensor([1, 2]),
      },
    });
    const { parameters } = importOnnx(bytes);
    expect(parameters.map(({ name, trainable }) => [name, trainable])).toEqual([
      ["scale", true],
      ["shift", true],
      ["mean", false],
      ["variance", false],
      ["weight", true],
    ]);
  });

  test("wants the files of weights that stand beside a model", async () => {
    const weight = new Variable([40, 30], { name: "weight", initial: drawn([40, 30], 7) });
    const exported = await exportOnnx((x: Tensor) => matmul(x, weight), {
      inputs: { x: { shape: [2, 40] } },
      externalData: "weights.bin",
    });
    expect(() => importOnnx(exported.model)).toThrow(
      /^importOnnx: the values of "weight" stand in the file "weights\.bin"; give its bytes as externalData\. \(at/,
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of exported.externalData?.chunks() ?? []) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const model = importOnnx(exported.model, { externalData: { "weights.bin": bytes } });
    expectClose(await (model.parameters[0] as Variable).get(), await weight.get(), 0);
    const folder = await mkdtemp(join(tmpdir(), "quire-"));
    try {
      await saveOnnx(join(folder, "model.onnx"), exported);
      const loaded = await loadOnnx(join(folder, "model.onnx"));
      expectClose(await (loaded.parameters[0] as Variable).get(), await weight.get(), 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("reads no weights from outside of the model's folder", async () => {
    const weight = new Variable([40, 30], { name: "weight" });
    const { model } = await exportOnnx((x: Tensor) => matmul(x, weight), {
      inputs: { x: { shape: [2, 40] } },
      externalData: "../weights.bin",
    });
    const folder = await mkdtemp(join(tmpdir(), "quire-"));
    try {
      await writeFile(join(folder, "model.onnx"), model);
      await expect(loadOnnx(join(folder, "model.onnx"))).rejects.toThrow(
        new QuireError(`loadOnnx: "../weights.bin" does not stand in the model's folder.`),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function reference(name: string, refAttrName: string) {
  return { name, refAttrName, type: 1n };
}

function weight(name: string, ...shape: number[]): Variable {
  const scaled = drawn(shape, name.length)
    .toArray()
    .map((value) => value / 2);
  return new Variable(shape, { name, initial: hostTensor(scaled, shape) });
}

const width = 8;
const parts = {
  patches: weight("patches", width, 1, 2, 2),
  query: weight("query", width, width),
  key: weight("key", width, width),
  value: weight("value", width, width),
  scale: weight("scale", width),
  shift: weight("shift", width),
  head: weight("classifier", 3, width),
};

/** Images `[B, 1, 4, 4]` to logits `[B, 3]`: patches, attention, the mean over places. */
function classify(images: Tensor): { logits: Tensor } {
  const grid = conv(images, parts.patches, undefined, { stride: 2 });
  const tokens = transpose(reshape(grid, [grid.shape[0] as number, width, 4]));
  const normal = layerNorm(tokens, parts.scale, parts.shift);
  const [q, k, v] = [parts.query, parts.key, parts.value].map((projection) =>
    transpose(
      reshape(matmul(normal, projection), [grid.shape[0] as number, 4, 2, 4]),
      [0, 2, 1, 3],
    ),
  ) as [Tensor, Tensor, Tensor];
  const attended = transpose(scaledDotProductAttention(q, k, v), [0, 2, 1, 3]);
  const x = gelu(add(tokens, reshape(attended, tokens.shape)));
  return { logits: matmul(mean(x, { axes: 1 }), parts.head, { transposeB: true }) };
}

describe("a model of ours that went through a file", () => {
  const inputs = { images: { shape: ["batch", 1, 4, 4] } } as const;
  const images = drawn([6, 1, 4, 4], 20);

  test("gives the same numbers, and again after a second file", async () => {
    const wanted = await compile(classify)(images);
    const first = importOnnx((await exportOnnx(classify, { inputs })).model);
    const again = await exportOnnx((images: Tensor) => first.forward({ images }), { inputs });
    const second = importOnnx(again.model);
    expect(second.inputs).toEqual(first.inputs);
    expect(second.parameters.map(({ name }) => name)).toEqual(
      first.parameters.map(({ name }) => name),
    );
    for (const model of [first, second]) {
      const run = compile((images: Tensor) => model.forward({ images }));
      expectClose((await run(images))["logits"] as HostTensor, wanted.logits, 1e-5);
    }
    const { logits } = await runBare(again.model, { images });
    expectClose(logits as HostTensor, wanted.logits, 1e-5);
  });

  test("is trained: whole, and with a new head on what it had learnt", async () => {
    const model = importOnnx((await exportOnnx(classify, { inputs })).model);
    const labels = hostTensor([0, 1, 2, 0, 1, 2], [6], "int32");
    const whole = model.parameters;
    const head = model.parameters.filter(({ name }) => name === "classifier");
    expect(whole.length).toBe(7);
    const losses: number[][] = [];
    for (const [trained, rate] of [
      [head, 0.3],
      [whole, 0.1],
    ] as const) {
      const before = await Promise.all(whole.map((variable) => variable.get()));
      const step = compile((images: Tensor, labels: Tensor) => {
        const { logits } = model.forward({ images });
        const loss = mean(labelLoss(logits as Tensor, labels));
        const slopes = gradients(loss, trained);
        trained.forEach((variable, i) => {
          variable.assign(sub(variable.tensor, mul(slopes[i] as Tensor, rate)));
        });
        return { loss };
      });
      const run: number[] = [];
      for (let i = 0; i < 60; i++) run.push((await step(images, labels)).loss.item());
      losses.push(run);
      const after = await Promise.all(whole.map((variable) => variable.get()));
      const changed = whole.filter((_, i) => String(after[i]?.data) !== String(before[i]?.data));
      expect(changed).toEqual(trained);
    }
    const [headOnly, all] = losses as [number[], number[]];
    expect(headOnly.at(-1)).toBeLessThan(0.9 * (headOnly[0] as number));
    expect(all.at(-1)).toBeLessThan(0.5 * (headOnly.at(-1) as number));
  });
});
