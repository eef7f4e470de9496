import type { Declaration as DeclarationNode, Statement } from "oxc-parser";
import type { House, Source } from "./finding.ts";
import { type Module, parse, target } from "./syntax.ts";

/** What a name stands for. */
export type Kind = "function" | "class" | "const" | "interface" | "type";

/** A name declared at the top of a module. */
export interface Declaration {
  readonly name: string;
  readonly kind: Kind;
  readonly module: Module;
  /** Where the statement begins, `export` included. */
  readonly start: number;
}

interface Exported {
  readonly name: string;
  readonly local: string;
  readonly specifier: string | undefined;
}

/** An entry point: the name a user imports and the source it stands for. */
export interface Entry {
  readonly name: string;
  readonly path: string;
}

/** Lists the entry points of a package that its manifest maps to one source each. */
export function entries(house: House, folder: string): Entry[] {
  const manifest = house.manifests.get(folder);
  return Object.entries(manifest?.exports ?? {}).flatMap(([subpath, conditions]) => {
    const source = typeof conditions === "string" ? undefined : conditions["quire-source"];
    if (manifest === undefined || source === undefined || source.includes("*")) return [];
    const name = manifest.name + subpath.slice(1);
    return [{ name, path: `packages/${folder}/${source.replace("./", "")}` }];
  });
}

/** Resolves every name that an entry point exports to its declaration. */
export function publicNames(house: House, path: string): Map<string, Declaration> {
  return new Resolver(house.sources).exportsOf(path);
}

/** Lists the declarations that a module exports from its own text. */
export function ownExports(module: Module): Declaration[] {
  const declared = declarations(module);
  return exportedNames(module).flatMap(({ local, specifier }) => {
    const declaration = specifier === undefined ? declared.get(local) : undefined;
    return declaration === undefined ? [] : [declaration];
  });
}

class Resolver {
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(sources: readonly Source[]) {
    this.#sources = new Map(sources.map((source) => [source.path, source]));
  }

  exportsOf(path: string): Map<string, Declaration> {
    const found = new Map<string, Declaration>();
    const source = this.#sources.get(path);
    if (source === undefined) return found;
    const module = parse(source);
    for (const exported of exportedNames(module)) {
      if (exported.local === "*" && exported.specifier !== undefined) {
        const inner = this.exportsOf(target(module, exported.specifier));
        for (const [name, declaration] of inner) found.set(name, declaration);
        continue;
      }
      const declaration = this.#resolve(module, exported);
      if (declaration !== undefined) found.set(exported.name, declaration);
    }
    return found;
  }

  #resolve(module: Module, exported: Exported): Declaration | undefined {
    const { local, specifier } = exported;
    if (specifier === undefined) return declarations(module).get(local);
    return this.exportsOf(target(module, specifier)).get(local);
  }
}

function exportedNames(module: Module): Exported[] {
  const imported = importedNames(module);
  return module.program.body.flatMap((statement): Exported[] => {
    if (statement.type === "ExportAllDeclaration") {
      const name = statement.exported === null ? "*" : nameOf(statement.exported);
      return [{ name, local: "*", specifier: statement.source.value }];
    }
    if (statement.type !== "ExportNamedDeclaration") return [];
    if (statement.declaration !== null) {
      return declaredBy(statement.declaration).map(({ name }) => ({
        name,
        local: name,
        specifier: undefined,
      }));
    }
    return statement.specifiers.map((specifier) => {
      const local = nameOf(specifier.local);
      const from = statement.source === null ? imported.get(local) : undefined;
      return {
        name: nameOf(specifier.exported),
        local: from?.local ?? local,
        specifier: statement.source?.value ?? from?.specifier,
      };
    });
  });
}

function importedNames(module: Module): Map<string, { local: string; specifier: string }> {
  const names = new Map<string, { local: string; specifier: string }>();
  for (const statement of module.program.body) {
    if (statement.type !== "ImportDeclaration") continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type !== "ImportSpecifier") continue;
      const local = nameOf(specifier.imported);
      names.set(specifier.local.name, { local, specifier: statement.source.value });
    }
  }
  return names;
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.name ?? String(node.value);
}

function declarations(module: Module): Map<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const statement of module.program.body) {
    for (const { name, kind } of declaredBy(innerDeclaration(statement))) {
      if (!found.has(name)) found.set(name, { name, kind, module, start: statement.start });
    }
  }
  return found;
}

function innerDeclaration(statement: Statement): Statement | DeclarationNode | null {
  return statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
}

const kinds: Readonly<Record<string, Kind>> = {
  FunctionDeclaration: "function",
  TSDeclareFunction: "function",
  ClassDeclaration: "class",
  TSTypeAliasDeclaration: "type",
  TSInterfaceDeclaration: "interface",
};

function declaredBy(node: Statement | DeclarationNode | null): { name: string; kind: Kind }[] {
  if (node === null) return [];
  if (node.type === "VariableDeclaration") {
    return node.declarations.flatMap(({ id, init }) => {
      const callable =
        init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression";
      return id.type === "Identifier"
        ? [{ name: id.name, kind: callable ? "function" : "const" }]
        : [];
    });
  }
  const kind = kinds[node.type];
  if (kind === undefined || !("id" in node) || node.id?.type !== "Identifier") return [];
  return [{ name: node.id.name, kind }];
}
