import { GraphError } from "./errors.ts";
import { sorted } from "./graph/graph.ts";
import type { Node, NonDifferentiable, Operands, OpSpec, Tensor } from "./graph/node.ts";
import { carriesGradient } from "./graph/source.ts";
import { currentTrace } from "./graph/trace.ts";
import { Variable } from "./graph/variable.ts";
import * as ops from "./ops/index.ts";
import { sameShape, typeText } from "./shape.ts";

/** Gradients gathered so far, by node and output. */
type Gathered = Map<Node, (Tensor | undefined)[]>;

/**
 * The gradients of a scalar with respect to tensors or variables, as recipes that can be differentiated
 * again. Zero where the scalar does not depend on one.
 *
 * @throws GraphError when `of` is no floating-point scalar, or an operation on the way has no gradient.
 */
export function gradients(of: Tensor, wrt: readonly (Tensor | Variable)[]): Tensor[] {
  if (of.shape.length > 0 || !carriesGradient(of)) {
    throw new GraphError(`gradients: needs a floating-point scalar, got ${typeText(of)}.`);
  }
  return pullback([of], wrt.map(sourceTensor), [ops.full([], 1, of.dtype)]);
}

/** A variable's gradient is taken with respect to its value at the start of the call. */
function sourceTensor(target: Tensor | Variable): Tensor {
  if (!(target instanceof Variable)) return target;
  return currentTrace(`differentiate by ${target.name}`).source(target) ?? target.tensor;
}

/**
 * Carries gradients of outputs back to inputs (the vector-Jacobian product); zero where nothing arrives.
 *
 * @throws GraphError when an operation on the way has no gradient.
 */
export function pullback(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): Tensor[] {
  return carryBack(outputs, inputs, cotangents, new Set());
}

/** The pullback that goes no further back than `leaves`, though they may depend on one another. */
function carryBack(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  leaves: ReadonlySet<Node>,
): Tensor[] {
  const gathered: Gathered = new Map();
  outputs.forEach((output, i) => {
    deposit(gathered, output, cotangents[i]);
  });
  const order = sorted(outputs, leaves);
  const needed = reaching(order, inputs);
  for (const node of order.reverse()) {
    const arrived = gathered.get(node);
    if (!arrived || !needed.has(node) || node.inputs.length === 0 || leaves.has(node)) continue;
    backward(node, arrived).forEach((gradient, i) => {
      const operand = node.inputs[i] as Tensor;
      if (needed.has(operand.node)) deposit(gathered, operand, gradient);
    });
  }
  return inputs.map((tensor) => gathered.get(tensor.node)?.[tensor.index] ?? ops.zerosLike(tensor));
}

/** Nodes that lie on a way from the inputs. */
function reaching(order: readonly Node[], inputs: readonly Tensor[]): Set<Node> {
  const needed = new Set(inputs.map((tensor) => tensor.node));
  for (const node of order) {
    const isOnWay = node.inputs.some(
      (operand) => carriesGradient(operand) && needed.has(operand.node),
    );
    if (isOnWay && node.spec.name !== "stopGradient") needed.add(node);
  }
  return needed;
}

/** Adds a gradient to what has arrived at a tensor. */
function deposit(gathered: Gathered, tensor: Tensor, gradient: Tensor | undefined): void {
  if (!gradient || !carriesGradient(tensor)) return;
  if (!sameShape(gradient.shape, tensor.shape)) {
    throw new Error(
      `The gradient of ${tensor.node.spec.name} is ${typeText(gradient)}, its value ${typeText(tensor)}.`,
    );
  }
  const arrived = gathered.get(tensor.node) ?? [];
  const before = arrived[tensor.index];
  arrived[tensor.index] = before ? ops.add(before, gradient) : gradient;
  gathered.set(tensor.node, arrived);
}

/** The gradients of a node's inputs from those of its outputs. */
function backward(
  node: Node,
  arrived: readonly (Tensor | undefined)[],
): readonly (Tensor | undefined)[] {
  const { spec } = node;
  if (spec.gradient === "expansion") return throughExpansion(spec, node, arrived);
  if (isNonDifferentiable(spec.gradient)) {
    throw new GraphError(`${spec.name} has no gradient: ${spec.gradient.reason}.`);
  }
  const context = {
    inputs: node.inputs as unknown as Operands,
    outputs: node.outputs as unknown as Operands,
    attributes: node.attributes,
    dy: arrived[0] ?? ops.zerosLike(node.outputs[0] as Tensor),
    gradients: node.outputs.map((_, i) => arrived[i]),
    pullback,
  };
  return spec.gradient(context, ops);
}

function isNonDifferentiable(rule: OpSpec["gradient"]): rule is NonDifferentiable {
  return typeof rule === "object";
}

function throughExpansion(
  spec: OpSpec,
  node: Node,
  arrived: readonly (Tensor | undefined)[],
): readonly (Tensor | undefined)[] {
  if (!spec.expand) throw new Error(`${spec.name} has neither a gradient nor an expansion.`);
  const expansion = spec.expand(node.inputs, node.attributes, ops);
  const leaves = new Set(node.inputs.map((tensor) => tensor.node));
  return carryBack(expansion, node.inputs, arrived, leaves);
}
