import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { House, Manifest, Source } from "./finding.ts";

/** Reads every file that git tracks or would track under `root`, without binary files. */
export function readHouse(root: string): House {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const paths = [...new Set(listed.split("\0"))].filter((path) => path !== "").sort();
  const sources = paths
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
    .filter((source) => !source.text.includes("\0"));
  return houseOf(sources);
}

/** Builds a house from sources in memory; manifests are found among them. */
export function houseOf(sources: readonly Source[]): House {
  const manifests = new Map<string, Manifest>();
  for (const { path, text } of sources) {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    if (folder !== undefined) manifests.set(folder, JSON.parse(text) as Manifest);
  }
  return { sources, manifests };
}

/** True for TypeScript sources, declarations left out. */
export function isTypeScript(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.endsWith(".d.ts");
}

/** True for tests and for what only tests use. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.includes("/testing/");
}

/** The folder name of the package that holds `path`, if it stands in a package's `src`. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1];
}

/** The path inside its package's `src`, such as `ops/reduce.ts`. */
export function pathInSource(path: string): string {
  return path.replace(/^packages\/[^/]+\/src\//, "");
}
