import { HostTensor } from "../host.ts";
import { typeText } from "../shape.ts";
import { type Graph, sorted } from "./graph.ts";
import type { AttributeValue, Node, Tensor } from "./node.ts";
import { Variable } from "./variable.ts";

/**
 * A graph as text, a node a line: `%2 = matmul %0 %1 {alpha: 0.5} f32[2,3]`, its results last. Equal graphs
 * give equal texts.
 */
export function print(graph: Graph | Tensor): string {
  const outputs = "outputs" in graph ? graph.outputs : [graph];
  const inputs = "inputs" in graph ? graph.inputs : [];
  const names = new Map<Tensor, string>();
  const lines: string[] = [];
  const order = new Set([...inputs.map((tensor) => tensor.node), ...sorted(outputs)]);
  for (const node of order) lines.push(line(node, names));
  lines.push(`return ${outputs.map((tensor) => names.get(tensor)).join(" ")}`);
  return lines.join("\n");
}

function line(node: Node, names: Map<Tensor, string>): string {
  for (const output of node.outputs) names.set(output, `%${names.size}`);
  const results = node.outputs.map((output) => names.get(output)).join(" ");
  const operands = node.inputs.map((operand) => ` ${names.get(operand)}`).join("");
  const types = node.outputs.map(typeText).join(" ");
  return `${results} = ${node.spec.name}${operands}${attributesText(node)} ${types}`;
}

function attributesText({ spec, attributes }: Node): string {
  if (spec.name === "input") return ` "${String(attributes["name"])}"`;
  const parts = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${valueText(value)}`);
  return parts.length === 0 ? "" : ` {${parts.join(", ")}}`;
}

function valueText(value: AttributeValue): string {
  if (value instanceof HostTensor) return constantText(value);
  if (value instanceof Variable) return value.name;
  if (Array.isArray(value)) return `[${value.join(",")}]`;
  if (typeof value === "object") return `(\n${indent(print(value as Graph))}\n)`;
  return String(value);
}

function constantText(value: HostTensor): string {
  const numbers = value.toArray();
  if (value.shape.length === 0) return String(numbers[0]);
  return numbers.length <= 8 ? `[${numbers.join(",")}]` : `[${numbers.slice(0, 8).join(",")},...]`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
