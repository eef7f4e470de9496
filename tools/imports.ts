import { builtinModules } from "node:module";
import type { Checker, Finding, House } from "./finding.ts";
import { isTest, isTypeScript, packageOf, pathInSource } from "./house.ts";
import { type Import, type Module, parse, target } from "./syntax.ts";

/**
 * What a package may import of the packages above it: `values` allows everything, `types` only
 * `import type`, a list allows these names by value.
 */
type Permission = "values" | "types" | readonly string[];

const directions: Readonly<Record<string, Readonly<Record<string, Permission>>>> = {
  tensor: {},
  nn: { tensor: "values" },
  data: { tensor: ["hostTensor", "QuireError", "Random"] },
  train: { tensor: "values", nn: "values", data: "types" },
  papers: { tensor: "values", nn: "values", data: "values", train: "values" },
  site: { tensor: "values", nn: "values", train: "values", papers: "values" },
  cli: {
    ...{ tensor: "values", nn: "values", data: "values", train: "values", papers: "values" },
    site: "values",
  },
};

/** The order in which a tensor meets the parts of its package; a row imports from rows above. */
const layers: readonly (readonly string[])[] = [
  ["dtype", "shape", "errors", "host", "scope", "random", "log"],
  ["graph"],
  ["ops"],
  ["grad", "flops"],
  ["rewrite", "quantize"],
  ["onnx"],
  ["tfjs"],
  ["run"],
  ["compile", "memory", "calibrate"],
  ["index"],
];

const builtins = new Set(builtinModules);
const native = new Set(["onnxruntime-node", "sharp", "koffi"]);
const nodeZones = [
  /^packages\/tensor\/src\/run\/node/,
  /^packages\/data\/src\/files\//,
  /^packages\/train\/src\/node\//,
  /^packages\/site\/src\/build\//,
  /^packages\/cli\//,
  /^(bench|tools|\.ci)\//,
  /^[^/]+\.config\.ts$/,
];

/** Checks the direction of every import. */
export const imports: Checker = {
  name: "imports",
  run: (house) =>
    house.sources
      .filter((source) => isTypeScript(source.path))
      .map(parse)
      .flatMap((module) => [
        ...hasNoLayer(module),
        ...module.imports.flatMap((found) => judge(house, module, found)),
      ]),
};

function hasNoLayer(module: Module): Finding[] {
  if (packageOf(module.path) !== "tensor" || isTest(module.path)) return [];
  if (layerOf(module.path) >= 0) return [];
  const what = `no layer of the tensor package is called "${layerName(module.path)}"`;
  const advice = "put the file in a layer, or name the layer in tools/imports.ts";
  return [{ file: module.path, line: 1, what, advice }];
}

function judge(house: House, module: Module, found: Import): Finding[] {
  const relative = found.specifier.startsWith(".");
  const rules = relative
    ? [leavesPackage, crossesPapers, crossesLayers]
    : [leavesBrowser, isUndeclared, goesUp];
  for (const rule of rules) {
    const verdict = rule(module, found, house);
    if (verdict !== undefined) return [{ file: module.path, line: found.line, ...verdict }];
  }
  return [];
}

type Verdict = Pick<Finding, "what" | "advice"> | undefined;

function leavesPackage(module: Module, { specifier }: Import): Verdict {
  const home = /^(packages\/[^/]+|[^/]+)\//.exec(module.path)?.[0];
  if (home === undefined || target(module, specifier).startsWith(home)) return undefined;
  return {
    what: `"${specifier}" leaves its package`,
    advice: "import the other package by its name",
  };
}

function crossesPapers(module: Module, { specifier }: Import, house: House): Verdict {
  if (packageOf(module.path) !== "papers") return undefined;
  const from = paperOf(module.path, house);
  const to = paperOf(target(module, specifier), house);
  if (to === undefined || from === to || (from === undefined && isTest(module.path))) {
    return undefined;
  }
  if (from === undefined) {
    return {
      what: `"${specifier}" registers the paper ${to}`,
      advice: "papers are found by listing their folders",
    };
  }
  return {
    what: `the paper ${from} imports the paper ${to}`,
    advice: "move what both need to nn, train or data",
  };
}

function paperOf(path: string, house: House): string | undefined {
  const folder = /^packages\/papers\/src\/([^/]+)\//.exec(path)?.[1];
  const card = `packages/papers/src/${folder}/paper.ts`;
  return house.sources.some((source) => source.path === card) ? folder : undefined;
}

function crossesLayers(module: Module, found: Import): Verdict {
  if (packageOf(module.path) !== "tensor" || isTest(module.path)) return undefined;
  const from = layerOf(module.path);
  const to = layerOf(target(module, found.specifier));
  if (found.typeOnly || to <= from) return undefined;
  const upper = layerName(target(module, found.specifier));
  return {
    what: `${layerName(module.path)} imports ${upper} by value, which stands later`,
    advice: "use import type, or move the code to the later layer",
  };
}

function layerName(path: string): string {
  return pathInSource(path).replace(/(\/.*|\.ts)$/, "");
}

function layerOf(path: string): number {
  return layers.findIndex((names) => names.includes(layerName(path)));
}

function leavesBrowser(module: Module, found: Import): Verdict {
  const root = packageRoot(found.specifier);
  const nodeOnly = found.specifier.startsWith("node:") || builtins.has(root) || native.has(root);
  if (!nodeOnly || found.typeOnly || isTest(module.path)) return undefined;
  if (nodeZones.some((zone) => zone.test(module.path))) return undefined;
  return {
    what: `"${found.specifier}" runs only in Node`,
    advice:
      "keep it in tensor/src/run/node*, data/src/files, train/src/node, site/src/build, cli, bench or tools",
  };
}

function isUndeclared(module: Module, { specifier }: Import, house: House): Verdict {
  const folder = packageOf(module.path);
  if (folder === undefined || specifier.startsWith("#") || isTest(module.path)) return undefined;
  const root = packageRoot(specifier);
  if (specifier.startsWith("node:") || builtins.has(root)) return undefined;
  const manifest = house.manifests.get(folder);
  if (manifest === undefined || root === manifest.name || ourFolder(specifier) !== undefined) {
    return undefined;
  }
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies };
  if (declared[root] !== undefined) return undefined;
  return {
    what: `"${root}" is not a dependency of ${manifest.name}`,
    advice: `declare it in packages/${folder}/package.json and write a decision note`,
  };
}

function goesUp(module: Module, found: Import): Verdict {
  const from = packageOf(module.path);
  const to = ourFolder(found.specifier);
  if (from === undefined || to === undefined) return undefined;
  if (from === to) {
    return { what: `${from} imports itself by name`, advice: "use a relative import" };
  }
  const permission = directions[from]?.[to];
  if (permission === undefined) {
    return { what: `${from} may not import ${to}`, advice: "the arrows go one way; move the code" };
  }
  if (permission === "values" || found.typeOnly || isTest(module.path)) return undefined;
  const allowed = permission === "types" ? [] : permission;
  const extra = found.values.filter((name) => !allowed.includes(name));
  if (extra.length === 0 && found.values.length > 0) return undefined;
  return {
    what: `${from} imports ${extra.join(", ") || "all"} of ${to} by value`,
    advice: "use import type, or take the value as an argument",
  };
}

function ourFolder(specifier: string): string | undefined {
  const name = /^@quire\/([^/]+)|^(quire)(?:\/|$)/.exec(specifier);
  return name?.[1] ?? (name?.[2] === undefined ? undefined : "cli");
}

function packageRoot(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] as string);
}
