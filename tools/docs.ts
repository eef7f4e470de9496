import type { Checker, Finding, House } from "./finding.ts";
import { isTest, isTypeScript, packageOf } from "./house.ts";
import { type Declaration, entries, ownExports, publicNames } from "./public-names.ts";
import { parse } from "./syntax.ts";

/** Checks that every public name, and every exported function and class, has its sentence. */
export const docs: Checker = {
  name: "docs",
  run: (house) => {
    const places = new Map<string, Declaration>();
    for (const declaration of [...reachable(house), ...exportedCode(house)]) {
      places.set(`${declaration.module.path}:${declaration.name}`, declaration);
    }
    return [...places.values()].flatMap(judge);
  },
};

function reachable(house: House): Declaration[] {
  return [...house.manifests.keys()]
    .flatMap((folder) => entries(house, folder))
    .flatMap((entry) => [...publicNames(house, entry.path).values()]);
}

function exportedCode(house: House): Declaration[] {
  return house.sources
    .filter(({ path }) => isTypeScript(path) && !isTest(path))
    .filter(({ path }) => packageOf(path) !== undefined || path.startsWith("tools/"))
    .flatMap((source) => ownExports(parse(source)))
    .filter(({ kind }) => kind === "function" || kind === "class");
}

function judge(declaration: Declaration): Finding[] {
  const { module, name, kind, start } = declaration;
  const comment = docComment(declaration);
  const place = { file: module.path, line: module.lineOf(start) };
  if (comment === undefined) {
    const what = `the exported ${kind} ${name} has no doc comment`;
    return [{ ...place, what, advice: "say in one plain sentence what it is, above the export" }];
  }
  if (hasSentence(comment)) return [];
  const what = `the doc comment of ${name} holds no sentence`;
  return [{ ...place, what, advice: "write one plain sentence that ends with a full stop" }];
}

function docComment({ module, start }: Declaration): string | undefined {
  let end = start;
  for (const comment of module.comments.toReversed()) {
    if (comment.end > end || module.text.slice(comment.end, end).trim() !== "") continue;
    if (comment.type === "Block" && comment.value.startsWith("*")) return comment.value;
    end = comment.start;
  }
  return undefined;
}

function hasSentence(comment: string): boolean {
  const prose = comment
    .replace(/^\s*\*+/gm, " ")
    .replace(/(?:^|\s)@(?!link)[\s\S]*$/, "")
    .trim();
  return /\S+\s+\S.*[.!?:](?:\s|$|`|\))/s.test(prose);
}
