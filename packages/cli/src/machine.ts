import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** What a number was measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
}

/** Describes this machine, without naming it. */
export function machine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
  };
}

/** The versions that a run depends on. */
export function versions(): Record<string, string> {
  const resolve = createRequire(import.meta.url).resolve;
  const tensor = manifestAt(resolve("@quire/tensor/package.json"));
  return {
    quire: manifestAt(fileURLToPath(new URL("../package.json", import.meta.url))).version,
    node: process.versions.node,
    onnxruntime: tensor.dependencies?.["onnxruntime-node"] ?? "unknown",
  };
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifestAt(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

/** The commit of Quire's sources, with a plus where they were changed since; nothing outside a clone. */
export function commit(): string | undefined {
  const folder = dirname(fileURLToPath(new URL("../package.json", import.meta.url)));
  const git = (...words: string[]): string =>
    execFileSync("git", words, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    git("ls-files", "--error-unmatch", "package.json");
    const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+";
    return git("rev-parse", "HEAD") + changed;
  } catch {
    return undefined;
  }
}
