import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { format } from "./finding.ts";
import { houseOf } from "./house.ts";
import { snapshot, surface, updateSurface } from "./surface.ts";

const sources = [
  {
    path: "packages/nn/package.json",
    text: JSON.stringify({
      name: "@quire/nn",
      exports: {
        ".": { "quire-source": "./src/index.ts" },
        "./node": { "quire-source": "./src/node/index.ts" },
        "./*": { "quire-source": "./src/*.ts" },
        "./package.json": "./package.json",
      },
    }),
  },
  {
    path: "packages/nn/src/index.ts",
    text: [
      'import { inner as imported } from "./a.ts";',
      'export { b as renamed, type Shape } from "./a.ts";',
      'export * from "./b.ts";',
      "export { imported };",
      "export const one = () => 1, two = 2;",
      "export interface Options {}",
    ].join("\n"),
  },
  {
    path: "packages/nn/src/a.ts",
    text: "function b() {}\nexport { b };\nexport type Shape = 1;\nexport class inner {}",
  },
  { path: "packages/nn/src/b.ts", text: "export function star(): void {}" },
  { path: "packages/nn/src/node/index.ts", text: "export const save = 1;" },
];

const expected = `# @quire/nn
Options: interface
Shape: type
imported: class
one: function
renamed: function
star: function
two: const

# @quire/nn/node
save: const
`;

test("the snapshot holds each entry point's names and kinds, re-exports resolved", () => {
  expect(snapshot(houseOf(sources), "nn")).toBe(expected);
});

test("a name that comes or goes is reported until the snapshot is written again", () => {
  const stored = expected.replace("star: function", "gone: class");
  const house = houseOf([...sources, { path: "docs/surface/nn.txt", text: stored }]);
  const advice = "if that is meant, run npm run surface and commit the snapshot";
  expect(surface.run(house).map(format)).toEqual([
    `docs/surface/nn.txt:7: the public surface lost gone: class; ${advice}`,
    `docs/surface/nn.txt:1: the public surface gained star: function; ${advice}`,
  ]);
});

test("a written snapshot is found equal", () => {
  const root = mkdtempSync(join(tmpdir(), "quire-surface-"));
  try {
    updateSurface(houseOf(sources), root);
    const text = readFileSync(join(root, "docs/surface/nn.txt"), "utf8");
    expect(surface.run(houseOf([...sources, { path: "docs/surface/nn.txt", text }]))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
