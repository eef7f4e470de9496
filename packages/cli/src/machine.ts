import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { commit, sourcesOf } from "./sources.ts";

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

/** What numbers were measured with: where it is the same, they need not be measured again. */
export interface Grounds {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** The commit of Quire's sources, with a plus where they were changed since; none outside a clone. */
  readonly commit?: string;
  /** A name of the contents of the files that the paper's numbers come from; with a plus as well. */
  readonly sources?: string;
}

/** What a paper is measured with now. */
export function grounds(paper: string): Grounds {
  const at = commit();
  const held = sourcesOf(paper);
  return {
    ...{ machine: machine(), versions: versions() },
    ...(at !== undefined && { commit: at }),
    ...(held !== undefined && { sources: held }),
  };
}

/** Whether numbers of one are numbers of the other; never where sources were changed without a commit. */
export function isSameGround(one: Grounds, other: Grounds): boolean {
  const told = ({ machine: on, versions: of, sources }: Grounds): string =>
    JSON.stringify([on, of, sources]);
  return told(one) === told(other) && !one.sources?.endsWith("+");
}
