import type { Checker, Finding } from "./finding.ts";
import { isTypeScript } from "./house.ts";
import { type Module, parse, target } from "./syntax.ts";

/** Finds groups of files that import each other by value. */
export const cycles: Checker = {
  name: "cycles",
  run: (house) => {
    const modules = house.sources.filter((source) => isTypeScript(source.path)).map(parse);
    const edges = new Map(modules.map((module) => [module.path, valueTargets(module)]));
    return groups(edges).map((group) => report(group, modules));
  },
};

function valueTargets(module: Module): string[] {
  return module.imports
    .filter(
      ({ specifier, typeOnly, dynamic }) => specifier.startsWith(".") && !typeOnly && !dynamic,
    )
    .map(({ specifier }) => target(module, specifier));
}

function report(group: readonly string[], modules: readonly Module[]): Finding {
  const file = group[0] as string;
  const module = modules.find((candidate) => candidate.path === file) as Module;
  const link = module.imports.find(
    (found) => !found.typeOnly && group.includes(target(module, found.specifier)),
  );
  return {
    file,
    line: link?.line ?? 1,
    what: `${group.length} file(s) import each other by value: ${group.join(", ")}`,
    advice: "use import type, or move what they share below both",
  };
}

/** Tarjan's strongly connected components (1972), those that hold a cycle, each sorted. */
function groups(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];

  const visit = (node: string): void => {
    const index = order.size;
    order.set(node, index);
    low.set(node, index);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(lowOf(node), lowOf(next)));
    }
    if (lowOf(node) !== index) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1 || edges.get(node)?.includes(node)) found.push(group.sort());
  };
  const lowOf = (node: string): number => low.get(node) as number;

  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found.sort();
}
