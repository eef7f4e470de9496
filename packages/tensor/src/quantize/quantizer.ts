import { sorted } from "../graph/graph.ts";
import { makeNode, makeTensor, type Node, type Tensor } from "../graph/node.ts";
import type { Recording } from "../graph/record.ts";
import { variableOf } from "../graph/source.ts";
import type { Variable } from "../graph/variable.ts";
import { verify } from "../graph/verify.ts";
import { HostTensor } from "../host.ts";
import { gatherSpec } from "../ops/gather.ts";
import { withScope } from "../scope.ts";
import { sizeOf } from "../shape.ts";
import { weightProduct } from "./products.ts";
import {
  blockProductSpec,
  int8ProductSpec,
  type StoredAttributes,
  storedRowsSpec,
  storedSpec,
} from "./rows.ts";
import type { Quantization } from "./scheme.ts";
import { byteRange, halved, packedBlocks, signedBytes, transposedBytes } from "./values.ts";

/** Weights of fewer values stay as they are: they weigh nothing, and scales weigh as much. */
const LEAST_VALUES = 1024;

/** Makes the product with a quantised weight from what it multiplies. */
type Product = (x: Tensor) => Tensor;

/**
 * Puts quantised weights in the place of variables. Weights are read once, so that all graphs that one quantiser
 * has changed share their values.
 */
export class Quantizer {
  readonly #scheme: Quantization;
  readonly #stored = new Map<Variable, Promise<StoredAttributes>>();
  /** By weight; apart for those that are `[in, out]`. */
  readonly #products = {
    plain: new Map<Variable, Promise<Product>>(),
    transposed: new Map<Variable, Promise<Product>>(),
  };

  constructor(scheme: Quantization) {
    this.#scheme = scheme;
  }

  /** Which way it quantises. */
  get kind(): Quantization["kind"] {
    return this.#scheme.kind;
  }

  /**
   * Which of the variables that a function reads stay as they are, but become constants of the model: those that
   * it multiplies by. A table that is looked up in gains nothing.
   */
  frozen({ graph, reads, writes }: Recording): readonly Variable[] {
    if (this.#scheme.kind !== "frozen") return [];
    const products = sorted(graph.outputs).flatMap((node) => weightProduct(node)?.weight ?? []);
    const factors = new Set(products);
    return reads.filter((variable) => {
      return factors.has(variable) && isLargeWeight(variable) && !writes.includes(variable);
    });
  }

  /** The same function of its arguments, but for the rounding of weights; variables it assigns stay variables. */
  async apply(recording: Recording): Promise<Recording> {
    const { graph, reads, writes } = recording;
    if (this.#scheme.kind === "frozen") return recording;
    const isWeight = (variable: Variable): boolean =>
      isLargeWeight(variable) && !writes.includes(variable);
    const replaced = new Map<Tensor, Tensor>();
    const order = sorted(graph.outputs);
    for (const node of order) {
      const inputs = node.inputs.map((tensor) => replaced.get(tensor) ?? tensor);
      const changed = (await this.#quantized(node, inputs, isWeight)) ?? remade(node, inputs);
      node.outputs.forEach((tensor, i) => {
        if (changed[i] !== tensor) replaced.set(tensor, changed[i] as Tensor);
      });
    }
    const outputs = graph.outputs.map((tensor) => replaced.get(tensor) ?? tensor);
    const used = new Set(sorted(outputs));
    const own = graph.inputs.length - reads.length;
    const isKept = (i: number): boolean => used.has((graph.inputs[own + i] as Tensor).node);
    const inputs = graph.inputs.filter((_, i) => i < own || isKept(i - own));
    verify({ inputs, outputs }, { after: "quantising" });
    return { ...recording, graph: { inputs, outputs }, reads: reads.filter((_, i) => isKept(i)) };
  }

  /** A node's outputs with its weights quantised, if it has any. */
  async #quantized(
    node: Node,
    inputs: readonly Tensor[],
    isWeight: (variable: Variable) => boolean,
  ): Promise<readonly Tensor[] | undefined> {
    const found = node.inputs.map(variableOf);
    if (!found.some((variable) => variable && isWeight(variable))) return undefined;
    const product = weightProduct(node);
    if (product && isWeight(product.weight) && this.#scheme.kind !== "float16") {
      const make = await this.#productWith(product.weight, product.isTransposed);
      return [withScope(node.path, () => make(inputs[0] as Tensor))];
    }
    if (node.spec.name === gatherSpec.name && node.attributes["axis"] === 0 && found[0]) {
      const attributes = await this.#storedValues(found[0]);
      if (!attributes.scales || found[0].shape.length === 2) {
        const ids = inputs[1] as Tensor;
        return [withScope(node.path, () => makeTensor(storedRowsSpec, [ids], attributes))];
      }
    }
    const changed: Tensor[] = [];
    for (const [i, variable] of found.entries()) {
      const isStored = variable !== undefined && isWeight(variable);
      changed.push(
        isStored
          ? makeTensor(storedSpec, [], await this.#storedValues(variable))
          : (inputs[i] as Tensor),
      );
    }
    return remade(node, changed);
  }

  #storedValues(variable: Variable): Promise<StoredAttributes> {
    const known = this.#stored.get(variable);
    if (known) return known;
    const made = valuesOf(variable).then((value): StoredAttributes => {
      if (this.#scheme.kind === "float16") return { values: halved(value), scales: undefined };
      const { bytes, scales } = signedBytes(value);
      return { values: bytes, scales };
    });
    this.#stored.set(variable, made);
    return made;
  }

  #productWith(weight: Variable, isTransposed: boolean): Promise<Product> {
    const products = this.#products[isTransposed ? "transposed" : "plain"];
    const known = products.get(weight);
    if (known) return known;
    const made = valuesOf(weight).then((value) =>
      this.#product(weight, isTransposed ? value : transposed(value)),
    );
    products.set(weight, made);
    return made;
  }

  /** A product with a weight of these values, `[out, in]`. */
  #product(weight: Variable, value: HostTensor<"float32">): Product {
    const scheme = this.#scheme;
    if (scheme.kind === "blocks") {
      const { bits, size } = scheme;
      const width = value.shape[1] as number;
      const attributes = { ...packedBlocks(value, bits, size), width, bits, size };
      return (x) => makeTensor(blockProductSpec, [x], attributes);
    }
    const { bytes, scales } = signedBytes(value);
    const range = scheme.kind === "int8" ? scheme.ranges?.get(weight) : undefined;
    const { scale, zero } = byteRange(range ?? [0, 0]);
    const input = range ? [scale, zero] : [];
    const attributes = { weight: transposedBytes(bytes), scales, input };
    return (x) => makeTensor(int8ProductSpec, [x], attributes);
  }
}

function isLargeWeight({ trainable, dtype, shape }: Variable): boolean {
  const isMatrix = dtype === "float32" && shape.length > 1;
  return trainable && isMatrix && sizeOf(shape) >= LEAST_VALUES;
}

/** A node's outputs from other inputs. */
function remade(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  const isSame = inputs.every((tensor, i) => tensor === node.inputs[i]);
  return isSame ? node.outputs : makeNode(node.spec, inputs, node.attributes, node.path).outputs;
}

async function valuesOf(variable: Variable): Promise<HostTensor<"float32">> {
  return (await variable.get()) as HostTensor<"float32">;
}

/** `[in, out] -> [out, in]` */
function transposed({ shape, data }: HostTensor<"float32">): HostTensor<"float32"> {
  const [rows, columns] = shape as readonly [number, number];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return new HostTensor("float32", [columns, rows], turned);
}
