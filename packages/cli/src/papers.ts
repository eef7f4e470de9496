import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Build, Experiment, Method, Paper } from "@quire/papers";
import { UsageError } from "./errors.ts";
import { suggestion } from "./nearest.ts";

/** Sources have `.ts` beside sources and `.js` beside what was built of them. */
const extension = extname(fileURLToPath(import.meta.url));

/** Where the papers' folders are. */
function papersFolder(): string {
  const manifest = createRequire(import.meta.url).resolve("@quire/papers/package.json");
  return join(dirname(manifest), extension === ".ts" ? "src" : "dist");
}

/** The ids of all papers, sorted: every folder that holds a `paper` file is one. */
export function paperIds(folder = papersFolder()): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => existsSync(join(folder, name, `paper${extension}`)))
    .sort();
}

/**
 * Reads what a paper says of itself.
 *
 * @throws UsageError when there is no such paper.
 */
export async function loadPaper(id: string): Promise<Paper> {
  return (await loadPart<{ paper: Paper }>(id, "paper")).paper;
}

/** Reads the function that makes a paper's system. */
export async function loadBuild(id: string): Promise<Build<object, object>> {
  return (await loadPart<{ build: Build<object, object> }>(id, "model")).build;
}

/** Reads the experiments that measure a paper's claims. */
export async function loadExperiments(id: string): Promise<readonly Experiment[]> {
  return (await loadPart<{ experiments: readonly Experiment[] }>(id, "claims")).experiments;
}

/**
 * Reads how models that a method changed are opened.
 *
 * @throws UsageError when there is no such paper, or it is no method.
 */
export async function loadMethod(id: string): Promise<Method> {
  const { task } = await loadPaper(id);
  if (task !== "method") throw new UsageError(`${id} is no method: it is trained, not applied.`);
  return (await loadPart<{ method: Method }>(id, "method")).method;
}

async function loadPart<T>(id: string, part: "paper" | "model" | "claims" | "method"): Promise<T> {
  const folder = papersFolder();
  const ids = paperIds(folder);
  if (!ids.includes(id)) {
    throw new UsageError(
      `unknown paper ${id}${suggestion(id, ids, '"quire list" shows all papers.')}`,
    );
  }
  return (await import(pathToFileURL(join(folder, id, part + extension)).href)) as T;
}
