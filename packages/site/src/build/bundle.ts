import { mkdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type InlineConfig, type Plugin } from "vite";
import { packageFolder } from "./catalogue.ts";

const VIRTUAL = "#papers";

/** Files that the pages refer to, by the entry's name. */
export interface Bundle {
  readonly scripts: Readonly<Record<"listing" | "paper" | "runs", string>>;
  readonly style: string;
  /** All written files that a first visit may need, the runtime left out. */
  readonly shell: readonly string[];
}

interface ManifestEntry {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

/** Papers whose parts are bundled. */
export interface BundledPapers {
  readonly ids: readonly string[];
  /** Those of them that have a demonstration. */
  readonly shown: readonly string[];
  /** Those of them that are methods. */
  readonly methods: readonly string[];
}

/** Tells pages which papers there are: folders are found by listing and registered nowhere. */
function papersPlugin({ ids, shown, methods }: BundledPapers): Plugin {
  const table = (of: readonly string[], module: (id: string) => string): string =>
    `{${of.map((id) => `${JSON.stringify(id)}: () => ${module(id)}`).join(",")}}`;
  const part = (id: string, name: string): string =>
    `import(${JSON.stringify(`@quire/papers/${id}/${name}`)})`;
  return {
    name: "papers",
    enforce: "pre",
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : null),
    load: (id) =>
      id === `\0${VIRTUAL}`
        ? [
            `export const demonstrations = ${table(shown, (own) => part(own, "demonstration"))};`,
            `export const methods = ${table(methods, (own) => part(own, "method"))};`,
            `export const systems = ${table(ids, (own) => `Promise.all([${part(own, "paper")}, ${part(own, "model")}])`)};`,
          ].join("\n")
        : null,
  };
}

function configOf(out: string, plugins: () => Plugin[]): InlineConfig {
  return {
    configFile: false,
    root: packageFolder,
    base: "./",
    logLevel: "error",
    publicDir: false,
    plugins: plugins(),
    resolve: { conditions: ["quire-source", "module", "browser", "production"] },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    worker: { format: "es", plugins },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2023",
      modulePreload: { polyfill: false },
      manifest: true,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1e9,
    },
  };
}

/** Bundles the pages' scripts, styles and the worker that papers run in. */
export async function bundleSite(out: string, papers: BundledPapers): Promise<Bundle> {
  const source = (path: string): string => join(packageFolder, "src", path);
  const plugins = (): Plugin[] => [papersPlugin(papers)];
  const config = configOf(out, plugins);
  await build({
    ...config,
    build: {
      ...config.build,
      rolldownOptions: {
        input: {
          listing: source("client/listing.tsx"),
          paper: source("client/paper.tsx"),
          runs: source("client/runs.tsx"),
          style: source("styles/site.css"),
        },
      },
    },
  });
  const manifest = JSON.parse(readFileSync(join(out, ".vite/manifest.json"), "utf8")) as Record<
    string,
    ManifestEntry
  >;
  const fileOf = (path: string): string => (manifest[`src/${path}`] as ManifestEntry).file;
  const scripts = {
    listing: fileOf("client/listing.tsx"),
    paper: fileOf("client/paper.tsx"),
    runs: fileOf("client/runs.tsx"),
  };
  const style = fileOf("styles/site.css");
  const entries = Object.values(scripts).map((file) => neededBy(manifest, file));
  return { scripts, style, shell: [...new Set([style, ...entries.flat()])] };
}

/** A script and all that it imports at once. */
function neededBy(manifest: Readonly<Record<string, ManifestEntry>>, file: string): string[] {
  const entry = Object.values(manifest).find((one) => one.file === file);
  const imported = (entry?.imports ?? []).map((name) => (manifest[name] as ManifestEntry).file);
  return [file, ...imported.flatMap((one) => neededBy(manifest, one))];
}

/** Bundles the service worker, which stands at the root: it keeps only what stands below it. */
export async function bundleServiceWorker(out: string, shell: readonly string[], version: string) {
  const result = await build({
    ...configOf(out, () => []),
    define: { SHELL: JSON.stringify(shell), BUILD: JSON.stringify(version) },
    build: {
      write: false,
      target: "es2023",
      rolldownOptions: { input: join(packageFolder, "src/client/service-worker.ts") },
    },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const [chunk] = outputs.flatMap((one) => ("output" in one ? one.output : []));
  if (chunk?.type !== "chunk") throw new Error("The service worker is one script.");
  mkdirSync(out, { recursive: true });
  await writeFile(join(out, "service-worker.js"), chunk.code);
}
