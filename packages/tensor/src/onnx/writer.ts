import type { Emit, LoopBody, OnnxAttribute, OnnxAttributes, OnnxType } from "../graph/emit.ts";
import { type Graph, sorted } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/node.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from "./proto.ts";
import { elementType, type NamedSize, tensorProto, valueInfo } from "./values.ts";

/** A number times the product of free sizes; without names it is the number alone. */
export interface FreeTerm {
  readonly factor: number;
  readonly names: readonly string[];
}

/** A size that depends on free ones: a number, or a sum of terms over a divisor. */
export type FreeSize = number | { readonly terms: readonly FreeTerm[]; readonly divisor: number };

/** What an export knows of free dimensions. */
export interface FreeSizes {
  /** The sizes that an attribute array stands for, if any of them is free. */
  ofAttribute(values: readonly number[]): readonly FreeSize[] | undefined;
  /** The sizes to declare for an input or output. */
  ofValue(tensor: Tensor): readonly NamedSize[];
  /** The input and axis from which a free dimension is read. */
  source(name: string): { readonly input: string; readonly axis: number };
}

const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7 };

const text = new TextEncoder();

/** Names that a file has used up; graphs inside nodes share it, for they see the names around them. */
interface Namespace {
  next: number;
  readonly taken: Set<string>;
}

/** Writes one graph, and the graphs inside its nodes, as ONNX. */
export class GraphWriter implements Emit {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #names = new Map<Tensor, string>();
  readonly #shared = new Map<string, string>();
  readonly #large = new Map<HostTensor, string>();
  readonly #free: FreeSizes | undefined;
  readonly #namespace: Namespace;
  #hint = "value";

  constructor(free?: FreeSizes, namespace: Namespace = { next: 0, taken: new Set() }) {
    this.#free = free;
    this.#namespace = namespace;
  }

  /**
   * Writes a graph whose inputs and outputs have the given names. Only the first `declared` inputs are inputs of
   * the file; for the others the caller adds initializers.
   */
  write(
    graph: Graph,
    inputs: readonly string[],
    outputs: readonly string[],
    declared = inputs.length,
  ): GraphProto {
    for (const name of [...inputs, ...outputs]) this.#namespace.taken.add(name);
    inputs.forEach((name, i) => {
      this.#names.set(graph.inputs[i] as Tensor, name);
    });
    for (const node of sorted(graph.outputs)) this.#lower(node);
    this.#nameOutputs(graph.outputs, outputs);
    const info = (tensors: readonly Tensor[], names: readonly string[]) =>
      tensors.flatMap((tensor, i) => {
        const sizes = this.#free?.ofValue(tensor) ?? tensor.shape;
        return names[i] === undefined ? [] : [valueInfo(names[i], tensor, sizes)];
      });
    return {
      node: this.#nodes,
      name: "quire",
      initializer: this.#initializers,
      input: info(graph.inputs.slice(0, declared), inputs),
      output: info(graph.outputs, outputs),
    };
  }

  #lower(node: Node): void {
    if (node.spec.name === "input") return;
    this.#hint = node.path === "" ? node.spec.name : `${node.path}.${node.spec.name}`;
    const inputs = node.inputs.map((tensor) => this.#names.get(tensor) as string);
    const names = node.spec.lower(this, inputs, node);
    node.outputs.forEach((tensor, i) => {
      this.#names.set(tensor, names[i] as string);
    });
  }

  /** Every output gets a node of its own, for ONNX wants distinct names that are no inputs. */
  #nameOutputs(tensors: readonly Tensor[], names: readonly string[]): void {
    const renamed = new Map<string, string>();
    const produced = new Set(this.#nodes.flatMap((node) => node.output ?? []));
    tensors.forEach((tensor, i) => {
      const from = this.#names.get(tensor) as string;
      const to = names[i] as string;
      if (produced.has(from) && !renamed.has(from)) renamed.set(from, to);
      else this.#nodes.push({ input: [from], output: [to], opType: "Identity" });
    });
    const rename = (name: string): string => renamed.get(name) ?? name;
    for (const node of this.#nodes) {
      node.input = (node.input ?? []).map(rename);
      node.output = (node.output ?? []).map(rename);
    }
    renameInBodies(this.#nodes, rename);
  }

  one(
    type: string,
    inputs: readonly string[],
    attributes?: OnnxAttributes,
    domain?: "com.microsoft",
  ): string {
    return this.many(type, inputs, 1, attributes, domain)[0] as string;
  }

  many(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes: OnnxAttributes = {},
    domain?: "com.microsoft",
  ): readonly string[] {
    const names = Array.from({ length: outputs }, () => this.#fresh(this.#hint));
    const attribute = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [this.#attribute(name, value)],
    );
    this.#nodes.push({
      input: [...inputs],
      output: [...names],
      name: names[0] as string,
      opType: type,
      attribute,
      ...(domain && { domain }),
    });
    return names;
  }

  sizes(values: readonly number[]): string {
    const free = this.#free?.ofAttribute(values);
    if (!free) return this.#sizesConstant(values);
    return this.#once(`free sizes ${JSON.stringify(free)}`, () => {
      const sizes = free.map((size) => this.#size(size));
      return sizes.length === 1 ? (sizes[0] as string) : this.one("Concat", sizes, { axis: 0 });
    });
  }

  #size(size: FreeSize): string {
    if (typeof size === "number") return this.#sizesConstant([size]);
    return this.#once(`free size ${JSON.stringify(size)}`, () => {
      const sum = this.#joined(
        "Add",
        size.terms.map((term) => this.#term(term)),
      );
      if (size.divisor === 1) return sum;
      return this.one("Div", [sum, this.#sizesConstant([size.divisor])]);
    });
  }

  #term({ factor, names }: FreeTerm): string {
    const free = names.map((name) => this.#once(`free ${name}`, () => this.#freeSize(name)));
    const isPlain = factor === 1 && free.length > 0;
    return this.#joined("Mul", isPlain ? free : [...free, this.#sizesConstant([factor])]);
  }

  #freeSize(name: string): string {
    const { input, axis } = (this.#free as FreeSizes).source(name);
    return this.one("Shape", [input], { start: axis, end: axis + 1 });
  }

  #joined(type: "Add" | "Mul", values: readonly string[]): string {
    return values.reduce((joined, value) => this.one(type, [joined, value]));
  }

  #sizesConstant(values: readonly number[]): string {
    return this.#once(`sizes ${values.join(",")}`, () =>
      this.#initializer(hostTensor(values, [values.length], "int64")),
    );
  }

  scalar(value: number, type: OnnxType): string {
    if (type === "int8" || type === "uint32" || type === "uint64" || type === "float64") {
      return this.cast(this.scalar(value, type === "float64" ? "float32" : "int64"), type);
    }
    return this.#once(`${type} ${value}`, () => this.#initializer(hostTensor([value], [], type)));
  }

  constant(value: HostTensor, as?: "int8"): string {
    if (value.data.length > 64) {
      const known = this.#large.get(value) ?? this.#initializer(value, as);
      this.#large.set(value, known);
      return known;
    }
    const key = `${as ?? value.dtype} [${value.shape.join()}] ${value.data.join()}`;
    return this.#once(key, () => this.#initializer(value, as));
  }

  cast(input: string, to: OnnxType): string {
    return this.one("Cast", [input], { to: elementType(to) });
  }

  /** The value written before under this key, or a new one. */
  #once(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#shared.set(key, name);
    return name;
  }

  #initializer(value: HostTensor, as?: "int8"): string {
    const name = this.#fresh("constant");
    this.#initializers.push(tensorProto(name, value, as));
    return name;
  }

  #fresh(hint: string): string {
    const name = `${hint}_${this.#namespace.next++}`;
    return this.#namespace.taken.has(name) ? this.#fresh(hint) : name;
  }

  #attribute(name: string, value: OnnxAttribute): AttributeProto {
    const of = (type: keyof typeof attributeTypes, rest: AttributeProto): AttributeProto => ({
      name,
      type: BigInt(attributeTypes[type]),
      ...rest,
    });
    if (typeof value === "number") return of("int", { i: BigInt(value) });
    if (typeof value === "string") return of("string", { s: text.encode(value) });
    if (isList(value)) return of("ints", { ints: value.map(BigInt) });
    if ("float" in value) return of("float", { f: value.float });
    if ("floats" in value) return of("floats", { floats: [...value.floats] });
    if ("tensor" in value) return of("tensor", { t: tensorProto("", value.tensor) });
    return of("graph", { g: this.#body(value) });
  }

  #body({ graph, captured }: LoopBody): GraphProto {
    const writer = new GraphWriter(this.#free, this.#namespace);
    const own = graph.inputs.length - captured.length;
    const inputs = graph.inputs.slice(0, own).map(() => this.#fresh("in"));
    const outputs = graph.outputs.map(() => this.#fresh("out"));
    captured.forEach((name, i) => {
      writer.#names.set(graph.inputs[own + i] as Tensor, name);
    });
    return writer.write({ inputs: graph.inputs, outputs: graph.outputs }, inputs, outputs);
  }
}

function isList(value: OnnxAttribute): value is readonly number[] {
  return Array.isArray(value);
}

/** Renames values that bodies take from the graph around them. */
function renameInBodies(nodes: readonly NodeProto[], rename: (name: string) => string): void {
  for (const body of nodes.flatMap((node) => node.attribute ?? []).flatMap(({ g }) => g ?? [])) {
    for (const node of body.node ?? []) node.input = (node.input ?? []).map(rename);
    renameInBodies(body.node ?? [], rename);
  }
}
