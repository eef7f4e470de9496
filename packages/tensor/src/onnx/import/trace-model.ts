import { GraphError } from "../../errors.ts";
import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import type { Variable } from "../../graph/variable.ts";
import { withScope } from "../../scope.ts";
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  NodeProto,
  OperatorSetProto,
  TensorProto,
} from "../proto.ts";
import { decodeTensor, type ExternalFiles } from "./decode-values.ts";
import { type ElementType, elementTypeOf } from "./element-types.ts";
import { OnnxNode, type Surroundings, type Value } from "./onnx-node.ts";
import { functionKey, readerOf } from "./readers.ts";
import { unreadAmong, unreadText } from "./unread.ts";
import { bodiesOf } from "./weights.ts";

/** What all traces of a model share. */
export interface ModelParts {
  readonly opsets: readonly OperatorSetProto[];
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly weights: ReadonlyMap<TensorProto, Variable>;
  readonly files: ExternalFiles;
}

/** Values by name; a graph inside of a node sees those around it. */
class Names {
  readonly #values = new Map<string, Value>();
  readonly #outer: Names | undefined;

  constructor(outer?: Names) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    return this.#values.get(name) ?? this.#outer?.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}

/** Where nodes are read: names in sight, the versions of operations, the attributes of a function's call. */
interface Frame {
  readonly names: Names;
  readonly opset: number;
  readonly attributes: ReadonlyMap<string, AttributeProto> | undefined;
}

function opsetOf(opsets: readonly OperatorSetProto[]): number {
  const standard = opsets.find(({ domain = "" }) => domain === "" || domain === "ai.onnx");
  return Number(standard?.version ?? 1n);
}

/** Names from around that the graphs inside of a node use, and some of their own. */
function captured(node: NodeProto): string[] {
  return bodiesOf(node).flatMap(({ node: inner = [], output = [] }) => [
    ...output.map(({ name = "" }) => name),
    ...inner.flatMap((nested) => [...(nested.input ?? []), ...captured(nested)]),
  ]);
}

/** The nodes that some values need, in their order. */
export function neededNodes({ node = [] }: GraphProto, wanted: readonly string[]): NodeProto[] {
  const needed = new Set(wanted.filter((name) => name !== ""));
  const isNeeded = (item: NodeProto): boolean => {
    if (!item.output?.some((name) => needed.has(name))) return false;
    for (const name of [...(item.input ?? []), ...captured(item)]) needed.add(name);
    return true;
  };
  return node.toReversed().filter(isNeeded).reverse();
}

/** Builds a model's graphs from tensors. */
export class ModelTrace {
  readonly #parts: ModelParts;
  readonly #constants = new Map<TensorProto, Tensor>();
  readonly #types = new WeakMap<Tensor, ElementType>();

  constructor(parts: ModelParts) {
    this.#parts = parts;
  }

  /** The values of the wanted names of the model's own graph. */
  run(graph: GraphProto, given: ReadonlyMap<string, Tensor>, wanted: readonly string[]): Value[] {
    const names = new Names();
    for (const [name, tensor] of given) names.set(name, tensor);
    const frame = { names, opset: opsetOf(this.#parts.opsets), attributes: undefined };
    return this.#graph(graph, frame, wanted);
  }

  /** Remembers the type that a value has in the model. */
  typed(tensor: Tensor, elementType: number): Tensor {
    this.#types.set(tensor, elementTypeOf(elementType));
    return tensor;
  }

  #graph(graph: GraphProto, frame: Frame, wanted: readonly string[]): Value[] {
    for (const proto of graph.initializer ?? []) {
      const name = proto.name ?? "";
      if (!frame.names.get(name)) frame.names.set(name, this.#constant(proto));
    }
    const needed = neededNodes(graph, wanted);
    const unread = unreadAmong(needed, this.#parts.functions);
    if (unread.length > 0) {
      const lost = wanted.filter((name) => {
        const nodes = neededNodes(graph, [name]);
        return unreadAmong(nodes, this.#parts.functions).length > 0;
      });
      const outputs = lost.map((name) => `"${name}"`).join(", ");
      throw new GraphError(`importOnnx: ${outputs} cannot be computed: ${unreadText(unread)}.`);
    }
    for (const node of needed) this.#node(node, frame);
    return wanted.map((name) => frame.names.get(name) ?? missing(name));
  }

  #node(node: NodeProto, frame: Frame): void {
    const outputs = node.output ?? [];
    const name = node.name || (outputs[0] ?? "");
    const inputs = (node.input ?? []).map((input) =>
      input === "" ? undefined : (frame.names.get(input) ?? missing(input)),
    );
    const attributes = this.#attributes(node, frame);
    const around = this.#surroundings(frame);
    const own = this.#parts.functions.get(functionKey(node));
    const results = withScope(name, () => {
      if (own) return this.#call(own, inputs, attributes);
      const seen = new OnnxNode(
        { type: node.opType ?? "", name, outputs },
        inputs,
        attributes,
        around,
      );
      const read = readerOf(node)?.(seen) ?? [];
      return Array.isArray(read) ? (read as readonly (Value | undefined)[]) : [read as Value];
    });
    outputs.forEach((output, i) => {
      const value = results[i];
      if (output !== "" && value) frame.names.set(output, value);
    });
  }

  /** A node's attributes, those that a function's call gives put in. */
  #attributes({ attribute = [] }: NodeProto, frame: Frame): AttributeProto[] {
    return attribute.flatMap((own) => {
      if (!own.refAttrName) return [own];
      const given = frame.attributes?.get(own.refAttrName);
      return given ? [{ ...given, ...(own.name && { name: own.name }) }] : [];
    });
  }

  /** An operation that the file defines by others. */
  #call(
    definition: FunctionProto,
    inputs: readonly (Value | undefined)[],
    attributes: readonly AttributeProto[],
  ): Value[] {
    const names = new Names();
    definition.input?.forEach((name, i) => {
      const value = inputs[i];
      if (value) names.set(name, value);
    });
    const all = [...(definition.attributeProto ?? []), ...attributes];
    const frame = {
      names,
      opset: opsetOf(definition.opsetImport ?? this.#parts.opsets),
      attributes: new Map(all.map((attribute) => [attribute.name ?? "", attribute])),
    };
    return this.#graph({ node: definition.node ?? [] }, frame, definition.output ?? []);
  }

  #surroundings(frame: Frame): Surroundings {
    return {
      opset: frame.opset,
      body: (graph, inputs) => {
        const names = new Names(frame.names);
        graph.input?.forEach(({ name = "" }, i) => {
          const value = inputs[i];
          if (value) names.set(name, value);
        });
        const wanted = (graph.output ?? []).map(({ name = "" }) => name);
        return this.#graph(graph, { ...frame, names }, wanted);
      },
      constant: (proto) => this.#constant(proto),
      typeOf: (tensor) => this.#types.get(tensor),
      typed: (tensor, elementType) => this.typed(tensor, elementType),
    };
  }

  #constant(proto: TensorProto): Tensor {
    const weight = this.#parts.weights.get(proto);
    if (weight) return weight.tensor;
    const known = this.#constants.get(proto);
    if (known) return known;
    const tensor = constant(decodeTensor(proto, this.#parts.files));
    this.#constants.set(proto, tensor);
    return this.typed(tensor, Number(proto.dataType ?? 0n));
  }
}

function missing(name: string): never {
  throw new GraphError(`importOnnx: "${name}" is needed; it is neither given nor computed.`);
}
