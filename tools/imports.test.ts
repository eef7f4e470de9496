import { describe, expect, test } from "vitest";
import { format, type Source } from "./finding.ts";
import { houseOf } from "./house.ts";
import { imports } from "./imports.ts";

const manifest = (folder: string, name: string, dependencies: object = {}): Source => ({
  path: `packages/${folder}/package.json`,
  text: JSON.stringify({ name, dependencies }),
});

const manifests = [
  manifest("tensor", "@quire/tensor", { "onnxruntime-node": "1" }),
  manifest("nn", "@quire/nn"),
  manifest("data", "@quire/data"),
  manifest("train", "@quire/train"),
  manifest("papers", "@quire/papers"),
  manifest("cli", "quire", { commander: "1" }),
  { path: "packages/papers/src/cct/paper.ts", text: "" },
  { path: "packages/papers/src/vit/paper.ts", text: "" },
];

function found(path: string, text: string): string[] {
  return imports.run(houseOf([...manifests, { path, text }])).map(format);
}

describe("between packages", () => {
  test("an arrow that points up is reported, by value or by type", () => {
    expect(
      found("packages/tensor/src/graph.ts", 'import type { Linear } from "@quire/nn";'),
    ).toEqual([
      "packages/tensor/src/graph.ts:1: tensor may not import nn; " +
        "the arrows go one way; move the code",
    ]);
    expect(found("packages/nn/src/a.test.ts", '\nimport { fit } from "@quire/train";')).toEqual([
      "packages/nn/src/a.test.ts:2: nn may not import train; the arrows go one way; move the code",
    ]);
  });

  test("an arrow that points down is allowed", () => {
    expect(found("packages/nn/src/linear.ts", 'import { matmul } from "@quire/tensor";')).toEqual(
      [],
    );
    expect(found("packages/cli/src/main.ts", 'import { fit } from "@quire/train";')).toEqual([]);
  });

  test("data takes from tensor only the named values, and any type", () => {
    const path = "packages/data/src/batches.ts";
    const good = 'import { type DType, hostTensor, QuireError } from "@quire/tensor";';
    expect(found(path, good)).toEqual([]);
    expect(found(path, 'import { hostTensor, matmul } from "@quire/tensor";')).toEqual([
      `${path}:1: data imports matmul of tensor by value; ` +
        "use import type, or take the value as an argument",
    ]);
    expect(found(path, 'import * as tensor from "@quire/tensor";')).toHaveLength(1);
    expect(found(path, 'import "@quire/tensor";')).toHaveLength(1);
    expect(found(path, 'export { matmul } from "@quire/tensor";')).toHaveLength(1);
    expect(found(path, 'const t = await import("@quire/tensor");')).toHaveLength(1);
  });

  test("a package does not import itself by name", () => {
    expect(found("packages/nn/src/a.ts", 'import { b } from "@quire/nn";')).toEqual([
      "packages/nn/src/a.ts:1: nn imports itself by name; use a relative import",
    ]);
  });

  test("a relative import does not leave its package", () => {
    const path = "packages/nn/src/blocks/a.ts";
    expect(found(path, 'import { b } from "../../../tensor/src/b.ts";')).toEqual([
      `${path}:1: "../../../tensor/src/b.ts" leaves its package; ` +
        "import the other package by its name",
    ]);
    expect(found(path, 'import { b } from "../b.ts";')).toEqual([]);
  });

  test("a dependency is declared in the manifest of its own package", () => {
    expect(found("packages/nn/src/a.ts", 'import { Command } from "commander";')).toEqual([
      'packages/nn/src/a.ts:1: "commander" is not a dependency of @quire/nn; ' +
        "declare it in packages/nn/package.json and write a decision note",
    ]);
    expect(found("packages/cli/src/a.ts", 'import { Command } from "commander";')).toEqual([]);
    const text = JSON.stringify({ name: "@quire/data", optionalDependencies: { papaparse: "1" } });
    const optional = houseOf([
      { path: "packages/data/package.json", text },
      { path: "packages/data/src/a.ts", text: 'import Papa from "papaparse";' },
    ]);
    expect(imports.run(optional)).toEqual([]);
  });
});

describe("between papers", () => {
  test("a paper does not import another paper's folder", () => {
    const path = "packages/papers/src/cct/model.ts";
    expect(found(path, 'import type { ViT } from "../vit/model.ts";')).toEqual([
      `${path}:1: the paper cct imports the paper vit; move what both need to nn, train or data`,
    ]);
    expect(found(path, 'import { card } from "./paper.ts";')).toEqual([]);
    expect(found(path, 'import type { Paper } from "../paper.ts";')).toEqual([]);
  });

  test("nothing registers a paper", () => {
    const path = "packages/papers/src/index.ts";
    expect(found(path, 'export { card } from "./cct/paper.ts";')).toEqual([
      `${path}:1: "./cct/paper.ts" registers the paper cct; ` +
        "papers are found by listing their folders",
    ]);
  });
});

describe("inside tensor", () => {
  test("only a type crosses to a later layer", () => {
    const path = "packages/tensor/src/ops/reduce.ts";
    expect(found(path, 'import { compile } from "../compile.ts";')).toEqual([
      `${path}:1: ops imports compile by value, which stands later; ` +
        "use import type, or move the code to the later layer",
    ]);
    expect(found(path, 'import type { Compiled } from "../compile.ts";')).toEqual([]);
    expect(found(path, 'import { Tensor } from "../graph/tensor.ts";')).toEqual([]);
    expect(found("packages/tensor/src/errors.ts", 'import { a } from "./shape.ts";')).toEqual([]);
  });

  test("every file has a layer", () => {
    expect(found("packages/tensor/src/stray.ts", "")).toEqual([
      'packages/tensor/src/stray.ts:1: no layer of the tensor package is called "stray"; ' +
        "put the file in a layer, or name the layer in tools/imports.ts",
    ]);
  });
});

describe("towards Node", () => {
  test.each(["node:fs", "fs/promises", "onnxruntime-node"])(
    "%s stays in its zones",
    (specifier) => {
      const text = `import * as a from "${specifier}";`;
      const advice =
        "keep it in tensor/src/run/node*, data/src/files, train/src/node, site/src/build, cli, bench or tools";
      expect(found("packages/tensor/src/run/web.ts", text)).toEqual([
        `packages/tensor/src/run/web.ts:1: "${specifier}" runs only in Node; ${advice}`,
      ]);
      expect(found("packages/tensor/src/run/node.ts", text)).toEqual([]);
      expect(found("packages/tensor/src/run/node/session.ts", text)).toEqual([]);
      expect(found("packages/tensor/src/run/web.test.ts", text)).toEqual([]);
    },
  );
});
