import { type Node, type TSSignature, type TSType, Visitor } from "oxc-parser";
import type { Finding } from "./finding.ts";
import { isTest } from "./house.ts";
import type { Module } from "./syntax.ts";

interface Shape {
  readonly name: string;
  readonly module: Module;
  readonly start: number;
  readonly own: readonly string[];
  readonly parents: readonly string[];
}

/** Reports option objects, by the name `...Options` or written in a constructor, past the limit. */
export function options(modules: readonly Module[], limit: number): Finding[] {
  const shapes = modules.filter(({ path }) => !isTest(path)).flatMap(shapesOf);
  return shapes
    .filter(({ name }) => /(?:Options|^constructor)$/.test(name))
    .flatMap((shape) => {
      const count = membersOf(shape, shapes).size;
      if (count <= limit) return [];
      const { module, start, name } = shape;
      const what = `${name} has ${count} options, more than ${limit}`;
      const advice = "make a variant a value (an object that carries its own options)";
      return [{ file: module.path, line: module.lineOf(start), what, advice }];
    });
}

function membersOf(shape: Shape, shapes: readonly Shape[], seen = new Set<Shape>()): Set<string> {
  seen.add(shape);
  const members = new Set(shape.own);
  for (const name of shape.parents) {
    const candidates = shapes.filter((other) => other.name === name && !seen.has(other));
    const parent = candidates.find(({ module }) => module === shape.module) ?? candidates[0];
    if (parent === undefined) continue;
    for (const member of membersOf(parent, shapes, seen)) members.add(member);
  }
  return members;
}

function shapesOf(module: Module): Shape[] {
  const found: Shape[] = [];
  const add = (name: string, node: Node, parts: Parts): void => {
    found.push({ name, module, start: node.start, ...parts });
  };
  new Visitor({
    TSInterfaceDeclaration: (node) => {
      const parents = node.extends.map(({ expression }) => textOf(module, expression));
      add(node.id.name, node, { own: keys(module, node.body.body), parents });
    },
    TSTypeAliasDeclaration: (node) => add(node.id.name, node, partsOf(module, node.typeAnnotation)),
    MethodDefinition: (node) => {
      if (node.kind !== "constructor") return;
      for (const parameter of node.value.params) {
        const type = "typeAnnotation" in parameter ? parameter.typeAnnotation : null;
        if (type) add("constructor", node, partsOf(module, type.typeAnnotation));
      }
    },
  }).visit(module.program);
  return found;
}

type Parts = Pick<Shape, "own" | "parents">;

function partsOf(module: Module, type: TSType): Parts {
  if (type.type === "TSTypeLiteral") return { own: keys(module, type.members), parents: [] };
  if (type.type !== "TSIntersectionType") return { own: [], parents: [] };
  const parts = type.types.map((part) =>
    part.type === "TSTypeReference"
      ? { own: [], parents: [textOf(module, part.typeName)] }
      : partsOf(module, part),
  );
  return {
    own: parts.flatMap(({ own }) => own),
    parents: parts.flatMap(({ parents }) => parents),
  };
}

function keys(module: Module, members: readonly TSSignature[]): string[] {
  return members.flatMap((member) => ("key" in member ? [textOf(module, member.key)] : []));
}

function textOf(module: Module, node: Node): string {
  return module.text.slice(node.start, node.end);
}
