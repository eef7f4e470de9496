import { expect, test } from "vitest";
import { format } from "./finding.ts";
import { houseOf } from "./house.ts";
import { traces } from "./traces.ts";

function found(text: string, path = "docs/a.md"): string[] {
  return traces.run(houseOf([{ path, text }])).map(format);
}

const folder = (name: string): string => ["", name, "someone", "file"].join("/");

test.each(["work", "tmp", "home", "root", "Users"])("a path under %s is reported", (name) => {
  expect(found(`first line\nread ${folder(name)} now`)).toEqual([
    "docs/a.md:2: names a path of one machine; use a relative path or os.tmpdir()",
  ]);
  expect(found(`see https://example.org${folder(name)} and src${folder(name)}`)).toEqual([]);
});

test("a registry host is reported, in text and in the lockfile", () => {
  const host = ["registry", "npmjs", "org"].join(".");
  expect(found(`from ${host}`)).toEqual([
    "docs/a.md:1: names a package registry; " +
      "leave the choice of registry to the user's npm settings",
  ]);
  expect(found(`"resolved": ${'"https'}://mirror.example/x.tgz"`, "package-lock.json")).toEqual([
    "package-lock.json:1: the lockfile names a registry host; " +
      "set omit-lockfile-registry-resolved=true and write the lockfile again",
  ]);
  expect(found('"resolved": "packages/nn"', "package-lock.json")).toEqual([]);
});

test.each([
  ["TO", "DO"],
  ["FIX", "ME"],
  ["XX", "X"],
])("%s%s is reported", (head, tail) => {
  expect(found(`// ${head}${tail}: later`)).toEqual([
    "docs/a.md:1: leaves work undone in a comment; do it, or leave it out",
  ]);
  expect(found(`${head}${tail}_LIST`)).toEqual([]);
});
