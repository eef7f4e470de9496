import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Build, Demonstration, ExperimentResult, Method, Paper } from "@quire/papers";
import type { Wanted } from "@quire/papers/task-answer";
import type { ShownDemonstration } from "../client/controls.tsx";
import type { Entry, State } from "../entry.ts";

/** What was measured of a paper: the part of `results/PAPER.json` that pages show. */
export interface MeasuredPaper {
  readonly experiments: readonly (Pick<
    ExperimentResult,
    "metrics" | "rows" | "verdicts" | "figures"
  > & {
    readonly date: string;
    readonly seconds: number;
    readonly seeds: readonly number[];
  })[];
  readonly budget: string;
}

/** A paper whose folder there is. */
export interface RunningPaper {
  readonly paper: Paper;
  readonly build: Build<object, object>;
  /** The folder of its sources. */
  readonly folder: string;
  /** What the page shows before it runs. */
  readonly demonstration: ShownDemonstration | undefined;
  /** What a method makes of a file in its page, or why nothing; undefined where it is no method. */
  readonly onFile: Wanted | string | undefined;
  readonly measured: MeasuredPaper | undefined;
}

/** Every paper, and what the pages need of those that run. */
export interface Catalogue {
  readonly entries: readonly Entry[];
  readonly running: ReadonlyMap<string, RunningPaper>;
  /** What one may ask to find a paper, by its id; the encoder learns from it. */
  readonly asked: Readonly<Record<string, readonly string[]>>;
}

/** Sources have `.ts` beside sources and `.js` beside what was built of them. */
const extension = extname(fileURLToPath(import.meta.url));

/** The folder of this package. */
export const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

/** The folder of the papers' package. */
export const papersPackage = dirname(
  createRequire(import.meta.url).resolve("@quire/papers/package.json"),
);

/** Reads every paper that has a folder, and those that are only written down. */
export async function gatherCatalogue(results: string | undefined): Promise<Catalogue> {
  const planned = dataFile<Omit<Entry, "state" | "hasDemonstration">[]>("planned.json");
  const asked = dataFile<Record<string, string[]>>("asked.json");
  const folders = join(papersPackage, extension === ".ts" ? "src" : "dist");
  const ids = readdirSync(folders).filter((id) =>
    existsSync(join(folders, id, `paper${extension}`)),
  );
  const running = new Map<string, RunningPaper>();
  for (const id of ids.sort()) running.set(id, await readPaper(join(folders, id), id, results));
  const entries = [
    ...[...running.values()].map(entryOf),
    ...planned
      .filter(({ id }) => !running.has(id))
      .map((entry) => ({ ...entry, state: "planned" as const, hasDemonstration: false })),
  ];
  return { entries, running, asked };
}

function dataFile<T>(name: string): T {
  return JSON.parse(readFileSync(join(packageFolder, "data", name), "utf8")) as T;
}

async function readPaper(
  folder: string,
  id: string,
  results: string | undefined,
): Promise<RunningPaper> {
  const part = (name: string): Promise<object> =>
    import(pathToFileURL(join(folder, name + extension)).href) as Promise<object>;
  const { paper } = (await part("paper")) as { paper: Paper };
  const { build } = (await part("model")) as { build: Build<object, object> };
  const record = results && join(results, `${id}.json`);
  const measured =
    record && existsSync(record)
      ? (JSON.parse(readFileSync(record, "utf8")) as MeasuredPaper)
      : undefined;
  return {
    ...{ paper, build, measured },
    folder: join(papersPackage, "src", id),
    demonstration: existsSync(join(folder, `demonstration${extension}`))
      ? shownOf((await part("demonstration")) as { demonstration: Demonstration })
      : undefined,
    onFile:
      paper.task === "method" ? wantedOf((await part("method")) as { method: Method }) : undefined,
  };
}

/** What of a method's answer to files is data. */
function wantedOf({ method: { onFile } }: { method: Method }): Wanted | string {
  return typeof onFile === "string" ? onFile : onFile.wanted;
}

/** What of a demonstration is data. */
function shownOf({ demonstration }: { demonstration: Demonstration }): ShownDemonstration {
  const { title, summary, controls } = demonstration;
  return { title, summary, controls };
}

function entryOf({ paper, demonstration, measured }: RunningPaper): Entry {
  const { id, title, authors, year, arXiv, family, task, summary, claims } = paper;
  const verdicts = measured?.experiments.flatMap((one) => one.verdicts) ?? [];
  const held = verdicts.filter(({ holds }) => holds).length;
  const first = verdicts[0];
  const stated = claims.find((claim) => claim.id === first?.claim);
  return {
    ...{ id, title, year, family, task, summary, hasDemonstration: demonstration !== undefined },
    ...(authors && { authors }),
    ...(arXiv !== undefined && { arXiv }),
    state: stateOf(verdicts.length, held),
    ...(verdicts.length > 0 && { measured: { claims: verdicts.length, held, of: claims.length } }),
    ...(first && stated && { figure: { paper: stated.figure, found: first.found } }),
  };
}

function stateOf(measured: number, held: number): State {
  if (measured === 0) return "runs";
  return held === measured ? "holds" : "fails";
}
