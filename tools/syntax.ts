import { posix } from "node:path";
import type { Program } from "oxc-parser";
import { type Comment, parseSync } from "oxc-parser";
import type { Source } from "./finding.ts";

/** An import, a re-export or a dynamic import of one module by another. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Names imported by value; `*` stands for a whole module. */
  readonly values: readonly string[];
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

/** A parsed source. */
export interface Module {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  readonly lineOf: (offset: number) => number;
}

const parsed = new WeakMap<Source, Module>();

/** Parses a source once; a source that does not parse is an error that names it. */
export function parse(source: Source): Module {
  const known = parsed.get(source);
  if (known !== undefined) return known;
  const result = parseSync(source.path, source.text);
  const failure = result.errors[0];
  if (failure !== undefined) throw new Error(`${source.path} does not parse: ${failure.message}`);
  const lineOf = lines(source.text);
  const module: Module = {
    path: source.path,
    text: source.text,
    program: result.program,
    comments: result.comments,
    imports: importsOf(result, source.text, lineOf),
    lineOf,
  };
  parsed.set(source, module);
  return module;
}

/** The repository path that a relative specifier names. */
export function target(module: Module, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(module.path), specifier));
}

type Parsed = ReturnType<typeof parseSync>;

function importsOf(result: Parsed, text: string, lineOf: (offset: number) => number): Import[] {
  const statics = result.module.staticImports.map((statement) => ({
    specifier: statement.moduleRequest.value,
    line: lineOf(statement.start),
    values: statement.entries
      .filter((entry) => !entry.isType)
      .map((entry) => entry.importName.name ?? "*"),
    typeOnly: statement.entries.length > 0 && statement.entries.every((entry) => entry.isType),
    dynamic: false,
  }));
  return [...statics, ...reExports(result, lineOf), ...dynamics(result, text, lineOf)];
}

function reExports(result: Parsed, lineOf: (offset: number) => number): Import[] {
  return result.module.staticExports.flatMap((statement) => {
    const specifier = statement.entries[0]?.moduleRequest?.value;
    if (specifier === undefined) return [];
    const values = statement.entries
      .filter((entry) => !entry.isType)
      .map((entry) => entry.importName.name ?? "*");
    const line = lineOf(statement.start);
    return [{ specifier, line, values, typeOnly: values.length === 0, dynamic: false }];
  });
}

function dynamics(result: Parsed, text: string, lineOf: (offset: number) => number): Import[] {
  return result.module.dynamicImports.flatMap(({ start, moduleRequest }) => {
    const literal = /^["'`]([^"'`$]+)["'`]$/.exec(
      text.slice(moduleRequest.start, moduleRequest.end),
    );
    if (literal?.[1] === undefined) return [];
    const line = lineOf(start);
    return [{ specifier: literal[1], line, values: ["*"], typeOnly: false, dynamic: true }];
  });
}

function lines(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
