import {
  type ArrowFunctionExpression,
  type Node,
  type Function as PlainFunction,
  Visitor,
} from "oxc-parser";
import type { Module } from "./syntax.ts";

/** A function's place, name (if it has one) and length in lines. */
export interface Measured {
  readonly file: string;
  readonly line: number;
  readonly name: string | undefined;
  readonly lines: number;
}

type AnyFunction = PlainFunction | ArrowFunctionExpression;

/** Measures every function of a module; a function is named by its declaration or its holder. */
export function measureFunctions(module: Module): Measured[] {
  const names = new Map<Node, string>();
  const found: AnyFunction[] = [];
  const keep = (node: AnyFunction): void => {
    found.push(node);
  };
  const name = (holder: Node, value: Node | null): void => {
    if (value !== null && isFunction(value)) names.set(value, keyOf(module, holder));
  };
  new Visitor({
    FunctionDeclaration: (node) => {
      names.set(node, node.id?.name ?? "default");
      keep(node);
    },
    FunctionExpression: keep,
    ArrowFunctionExpression: keep,
    VariableDeclarator: (node) => name(node.id, node.init),
    Property: (node) => name(node.key, node.value),
    MethodDefinition: (node) => name(node.key, node.value),
    PropertyDefinition: (node) => name(node.key, node.value),
  }).visit(module.program);
  return found.map((node) => ({
    file: module.path,
    line: module.lineOf(node.start),
    name: names.get(node),
    lines: module.lineOf(node.end) - module.lineOf(node.start) + 1,
  }));
}

function isFunction(node: Node): node is AnyFunction {
  return node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";
}

function keyOf(module: Module, node: Node): string {
  return module.text.slice(node.start, node.end).split("\n")[0] as string;
}
