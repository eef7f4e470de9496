import { GraphError, ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import { type Graph, sorted } from "../graph/graph.ts";
import { makeNode, type OpSpec, Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { closed } from "../graph/substitute.ts";
import { withoutAssignments } from "../graph/trace.ts";
import { leavesOf, mapTree, type Tree } from "../graph/tree.ts";
import { sameShape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { reshape } from "./movement.ts";
import { scanGradient } from "./scan-gradient.ts";
import { full } from "./select.ts";

/** How a scan walks. */
export interface ScanOptions {
  /** Whether it walks from the last position to the first; the stacked results keep the positions. */
  readonly reverse?: boolean;
  /** How many steps, where there are no xs to count. */
  readonly length?: number;
}

/**
 * The body takes carries, one position of each of xs, and values from around the loop; it gives carries and ys.
 * The node takes first carries, xs and those values; it gives last carries and stacked ys.
 */
export type ScanAttributes = {
  readonly body: Graph;
  readonly carries: number;
  readonly xs: number;
  readonly reverse: boolean;
  /** The number of steps, in a list so that an export may leave it free. */
  readonly length: readonly number[];
};

function inferScan(inputs: readonly TensorType[], attributes: ScanAttributes): TensorType[] {
  const { body, carries, xs, length } = attributes;
  const stacked = ({ shape, dtype }: TensorType): TensorType => ({
    shape: [...length, ...shape],
    dtype,
  });
  body.inputs.forEach((wanted, i) => {
    const isWalked = i >= carries && i < carries + xs;
    requireType(inputs[i] as TensorType, isWalked ? stacked(wanted) : wanted, `input ${i}`);
  });
  return body.outputs.map((output, i) => {
    if (i >= carries) return stacked(output);
    requireType(output, body.inputs[i] as TensorType, `carry ${i}`);
    return output;
  });
}

function requireType(got: TensorType, wanted: TensorType, what: string): void {
  if (got.dtype !== wanted.dtype || !sameShape(got.shape, wanted.shape)) {
    const rule = `${what} is ${typeText(got)} where the step has ${typeText(wanted)}.`;
    throw new ShapeError("scan", rule, [got, wanted]);
  }
}

function lowerScan(
  emit: Emit,
  inputs: readonly string[],
  { body, carries, xs, reverse, length }: ScanAttributes,
): readonly string[] {
  const around = inputs.slice(carries + xs);
  const walked = inputs.slice(carries, carries + xs);
  const inner = [...body.inputs];
  if (xs === 0) {
    const end = emit.one("Squeeze", [emit.sizes(length)]);
    const ends = [emit.scalar(0, "int64"), end, emit.scalar(1, "int64")];
    walked.push(emit.one("Range", ends));
    inner.splice(carries, 0, input("step", { shape: [], dtype: "int64" }));
  }
  const ys = body.outputs.slice(carries).map(() => Number(reverse));
  return emit.many("Scan", [...inputs.slice(0, carries), ...walked], body.outputs.length, {
    num_scan_inputs: walked.length,
    scan_input_directions: walked.map(() => Number(reverse)),
    scan_output_directions: ys.length === 0 ? undefined : ys,
    body: { graph: { inputs: inner, outputs: body.outputs }, captured: around },
  });
}

/** A loop over the first axis; `scan`'s row. */
export const scanSpec: OpSpec<ScanAttributes> = {
  name: "scan",
  infer: inferScan,
  gradient: scanGradient,
  lower: (emit, inputs, { attributes }) => lowerScan(emit, inputs, attributes),
  flops: (_, __, { body, length }) => {
    const costs = sorted(body.outputs).map(({ spec, inputs, outputs, attributes }) => {
      if (inputs.length === 0) return 0;
      const elements = outputs.reduce((total, { shape }) => total + sizeOf(shape), 0);
      return spec.flops?.(inputs, outputs, attributes) ?? elements;
    });
    return sizeOf(length) * costs.reduce((total, cost) => total + cost, 0);
  },
};

/** What a step returns. */
export interface Stepped<C, Y> {
  readonly carry: C;
  readonly y: Y;
}

/**
 * Walks over the first axis of all tensors in `xs`: each step takes the carry and one position of xs and gives the
 * next carry and a y. Gives the last carry, and the ys stacked. Tensors and variables from outside may be used in
 * the step. `C, [T, ...] -> C, [T, ...]`
 *
 * @throws ShapeError when a step changes the carry's shape or dtype, or xs differ in length.
 * @throws GraphError when a step returns another carry than it takes, or assigns a variable.
 */
export function scan<C extends Tree<Tensor>, X extends Tree<Tensor>, Y extends Tree<Tensor>>(
  step: (carry: C, x: X) => Stepped<C, Y>,
  carry: C,
  xs: X,
  options: ScanOptions = {},
): { readonly carry: C; readonly ys: Y } {
  const first = tensorsOf(carry);
  const walked = tensorsOf(xs);
  const length = stepsOf(walked, options);
  const inner = [
    ...first.map((tensor) => input("carry", tensor)),
    ...walked.map(({ shape, dtype }) => input("x", { shape: shape.slice(1), dtype })),
  ];
  // A single step needs no loop.
  const given = length === 1 ? [...first, ...walked.map(position)] : inner;
  const stepped = withoutAssignments("a scan's step", () =>
    step(
      filled(carry, given.slice(0, first.length)) as C,
      filled(xs, given.slice(first.length)) as X,
    ),
  );
  requireCarry(carry, stepped.carry);
  const next = tensorsOf(stepped.carry);
  const ys = tensorsOf(stepped.y);
  const outputs = [...next, ...ys];
  const { reverse = false } = options;
  const attributes = { carries: first.length, xs: walked.length, reverse, length: [length] };
  const results =
    length > 1
      ? looped(inner, outputs, [...first, ...walked], attributes)
      : [...(length === 0 ? first : next), ...ys.map((y) => stackedOnce(y, length))];
  return {
    carry: filled(stepped.carry, results.slice(0, first.length)) as C,
    ys: filled(stepped.y, results.slice(first.length)) as Y,
  };
}

/** The node of a loop whose body may use tensors from around it. */
function looped(
  inner: readonly Tensor[],
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  attributes: Omit<ScanAttributes, "body">,
): readonly Tensor[] {
  const { body, around } = closed(outputs, inner);
  return makeNode(scanSpec, [...inputs, ...around], { body, ...attributes }).outputs;
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function tensorsOf(tree: Tree<Tensor>): Tensor[] {
  return leavesOf(tree, isTensor).map(({ leaf }) => leaf);
}

/** A tree of the same form with other tensors. */
function filled(tree: Tree<Tensor>, tensors: readonly Tensor[]): Tree<Tensor> {
  const queue = [...tensors];
  return mapTree(tree, isTensor, () => queue.shift() as Tensor);
}

/** The only position of a tensor whose first axis has size 1. */
function position(tensor: Tensor): Tensor {
  return reshape(tensor, tensor.shape.slice(1));
}

/** A y as the result of one step or of none. */
function stackedOnce(y: Tensor, length: number): Tensor {
  return length === 1 ? reshape(y, [1, ...y.shape]) : full([0, ...y.shape], 0, y.dtype);
}

function stepsOf(walked: readonly Tensor[], { length }: ScanOptions): number {
  const lengths = walked.map(({ shape }) => shape[0]);
  const steps = length ?? lengths[0];
  if (steps === undefined) {
    throw new ShapeError("scan", "without xs that have a first axis, say the length.", walked);
  }
  if (lengths.some((size) => size !== steps)) {
    const types = walked.map(typeText).join(", ");
    throw new ShapeError("scan", `xs ${types} do not all have ${steps} positions.`, walked);
  }
  return steps;
}

function requireCarry(carry: Tree<Tensor>, next: Tree<Tensor>): void {
  const before = leavesOf(carry, isTensor);
  const after = leavesOf(next, isTensor);
  const paths = [before, after].map((leaves) =>
    leaves.map(({ path }) => path.join(".")).join(", "),
  );
  if (paths[0] !== paths[1]) {
    throw new GraphError(`scan: the step takes carry {${paths[0]}} and returns {${paths[1]}}.`);
  }
  before.forEach(({ path, leaf }, i) => {
    const { leaf: becomes } = after[i] as { leaf: Tensor };
    if (leaf.dtype === becomes.dtype && sameShape(leaf.shape, becomes.shape)) return;
    const name = path.length === 0 ? "the carry" : `carry ${path.join(".")}`;
    const rule = `${name} is ${typeText(leaf)} and becomes ${typeText(becomes)}; a step must keep its type.`;
    throw new ShapeError("scan", rule, [leaf, becomes]);
  });
}
