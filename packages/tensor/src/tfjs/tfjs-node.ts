import type { DType } from "../dtype.ts";
import { GraphError } from "../errors.ts";
import type { Tensor } from "../graph/node.ts";
import { knownValues } from "../onnx/import/known-values.ts";
import { type AttributeValue, dtypeOf, type NodeDef } from "./graph-model.ts";

/** Builds what a node of a graph stands for: one value, or one for each output. */
export type Reader = (node: TfjsNode) => Tensor | readonly Tensor[];

const text = new TextDecoder();

/** A node of a TensorFlow graph as its reader sees it: operands that are traced already, attributes by name. */
export class TfjsNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly #attributes: Readonly<Record<string, AttributeValue>>;

  constructor({ name, op, attr = {} }: NodeDef, inputs: readonly Tensor[]) {
    this.name = name;
    this.op = op;
    this.inputs = inputs;
    this.#attributes = attr as Readonly<Record<string, AttributeValue>>;
  }

  /** Stops with a sentence on what the node wants and cannot have. */
  fail(why: string): never {
    throw new GraphError(`importTfjs: ${this.op} "${this.name}" ${why}.`);
  }

  /** An operand. */
  tensor(position: number): Tensor {
    return this.inputs[position] ?? this.fail(`lacks its input ${position}`);
  }

  /** The values of an operand that decides shapes; they must follow from constants and sizes. */
  values(position: number): readonly number[] {
    const known = knownValues(this.tensor(position));
    return (
      known ??
      this.fail(
        `needs the values of its input ${position} while the graph is traced, but they depend on data; ` +
          "give what they follow from as a constant",
      )
    );
  }

  /** The only value of an operand that decides shapes. */
  value(position: number): number {
    return this.values(position)[0] ?? this.fail(`finds no value in its input ${position}`);
  }

  /** A whole number. */
  int(name: string, otherwise = 0): number {
    return Number(this.#attributes[name]?.i ?? otherwise);
  }

  /** A truth. */
  flag(name: string): boolean {
    return this.#attributes[name]?.b ?? false;
  }

  /** Whole numbers in a row. */
  ints(name: string): number[] {
    return (this.#attributes[name]?.list?.i ?? []).map(Number);
  }

  /** A text. */
  text(name: string, otherwise: string): string {
    const given = this.#attributes[name]?.s;
    if (given === undefined) return otherwise;
    return typeof given === "string" ? atob(given) : text.decode(Uint8Array.from(given));
  }

  /** A type. */
  dtype(name: string): DType {
    return dtypeOf(this.#attributes[name] ?? {});
  }
}
