import { expect, test } from "vitest";
import { format } from "./finding.ts";
import { houseOf } from "./house.ts";
import { complete, type Lockfile, lockfile } from "./lockfile.ts";

const tool = {
  version: "2.0.0",
  dev: true,
  license: "MIT",
  engines: { node: ">=20" },
  optionalDependencies: {
    "@a/tool-darwin-arm64": "2.0.0",
    "@a/tool-linux-x64": "2.0.0",
    "@a/tool-linux-x64-musl": "2.0.0",
  },
};
const linux = { version: "2.0.0", optional: true };
const partial: Lockfile = {
  packages: { "": {}, "node_modules/@a/tool-linux-x64": linux, "node_modules/tool": tool },
};

function found(locked: Lockfile): string[] {
  const text = JSON.stringify(locked, null, 2);
  return lockfile.run(houseOf([{ path: "package-lock.json", text }])).map(format);
}

test("a binary of another platform that is not locked is reported", () => {
  const advice = "run npm run lockfile and commit the lockfile";
  expect(found(partial)).toEqual([
    `package-lock.json:16: the optional package @a/tool-darwin-arm64 is not locked; ${advice}`,
    `package-lock.json:18: the optional package @a/tool-linux-x64-musl is not locked; ${advice}`,
  ]);
});

test("a completed lockfile locks every platform and keeps what it had", () => {
  const shared = { version: "2.0.0", dev: true, license: "MIT", optional: true };
  const engines = { node: ">=20" };
  const full = complete(partial);
  expect(full).toEqual({
    packages: {
      "": {},
      "node_modules/@a/tool-darwin-arm64": { ...shared, engines, cpu: ["arm64"], os: ["darwin"] },
      "node_modules/@a/tool-linux-x64": linux,
      "node_modules/@a/tool-linux-x64-musl": {
        ...shared,
        engines,
        cpu: ["x64"],
        libc: ["musl"],
        os: ["linux"],
      },
      "node_modules/tool": tool,
    },
  });
  expect(Object.keys(full.packages).at(-1)).toBe("node_modules/tool");
  expect(found(full)).toEqual([]);
});

test("a binary whose name does not say its platform cannot be completed", () => {
  const parent = { optionalDependencies: { "@a/tool-wasm": "2.0.0" } };
  expect(() => complete({ packages: { "node_modules/tool": parent } })).toThrow(
    "@a/tool-wasm does not say its platform; lock it where the registry has it",
  );
});
