import { isFloating } from "../dtype.ts";
import { sorted } from "../graph/graph.ts";
import { makeNode, type Node, type Tensor } from "../graph/node.ts";
import type { Recording } from "../graph/record.ts";
import { verify } from "../graph/verify.ts";
import { concat, split } from "../ops/join.ts";
import { reshape } from "../ops/movement.ts";
import { sameShape, sizeOf } from "../shape.ts";

/** Up to this many elements, a kernel costs more to start than a copy of what it works on. */
const SMALL = 16_384;

/**
 * Small variables that are updated by the same element-wise arithmetic (an optimiser's norms and biases) are updated
 * together: what differs between them is laid end to end, computed once and cut apart. Every number stays what it
 * was, bit for bit. A kernel gets at most `most` tensors.
 */
export function joinUpdates(recording: Recording, most: number): Recording {
  const { graph, writes } = recording;
  const joining = new Joining(formsOf(recording, most));
  const results = graph.outputs.length - writes.length;
  const outputs = graph.outputs.map((tensor, i) => (i < results ? tensor : joining.now(tensor)));
  const joined = { inputs: graph.inputs, outputs };
  verify(joined, { after: "joining updates" });
  return { ...recording, graph: joined };
}

/** Nodes that do the same with operands of the same kinds, in an order that all forms share. */
type Form = readonly Node[];

function outputOf(node: Node): Tensor {
  return node.outputs[0] as Tensor;
}

function isScalar({ shape }: Tensor): boolean {
  return shape.length === 0;
}

/** Whether a node is small element-wise arithmetic on tensors of its own shape and scalars. */
function isJoinable({ spec, inputs, attributes, outputs }: Node): boolean {
  const { shape, dtype } = outputs[0] as Tensor;
  const size = sizeOf(shape);
  return (
    spec.evaluate !== undefined &&
    Object.keys(attributes).length === 0 &&
    shape.length > 0 &&
    size > 0 &&
    size <= SMALL &&
    isFloating(dtype) &&
    inputs.every((x) => x.dtype === dtype && (isScalar(x) || sameShape(x.shape, shape)))
  );
}

/**
 * Joinable nodes that serve nothing but joinable nodes and variables: what is computed from outside never waits for
 * one of them, so that joining them makes no cycle.
 */
function tailOf({ graph, writes }: Recording): Set<Node> {
  const results = graph.outputs.slice(0, graph.outputs.length - writes.length);
  const serving = new Set<Node>(results.map(({ node }) => node));
  const tail = new Set<Node>();
  for (const node of sorted(graph.outputs).reverse()) {
    if (isJoinable(node) && !serving.has(node)) tail.add(node);
    else for (const { node: used } of node.inputs) serving.add(used);
  }
  return tail;
}

/**
 * The form of every node of the tail. Nodes are of one form where their operands are and where they serve the same
 * forms, so that the members of one form meet those of another in the same order.
 */
function formsOf(recording: Recording, most: number): ReadonlyMap<Node, Form> {
  const tail = tailOf(recording);
  const order = sorted(recording.graph.outputs).filter((node) => tail.has(node));
  const names = new Names();
  const doing = new Map<Node, string>();
  for (const node of order) doing.set(node, names.of(descriptionOf(node, doing)));
  const serving = new Map<Node, readonly string[]>();
  const members = new Map<string, Node[]>();
  for (const node of order.toReversed()) {
    const ends = [...(serving.get(node) ?? [])].sort().join();
    const name = names.of(`${doing.get(node)} for ${ends}`);
    members.set(name, [node, ...(members.get(name) ?? [])]);
    node.inputs.forEach(({ node: used }, place) => {
      serving.set(used, [...(serving.get(used) ?? []), `${name}.${place}`]);
    });
  }
  const forms = [...members.values()].flatMap((nodes) => parted(nodes, most));
  return new Map(forms.flatMap((form) => form.map((node) => [node, form] as const)));
}

/** What a node does to which kinds of operands: nodes of known forms, the very same scalars, other tensors. */
function descriptionOf({ spec, inputs }: Node, doing: ReadonlyMap<Node, string>): string {
  const kinds = inputs.map((tensor) => {
    if (isScalar(tensor)) return `scalar ${tensor.node.id}.${tensor.index}`;
    return doing.get(tensor.node) ?? tensor.dtype;
  });
  return `${spec.name}(${kinds.join()})`;
}

function parted(nodes: readonly Node[], most: number): Form[] {
  const count = Math.ceil(nodes.length / most);
  return Array.from({ length: count }, (_, i) => nodes.slice(i * most, (i + 1) * most));
}

/** Short names for long descriptions. */
class Names {
  readonly #known = new Map<string, string>();

  of(description: string): string {
    const name = this.#known.get(description) ?? `form ${this.#known.size}`;
    this.#known.set(description, name);
    return name;
  }
}

/** Builds each form once, from the last nodes back to what the tail is computed from. */
class Joining {
  readonly #forms: ReadonlyMap<Node, Form>;
  /** All members of a form, end to end. */
  readonly #rows = new Map<Form, Tensor>();
  /** Tensors end to end, by which they are. */
  readonly #laid = new Map<string, Tensor>();
  readonly #now = new Map<Node, Tensor>();

  constructor(forms: ReadonlyMap<Node, Form>) {
    this.#forms = forms;
  }

  /** What a tensor becomes. */
  now(tensor: Tensor): Tensor {
    const form = this.#forms.get(tensor.node);
    if (!form) return tensor;
    if (!this.#now.has(tensor.node)) this.#make(form);
    return this.#now.get(tensor.node) as Tensor;
  }

  #make(form: Form): void {
    const [first] = form as readonly [Node];
    if (form.length === 1) {
      const inputs = first.inputs.map((x) => this.now(x));
      this.#now.set(first, outputOf(makeNode(first.spec, inputs, {}, first.path)));
      return;
    }
    const shapes = form.map((node) => outputOf(node).shape);
    const parts = split(this.#row(form), shapes.map(sizeOf));
    form.forEach((node, i) => {
      this.#now.set(node, reshape(parts[i] as Tensor, shapes[i] as readonly number[]));
    });
  }

  #row(form: Form): Tensor {
    const known = this.#rows.get(form);
    if (known) return known;
    const [first] = form as readonly [Node];
    const inputs = first.inputs.map((operand, place) =>
      isScalar(operand)
        ? operand
        : this.#laidOut(form.map(({ inputs }) => inputs[place] as Tensor)),
    );
    const row = outputOf(makeNode(first.spec, inputs, {}, first.path));
    this.#rows.set(form, row);
    return row;
  }

  /** Tensors end to end: as a form gives them, where they are its members in order. */
  #laidOut(tensors: readonly Tensor[]): Tensor {
    const form = this.#forms.get((tensors[0] as Tensor).node);
    const isForm =
      form?.length === tensors.length && form.every((node, i) => node === tensors[i]?.node);
    if (form && isForm) return this.#row(form);
    const key = tensors.map(({ node, index }) => `${node.id}.${index}`).join();
    const known = this.#laid.get(key);
    if (known) return known;
    const laid = concat(tensors.map((tensor) => reshape(this.now(tensor), [sizeOf(tensor.shape)])));
    this.#laid.set(key, laid);
    return laid;
  }
}
