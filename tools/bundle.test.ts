import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleForPage } from "./browser/bundle.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const papers = join(root, "packages/papers/src");

/** The packages that a page may use, and every paper's system. */
const entries = Object.fromEntries([
  ...["tensor", "nn", "data", "train"].map((name) => [name, `packages/${name}/src/index.ts`]),
  ...readdirSync(papers)
    .filter((name) => existsSync(join(papers, name, "model.ts")))
    .map((name) => [name, `packages/papers/src/${name}/model.ts`]),
]) as Record<string, string>;

test("packages and papers are bundled for a page, without anything that only Node has", async () => {
  const files = await bundleForPage(entries, undefined, root);
  expect(Object.keys(entries)).toContain("cct");
  expect(files).toEqual(expect.arrayContaining(Object.keys(entries).map((name) => `${name}.js`)));
  expect(files.filter((file) => file.endsWith(".node"))).toEqual([]);
});

test("what only Node has is refused, with the file that wants it", async () => {
  const entry = join(mkdtempSync(join(tmpdir(), "quire-bundle-")), "entry.js");
  writeFileSync(
    entry,
    'import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n',
  );
  await expect(bundleForPage({ entry }, undefined, root)).rejects.toThrow(
    `"node:fs" runs only in Node, and ${entry} imports it`,
  );
});
