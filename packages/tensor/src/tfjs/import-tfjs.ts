import { isFloating } from "../dtype.ts";
import { GraphError } from "../errors.ts";
import { Tensor } from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import { Variable } from "../graph/variable.ts";
import type { ImportedInput, ImportedModel } from "../onnx/import/import-model.ts";
import { type UnreadOperation, unreadText } from "../onnx/import/unread.ts";
import { type Operand, toTensor } from "../ops/define.ts";
import { withScope } from "../scope.ts";
import { typeText } from "../shape.ts";
import { dtypeOf, type NodeDef, parseGraphModel, weightsIn } from "./graph-model.ts";
import { readerOf } from "./readers.ts";
import { TfjsNode } from "./tfjs-node.ts";

/** Operations that are values, not work. */
const sources = new Set(["Const", "Placeholder", "NoOp"]);

/** A value's node and which of its outputs it is: `split:1`. */
function referenceOf(text: string): { name: string; index: number } {
  const [name = "", index = "0"] = text.split(":");
  return { name, index: Number(index) };
}

/** What a node needs the values of; a name with ^ only orders the work. */
function operandsOf({ input = [] }: NodeDef): string[] {
  return input.filter((name) => !name.startsWith("^"));
}

function inputOf({ name, attr = {} }: NodeDef): ImportedInput {
  const { dim = [] } = attr["shape"]?.shape ?? {};
  const shape = dim.map(({ size }, axis) => {
    const count = Number(size ?? -1);
    return count >= 0 ? count : `${name}_${axis}`;
  });
  return { name, dtype: dtypeOf(attr["dtype"] ?? {}), shape };
}

/** The nodes that some values need and nobody gives, in the order in which they can be built. */
function needed(
  nodes: ReadonlyMap<string, NodeDef>,
  wanted: readonly string[],
  given: ReadonlySet<string>,
): NodeDef[] {
  const order = new Map<string, NodeDef>();
  const visit = (name: string): void => {
    if (given.has(name) || order.has(name)) return;
    const node = nodes.get(name);
    if (!node) throw new GraphError(`importTfjs: "${name}" is needed, and there is no such node.`);
    for (const operand of operandsOf(node)) visit(referenceOf(operand).name);
    order.set(name, node);
  };
  for (const name of wanted) visit(name);
  return [...order.values()];
}

/** The operations among nodes that are not read. */
function unreadAmong(nodes: readonly NodeDef[]): UnreadOperation[] {
  const groups = new Map<string, string[]>();
  for (const { op, name } of nodes) {
    if (!sources.has(op) && !readerOf(op)) groups.set(op, [...(groups.get(op) ?? []), name]);
  }
  return [...groups].map(([op, names]) => ({ op, domain: "", count: names.length, nodes: names }));
}

/** A graph model of TensorFlow.js with its weights. */
class TfjsModel implements ImportedModel {
  readonly inputs: readonly ImportedInput[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>> = {};
  readonly values: readonly string[];
  readonly parameters: readonly Variable[];
  readonly unknown: readonly UnreadOperation[];
  readonly #nodes: ReadonlyMap<string, NodeDef>;
  readonly #weights: ReadonlyMap<string, Variable | Tensor>;

  constructor(text: string, bytes: Uint8Array) {
    const model = parseGraphModel(text);
    const nodes = model.modelTopology.node;
    const used = new Set(nodes.flatMap(operandsOf).map((name) => referenceOf(name).name));
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.inputs = nodes.filter(({ op }) => op === "Placeholder").map(inputOf);
    const work = nodes.filter(({ op }) => !sources.has(op));
    this.values = work.map(({ name }) => name);
    this.outputs = this.values.filter((name) => !used.has(name));
    const weights = [...weightsIn(model, bytes)].map(([name, initial]) => {
      const { shape, dtype } = initial;
      const isWeight = isFloating(dtype) && shape.length > 0;
      return [name, isWeight ? new Variable(shape, { name, initial }) : constant(initial)] as const;
    });
    this.#weights = new Map(weights);
    this.parameters = weights.flatMap(([, weight]) => (weight instanceof Variable ? weight : []));
    this.unknown = unreadAmong(nodes);
  }

  forward(
    inputs: Readonly<Record<string, Operand>>,
    wanted: readonly string[] = this.outputs,
  ): Record<string, Tensor> {
    const built = new Map<string, readonly Tensor[]>();
    for (const [name, operand] of Object.entries(inputs)) {
      built.set(name, [this.#given(name, operand)]);
    }
    const order = needed(this.#nodes, wanted, new Set(built.keys()));
    const unread = unreadAmong(order);
    if (unread.length > 0) {
      const names = wanted.map((name) => `"${name}"`).join(", ");
      throw new GraphError(`importTfjs: ${names} cannot be computed: ${unreadText(unread)}.`);
    }
    for (const node of order) built.set(node.name, this.#build(node, built));
    return Object.fromEntries(wanted.map((name) => [name, built.get(name)?.[0] as Tensor]));
  }

  /** A given value, in place of the node of its name, which need be no input. */
  #given(name: string, operand: Operand): Tensor {
    const node = this.#nodes.get(name);
    if (!node) {
      const names = this.inputs.map((input) => `"${input.name}"`).join(", ");
      throw new GraphError(`importTfjs: there is no node "${name}"; the inputs are ${names}.`);
    }
    const input = this.inputs.find((own) => own.name === name);
    const tensor = toTensor(operand, input?.dtype);
    if (!input) return tensor;
    const fits =
      tensor.shape.length === input.shape.length &&
      input.shape.every((size, axis) => typeof size === "string" || size === tensor.shape[axis]);
    if (fits && tensor.dtype === input.dtype) return tensor;
    const wanted = `${input.dtype} [${input.shape.join(",")}]`;
    throw new GraphError(`importTfjs: input "${name}" must be ${wanted}, got ${typeText(tensor)}.`);
  }

  #build(node: NodeDef, built: ReadonlyMap<string, readonly Tensor[]>): readonly Tensor[] {
    const { name, op } = node;
    if (op === "Const") {
      const weight = this.#weights.get(name);
      if (weight) return [toTensor(weight)];
      throw new GraphError(`importTfjs: the weights hold no "${name}".`);
    }
    if (op === "Placeholder") throw new GraphError(`importTfjs: input "${name}" is not given.`);
    const operands = operandsOf(node).map((text) => {
      const { name, index } = referenceOf(text);
      return built.get(name)?.[index] as Tensor;
    });
    const read = withScope(name, () => readerOf(op)?.(new TfjsNode(node, operands)));
    return read instanceof Tensor ? [read] : (read ?? []);
  }
}

/**
 * Reads a graph model of TensorFlow.js as a function of tensors, like `importOnnx` does with ONNX files. Whole numbers
 * are held in 32 bits. A value may be given under the name of any node, which is then not computed: where shapes
 * depend on data, that is how they are made known.
 *
 * @param text What `model.json` holds.
 * @param weights The bytes of the files that it names, in their order, one after the other.
 * @throws QuireError when the text is no graph model, or the weights do not fit it.
 */
export function importTfjs(text: string, weights: Uint8Array): ImportedModel {
  return new TfjsModel(text, weights);
}
