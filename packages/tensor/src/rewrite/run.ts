import { type Graph, sorted } from "../graph/graph.ts";
import { type AttributeValue, makeNode, type Node, type Tensor } from "../graph/node.ts";
import { HostTensor } from "../host.ts";
import { withScope } from "../scope.ts";
import { sameShape, typeText } from "../shape.ts";
import type { Rule, Surroundings } from "./rule.ts";

/** Constants larger than this are told apart by identity, not by value. */
const COMPARED_VALUES = 256;

/** Numbers objects so that attributes which are objects can be part of a key. */
class Identities {
  readonly #numbers = new Map<object, number>();

  of(value: object): number {
    const known = this.#numbers.get(value) ?? this.#numbers.size;
    this.#numbers.set(value, known);
    return known;
  }
}

/** Rebuilds a graph from its inputs on, merging equal nodes and applying rules until none applies. */
class Rewriter implements Surroundings {
  readonly #rules: ReadonlyMap<string, readonly Rule[]>;
  readonly #replaced = new Map<Tensor, Tensor>();
  readonly #nodes = new Map<string, Node>();
  readonly #finished = new Map<Node, Tensor[]>();
  readonly #uses = new Map<Tensor, number>();
  readonly #identities = new Identities();
  /** Names of the rules that applied, with how often. */
  readonly applied = new Map<string, number>();

  constructor(rules: readonly Rule[]) {
    const byOperation = new Map<string, Rule[]>();
    for (const rule of rules) {
      for (const op of rule.on) byOperation.set(op, [...(byOperation.get(op) ?? []), rule]);
    }
    this.#rules = byOperation;
  }

  uses(tensor: Tensor): number {
    return this.#uses.get(tensor) ?? 1;
  }

  run(graph: Graph): Graph {
    const order = sorted(graph.outputs);
    const counted = countUses(order, graph.outputs);
    for (const node of order) {
      const inputs = node.inputs.map((tensor) => this.#replaced.get(tensor) as Tensor);
      const outputs = this.#simplify(this.#merge(node, inputs));
      node.outputs.forEach((tensor, i) => {
        const output = outputs[i] as Tensor;
        this.#replaced.set(tensor, output);
        this.#uses.set(output, (this.#uses.get(output) ?? 0) + (counted.get(tensor) ?? 0));
      });
    }
    return {
      inputs: graph.inputs,
      outputs: graph.outputs.map((tensor) => this.#replaced.get(tensor) as Tensor),
    };
  }

  /** The node with these inputs: an equal one made before, itself, or a new one. */
  #merge(node: Node, inputs: readonly Tensor[]): Node {
    const key = this.#key(node, inputs);
    const known = this.#nodes.get(key);
    if (known) return known;
    const isSame = inputs.every((tensor, i) => tensor === node.inputs[i]);
    const merged = isSame ? node : makeNode(node.spec, inputs, node.attributes, node.path);
    this.#nodes.set(key, merged);
    return merged;
  }

  #key(node: Node, inputs: readonly Tensor[]): string {
    if (node.spec.name === "input") return `input ${this.#identities.of(node)}`;
    const operands = inputs.map((tensor) => `${tensor.node.id}.${tensor.index}`);
    const attributes = Object.entries(node.attributes).map(
      ([name, value]) => `${name}=${this.#attributeKey(value)}`,
    );
    return `${node.spec.name} ${operands.join(",")} ${attributes.join(" ")}`;
  }

  #attributeKey(value: AttributeValue): string {
    if (value instanceof HostTensor) {
      const compared = value.data.length <= COMPARED_VALUES;
      return `${typeText(value)}${compared ? [...value.data].map(valueKey).join() : `#${this.#identities.of(value)}`}`;
    }
    if (Array.isArray(value)) return value.join();
    return typeof value === "object" ? `#${this.#identities.of(value)}` : String(value);
  }

  /** What a node's outputs become when no rule applies any more. */
  #simplify(node: Node): readonly Tensor[] {
    const finished = this.#finished.get(node);
    if (finished) return finished;
    const replacement = this.#firstReplacement(node);
    const outputs = replacement ? [this.#canonical(replacement)] : [...node.outputs];
    this.#finished.set(node, outputs);
    return outputs;
  }

  #firstReplacement(node: Node): Tensor | undefined {
    const rules = [...(this.#rules.get("*") ?? []), ...(this.#rules.get(node.spec.name) ?? [])];
    for (const rule of rules) {
      const replacement = withScope(node.path, () => rule.rewrite(node, this));
      if (!replacement) continue;
      const [old] = node.outputs as readonly [Tensor];
      if (replacement.dtype !== old.dtype || !sameShape(replacement.shape, old.shape)) {
        throw new Error(
          `Rule "${rule.name}" turned ${node.spec.name} ${typeText(old)} into ${typeText(replacement)}.`,
        );
      }
      this.applied.set(rule.name, (this.applied.get(rule.name) ?? 0) + 1);
      return replacement;
    }
    return undefined;
  }

  /** Brings nodes that a rule built into the new graph; their inputs from it stay as they are. */
  #canonical(tensor: Tensor): Tensor {
    const node = tensor.node;
    if (this.#finished.has(node))
      return (this.#finished.get(node) as Tensor[])[tensor.index] as Tensor;
    const inputs = node.inputs.map((operand) => this.#canonical(operand));
    const merged = this.#merge(node, inputs);
    return this.#simplify(merged)[tensor.index] as Tensor;
  }
}

function valueKey(value: number | bigint): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function countUses(order: readonly Node[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  const count = (tensor: Tensor): void => {
    uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  };
  for (const node of order) node.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}

/** The graph with equal nodes merged, unused ones left out and rules applied; `applied` names them. */
export function rewrite(
  graph: Graph,
  rules: readonly Rule[],
): { readonly graph: Graph; readonly applied: ReadonlyMap<string, number> } {
  const rewriter = new Rewriter(rules);
  return { graph: rewriter.run(graph), applied: rewriter.applied };
}
