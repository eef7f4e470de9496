import { builtinModules } from "node:module";
import { join } from "node:path";
import { build, type Plugin } from "vite";

const builtins = new Set(builtinModules);

/** Modules that ask for a part of Node, and do without where they do not get it. */
const optional = new Map([
  ["stream", "sax"],
  ["crypto", "seedrandom"],
  ["fs", "tfjs-backend-wasm"],
  ["path", "tfjs-backend-wasm"],
  ["os", "tfjs-backend-wasm"],
  ["perf_hooks", "tfjs-backend-wasm"],
  ["worker_threads", "tfjs-backend-wasm"],
  ["util", "tfjs-core"],
]);

/** Refuses what only Node has, with the file that asked for it. */
const refuseNode: Plugin = {
  name: "refuse-node",
  enforce: "pre",
  resolveId(id, importer) {
    const isBuiltin = id.startsWith("node:") || builtins.has(id);
    const asking = (importer ?? "").split(/[\\/]/);
    const isNeeded = isBuiltin && !asking.includes(optional.get(id) ?? "nobody");
    if (isNeeded) this.error(`"${id}" runs only in Node, and ${importer} imports it`);
    return null;
  },
};

/**
 * Bundles entries for a page from the packages' sources; gives the paths of the written files. Modules that are
 * named in `replaced` are taken from other files.
 */
export async function bundleForPage(
  entries: Readonly<Record<string, string>>,
  folder: string | undefined,
  root: string,
  replaced: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const result = await build({
    configFile: false,
    root,
    logLevel: "error",
    publicDir: false,
    plugins: [refuseNode],
    resolve: {
      alias: { ...replaced },
      conditions: ["quire-source", "module", "browser", "production"],
    },
    worker: { format: "es" },
    build: {
      outDir: folder ?? "unwritten",
      emptyOutDir: true,
      write: folder !== undefined,
      target: "es2023",
      modulePreload: false,
      minify: false,
      rolldownOptions: {
        input: { ...entries },
        output: { entryFileNames: "[name].js" },
        preserveEntrySignatures: "strict",
      },
    },
  });
  return filesOf(result);
}

/** Bundles an entry for Node from the packages' sources; gives the path of the written file. */
export async function bundleForNode(entry: string, folder: string, root: string): Promise<string> {
  await build({
    configFile: false,
    root,
    logLevel: "error",
    ssr: {
      noExternal: [/^@quire\//],
      resolve: { conditions: ["quire-source", "node"], externalConditions: ["node"] },
    },
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: true,
      target: "node20",
      rolldownOptions: { output: { entryFileNames: "entry.js" } },
    },
  });
  return join(folder, "entry.js");
}

function filesOf(result: Awaited<ReturnType<typeof build>>): string[] {
  const outputs = Array.isArray(result) ? result : [result];
  return outputs.flatMap((output) =>
    "output" in output ? output.output.map(({ fileName }) => fileName) : [],
  );
}
