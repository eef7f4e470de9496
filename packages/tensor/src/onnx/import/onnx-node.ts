import { GraphError } from "../../errors.ts";
import type { Tensor } from "../../graph/node.ts";
import { cast } from "../../ops/select.ts";
import type { AttributeProto, GraphProto, TensorProto } from "../proto.ts";
import { type ElementType, elementTypeOf } from "./element-types.ts";
import { knownValues } from "./known-values.ts";

/** Tensors in a row, as ONNX's sequences are while a graph is traced; optional values are rows of one or none. */
export class Sequence {
  readonly items: readonly Tensor[];

  constructor(items: readonly Tensor[]) {
    this.items = items;
  }
}

/** What flows between the nodes of a model. */
export type Value = Tensor | Sequence;

/** What a reader gives: one value, or a list with a place for each output. */
export type Read = Value | readonly (Value | undefined)[];

/** Builds what a node of a model stands for. */
export type Reader = (node: OnnxNode) => Read;

/** Readers by the name of the operation. */
export type ReaderTable = Readonly<Record<string, Reader>>;

/** What a node's reader may ask of the model around it. */
export interface Surroundings {
  /** The version of the standard operations. */
  readonly opset: number;
  /** Traces a graph inside of a node, which sees the names around it. */
  body(graph: GraphProto, inputs: readonly (Value | undefined)[]): readonly Value[];
  /** A constant of the model. */
  constant(proto: TensorProto): Tensor;
  /** The type a value has in the model, where that is not what its dtype says. */
  typeOf(tensor: Tensor): ElementType | undefined;
  /** Remembers the type a value has in the model. */
  typed(tensor: Tensor, elementType: number): Tensor;
}

const text = new TextDecoder();

/** A node of a model as its reader sees it: operands that are traced already, attributes by name. */
export class OnnxNode {
  readonly type: string;
  /** The node's name, or that of its first output. */
  readonly name: string;
  readonly inputs: readonly (Value | undefined)[];
  /** Names of the outputs; empty ones are not wanted. */
  readonly outputs: readonly string[];
  readonly around: Surroundings;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    { type, name, outputs }: Readonly<{ type: string; name: string; outputs: readonly string[] }>,
    inputs: readonly (Value | undefined)[],
    attributes: readonly AttributeProto[],
    around: Surroundings,
  ) {
    this.type = type;
    this.name = name;
    this.outputs = outputs;
    this.inputs = inputs;
    this.around = around;
    this.#attributes = new Map(attributes.map((attribute) => [attribute.name ?? "", attribute]));
  }

  /** Stops with a sentence on what the node wants and cannot have. */
  fail(why: string, cause?: Error): never {
    const message = `importOnnx: ${this.type} "${this.name}" ${why}.`;
    throw new GraphError(message, cause && { cause });
  }

  /** An operand that must be there. */
  tensor(position: number): Tensor {
    return this.optional(position) ?? this.fail(`lacks its input ${position}`);
  }

  /** An operand that may be left out. */
  optional(position: number): Tensor | undefined {
    const value = this.inputs[position];
    if (value instanceof Sequence) return this.fail(`cannot take a sequence as input ${position}`);
    return value;
  }

  /** A sequence that must be there. */
  sequence(position: number): Sequence {
    const value = this.inputs[position];
    return value instanceof Sequence ? value : this.fail(`wants a sequence as input ${position}`);
  }

  /** All operands, none of them left out. */
  tensors(): Tensor[] {
    return this.inputs.map((_, position) => this.tensor(position));
  }

  /** The values of an operand that decides shapes; they must follow from constants and sizes. */
  values(position: number): readonly number[] {
    return this.optionalValues(position) ?? this.fail(`lacks its input ${position}`);
  }

  /** The same, of an operand that may be left out. */
  optionalValues(position: number): readonly number[] | undefined {
    const operand = this.optional(position);
    if (!operand) return undefined;
    const known = knownValues(operand);
    return (
      known ??
      this.fail(
        `needs the values of its input ${position} while the graph is traced, but they depend on data`,
      )
    );
  }

  /** The only value of an operand that decides shapes. */
  value(position: number): number {
    return this.values(position)[0] ?? this.fail(`finds no value in its input ${position}`);
  }

  /** Whether the node has an attribute. */
  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** A whole number. */
  int(name: string, otherwise: number): number {
    const attribute = this.#attributes.get(name);
    return attribute ? Number(attribute.i ?? 0n) : otherwise;
  }

  /** A number. */
  float(name: string, otherwise: number): number {
    const attribute = this.#attributes.get(name);
    return attribute ? (attribute.f ?? 0) : otherwise;
  }

  /** A text. */
  text(name: string, otherwise: string): string {
    const attribute = this.#attributes.get(name);
    return attribute ? text.decode(attribute.s ?? new Uint8Array()) : otherwise;
  }

  /** Texts in a row. */
  texts(name: string): string[] | undefined {
    return this.#attributes.get(name)?.strings?.map((bytes) => text.decode(bytes));
  }

  /** Whole numbers in a row. */
  ints(name: string): number[] | undefined {
    const attribute = this.#attributes.get(name);
    return attribute && (attribute.ints ?? []).map(Number);
  }

  /** Numbers in a row. */
  floats(name: string): number[] | undefined {
    const attribute = this.#attributes.get(name);
    return attribute && [...(attribute.floats ?? [])];
  }

  /** A tensor. */
  proto(name: string): TensorProto | undefined {
    return this.#attributes.get(name)?.t;
  }

  /** A graph inside of the node. */
  graph(name: string): GraphProto {
    return this.#attributes.get(name)?.g ?? this.fail(`lacks its graph ${name}`);
  }

  /** Whole numbers that are an attribute in old models and an operand in new ones. */
  list(name: string, position: number): readonly number[] | undefined {
    return this.ints(name) ?? this.optionalValues(position);
  }

  /** An axis counted from the front. */
  axis(otherwise: number, rank: number, name = "axis"): number {
    const axis = this.int(name, otherwise);
    return axis < 0 ? axis + rank : axis;
  }

  /** Whether an output beyond the first is wanted. */
  wants(output: number): boolean {
    return (this.outputs[output] ?? "") !== "";
  }

  /** Values as an ONNX element type; whole numbers that it has not wrap round. */
  as(x: Tensor, elementType: number): Tensor {
    const { dtype, name } = elementTypeOf(elementType);
    if (dtype === undefined) return this.fail(`gives ${name} values, which Quire cannot hold`);
    return this.around.typed(cast(x, dtype), elementType);
  }
}
