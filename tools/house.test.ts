import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isTest, packageOf, readHouse } from "./house.ts";

test("a house holds tracked and new text files, but no ignored, binary or deleted ones", () => {
  const root = mkdtempSync(join(tmpdir(), "quire-house-"));
  const git = (...words: string[]): Buffer => execFileSync("git", words, { cwd: root });
  const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
  try {
    git("init", "--quiet");
    mkdirSync(join(root, "packages/nn"), { recursive: true });
    write(".gitignore", "ignored.ts\n");
    write("packages/nn/package.json", '{ "name": "@quire/nn" }');
    write("tracked.ts", "1");
    write("gone.ts", "1");
    git("add", "--all");
    rmSync(join(root, "gone.ts"));
    write("ignored.ts", "1");
    write("new.ts", "1");
    write("picture.png", "\0");
    const house = readHouse(root);
    expect(house.sources.map(({ path }) => path)).toEqual([
      ".gitignore",
      "new.ts",
      "packages/nn/package.json",
      "tracked.ts",
    ]);
    expect([...house.manifests]).toEqual([["nn", { name: "@quire/nn" }]]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("paths tell tests and packages", () => {
  expect(["a.test.ts", "packages/nn/src/testing/a.ts", "a.ts"].map(isTest)).toEqual([
    true,
    true,
    false,
  ]);
  expect(packageOf("packages/nn/src/a.ts")).toBe("nn");
  expect(packageOf("packages/nn/a.ts")).toBe(undefined);
});
