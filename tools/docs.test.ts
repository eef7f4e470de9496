import { expect, test } from "vitest";
import { docs } from "./docs.ts";
import { format } from "./finding.ts";
import { houseOf } from "./house.ts";

const manifest = {
  path: "packages/nn/package.json",
  text: JSON.stringify({
    name: "@quire/nn",
    exports: { ".": { "quire-source": "./src/index.ts", default: "./dist/index.js" } },
  }),
};

function found(files: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(files).map(([name, text]) => ({
    path: `packages/nn/src/${name}`,
    text,
  }));
  return docs.run(houseOf([manifest, ...sources])).map(format);
}

const missing = "say in one plain sentence what it is, above the export";

test("a public name of any kind needs a doc comment, wherever it is declared", () => {
  const index = 'export { limit as cap, type Shape } from "./a.ts";';
  const a = "/** A limit of all. */\nexport type Shape = number[];\n\nexport const limit = 3;\n";
  expect(found({ "index.ts": index, "a.ts": a })).toEqual([
    `packages/nn/src/a.ts:4: the exported const limit has no doc comment; ${missing}`,
  ]);
});

test("an exported function or class needs one even where no index reaches it", () => {
  const a = "export function f(): void {}\nexport class C {}\nexport const n = 1;\nfunction g() {}";
  expect(found({ "a.ts": a })).toEqual([
    `packages/nn/src/a.ts:1: the exported function f has no doc comment; ${missing}`,
    `packages/nn/src/a.ts:2: the exported class C has no doc comment; ${missing}`,
  ]);
  expect(found({ "a.test.ts": a })).toEqual([]);
});

test("a comment that is no sentence does not count", () => {
  const advice = "write one plain sentence that ends with a full stop";
  for (const text of ["f", "Linear layer", "@param x the input of it."]) {
    expect(found({ "a.ts": `/** ${text} */\nexport function f() {}` })).toEqual([
      `packages/nn/src/a.ts:2: the doc comment of f holds no sentence; ${advice}`,
    ]);
  }
  expect(
    found({
      "a.ts": "/**\n * Adds\n * two numbers.\n * @param x one\n */\nexport function f() {}",
    }),
  ).toEqual([]);
});

test("a plain comment is no doc comment, and may stand between", () => {
  expect(found({ "a.ts": "//* Adds two numbers.\nexport function f() {}" })).toHaveLength(1);
  expect(found({ "a.ts": "// Adds two numbers.\nexport function f() {}" })).toHaveLength(1);
  expect(found({ "a.ts": "/* Adds two numbers. */\nexport function f() {}" })).toHaveLength(1);
  expect(found({ "a.ts": "/** Adds two numbers. */\n// reason\nexport function f() {}" })).toEqual(
    [],
  );
  expect(
    found({ "a.ts": "/** Adds two numbers. */\nconst a = 1;\nexport function f() {}" }),
  ).toHaveLength(1);
});
