import type { DType } from "../dtype.ts";
import type { HostTensor } from "../host.ts";
import type * as AllOps from "../ops/index.ts";
import { currentPath } from "../scope.ts";
import type { Shape, TensorType } from "../shape.ts";
import type { Collectives } from "./collectives.ts";
import type { Emit } from "./emit.ts";
import type { Graph } from "./graph.ts";
import type { Variable } from "./variable.ts";

/** What an attribute of a node may hold. */
export type AttributeValue =
  | number
  | string
  | boolean
  | undefined
  | readonly number[]
  | readonly string[]
  | HostTensor
  | Variable
  | Graph
  | Collectives;

/** A node's attributes, by name. */
export type Attributes = { readonly [name: string]: AttributeValue };

/** Every public operation; handed to gradients and expansions so that families need not import each other. */
export type Ops = typeof AllOps;

/** A node's tensors as its own rule sees them: the first three are there if the row says so. */
export type Operands = readonly [Tensor, Tensor, Tensor, ...Tensor[]];

/** What a gradient rule works with. `dy` is the gradient of the first output (zeros if it has none). */
export interface GradientContext<A extends Attributes> {
  readonly inputs: Operands;
  readonly outputs: Operands;
  readonly attributes: A;
  readonly dy: Tensor;
  readonly gradients: readonly (Tensor | undefined)[];
  /** The gradients of inputs from those of outputs, for rows that hold a graph; zeros where nothing arrives. */
  pullback(
    outputs: readonly Tensor[],
    inputs: readonly Tensor[],
    cotangents: readonly (Tensor | undefined)[],
  ): readonly Tensor[];
}

/** One gradient per input; undefined where the input gets none. */
export type GradientRule<A extends Attributes> = (
  context: GradientContext<A>,
  ops: Ops,
) => readonly (Tensor | undefined)[];

/** Says that an operation has no gradient, and why. */
export interface NonDifferentiable {
  readonly reason: string;
}

/** What a lowering sees of the node it lowers. */
export interface LoweredNode<A extends Attributes> {
  readonly attributes: A;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
}

/** Everything that is true of one operation: its row. */
export interface OpSpec<A extends Attributes = Attributes> {
  readonly name: string;
  /** Shapes and dtypes of the outputs; throws `ShapeError` or `DTypeError`. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /** The pullback; `"expansion"` differentiates `expand`; a reason where there is none. */
  readonly gradient: GradientMethod<A>["rule"] | "expansion" | NonDifferentiable;
  /** The ONNX nodes that compute it; gives the names of the outputs. */
  lower(emit: Emit, inputs: readonly string[], node: LoweredNode<A>): readonly string[];
  /** The same values by simpler operations. */
  expand?(inputs: readonly Tensor[], attributes: A, ops: Ops): readonly Tensor[];
  /** The value for scalar operands; present where the operation works element by element. */
  evaluate?(...values: number[]): number;
  /** Floating-point operations of one run; element-wise work is one an element unless said. */
  flops?(inputs: readonly TensorType[], outputs: readonly TensorType[], attributes: A): number;
  /** For an output that is an input with a part written over: how the host writes over the input itself. */
  patch?(output: number, attributes: A): Patch | undefined;
  /** Whether `op(a, b)` equals `op(b, a)`. */
  readonly commutative?: boolean;
}

/** How an input becomes an output by writing over a part of it. */
export interface Patch {
  /** Which input it is. */
  readonly of: number;
  /** Which inputs say what is written where. */
  readonly operands: readonly number[];
  apply(into: HostTensor, operands: readonly HostTensor[]): void;
}

/** Holds the rule as a method so that rows of different attributes share one type. */
interface GradientMethod<A extends Attributes> {
  rule(context: GradientContext<A>, ops: Ops): readonly (Tensor | undefined)[];
}

/** An operation applied to tensors: frozen data. */
export interface Node {
  readonly id: number;
  readonly spec: OpSpec;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly outputs: readonly Tensor[];
  /** Path of the modules it was made in. */
  readonly path: string;
}

/** A recipe for values: one output of a node, with its shape and dtype. Nothing is computed. */
export class Tensor implements TensorType {
  readonly node: Node;
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(node: Node, index: number, type: TensorType) {
    this.node = node;
    this.index = index;
    this.shape = type.shape;
    this.dtype = type.dtype;
  }
}

let nextId = 0;

/** Makes a node after its row has checked shapes and dtypes. */
export function makeNode<A extends Attributes>(
  spec: OpSpec<A>,
  inputs: readonly Tensor[],
  attributes: A,
  path: string = currentPath(),
): Node {
  const types = spec.infer(inputs, attributes);
  const outputs: Tensor[] = [];
  const node: Node = Object.freeze({ id: nextId++, spec, inputs, attributes, outputs, path });
  types.forEach((type, index) => {
    outputs.push(Object.freeze(new Tensor(node, index, type)));
  });
  Object.freeze(outputs);
  return node;
}

/** The first output of a new node. */
export function makeTensor<A extends Attributes>(
  spec: OpSpec<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  return makeNode(spec, inputs, attributes).outputs[0] as Tensor;
}

/** Says in a row why an operation has no gradient. */
export function nondifferentiable(reason: string): NonDifferentiable {
  return { reason };
}
