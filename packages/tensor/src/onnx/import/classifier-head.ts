// B batch, D features, K classes

import { sorted } from "../../graph/graph.ts";
import type { Node, Tensor } from "../../graph/node.ts";
import { inputSpec, variableOf } from "../../graph/source.ts";
import type { Variable } from "../../graph/variable.ts";
import { sigmoid } from "../../ops/activations.ts";
import { convSpec } from "../../ops/conv.ts";
import { matmulSpec } from "../../ops/linalg.ts";
import { reshape } from "../../ops/movement.ts";
import { logSoftmaxSpec, softmaxSpec } from "../../ops/softmax.ts";
import { sameShape, sizeOf } from "../../shape.ts";

/** The last layer of a classifier, and what stands before and behind its product. */
export interface ClassifierHead {
  /** What the layer is given, such as `[B, D]` or `[B, D, H, W]`. */
  readonly features: Tensor;
  /** The axis of the features that the layer mixes. */
  readonly axis: number;
  /** Scores of the classes, before they become probabilities. `[B, K]` */
  readonly logits: Tensor;
  /** The weights that only the layer uses. */
  readonly variables: readonly Variable[];
}

/** Rows that turn scores into probabilities and keep their order. */
const links = new Set([softmaxSpec.name, logSoftmaxSpec.name, sigmoid.spec.name]);

/**
 * Finds the last linear layer before a classifier's scores or probabilities `[B, K]`: the last product, or convolution,
 * with weights that all that is said of an example passes through. Undefined where there is none.
 */
export function classifierHead(output: Tensor): ClassifierHead | undefined {
  const varies = variesWithInput(output);
  const weights: Tensor[] = [];
  for (const place of wayBack(output, varies)) {
    const { spec, inputs } = place.node;
    weights.push(...inputs.filter((operand) => !varies.has(operand.node)));
    const [x] = inputs as readonly [Tensor];
    if (!isLinear(place.node) || !varies.has(x.node)) continue;
    const axis = spec.name === convSpec.name ? 1 : x.shape.length - 1;
    return { features: x, axis, logits: scoresOf(output), variables: variablesIn(...weights) };
  }
  return undefined;
}

/** The scores that probabilities are made from, in their shape; what is no probability is a score. */
export function scoresOf(output: Tensor): Tensor {
  const way = wayBack(output, variesWithInput(output));
  const last = way.find(({ node }) => links.has(node.spec.name) || isLinear(node));
  if (!last || isLinear(last.node)) return output;
  return shapedAs(output, last.node.inputs[0] as Tensor);
}

/** The values on the way from an output back to its input, as far as there is only one way. */
function wayBack(output: Tensor, varies: ReadonlySet<Node>): Tensor[] {
  const way: Tensor[] = [];
  let place: Tensor | undefined = output;
  while (place) {
    const data: Tensor[] = place.node.inputs.filter((operand) => varies.has(operand.node));
    if (data.length !== 1) break;
    way.push(place);
    place = data[0];
  }
  return way;
}

/** The nodes whose values follow from the function's arguments, not from weights alone. */
function variesWithInput(...outputs: readonly Tensor[]): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of sorted(outputs)) {
    const isArgument = node.spec.name === inputSpec.name && !variableOf(node.outputs[0] as Tensor);
    if (isArgument || node.inputs.some((operand) => found.has(operand.node))) found.add(node);
  }
  return found;
}

function isLinear({ spec, attributes }: Node): boolean {
  if (spec.name === convSpec.name) return attributes["groups"] === 1;
  return spec.name === matmulSpec.name && attributes["transposeA"] === false;
}

/** The variables that values are made from, each once. */
export function variablesIn(...tensors: readonly Tensor[]): Variable[] {
  const sources = sorted(tensors).map(({ outputs }) => variableOf(outputs[0] as Tensor));
  return sources.filter((variable) => variable !== undefined);
}

/**
 * The weights that products and convolutions multiply what varies by: matrices and larger ones. A table that rows are
 * taken from too, such as one of embeddings that scores words as well, is none of them.
 */
export function productWeights(...outputs: readonly Tensor[]): Variable[] {
  const varies = variesWithInput(...outputs);
  const [inside, outside] = [new Set<Variable>(), new Set<Variable>()];
  for (const node of varies) {
    const isProduct = node.spec.name === convSpec.name || node.spec.name === matmulSpec.name;
    const fixed = node.inputs.filter((operand) => !varies.has(operand.node));
    for (const variable of variablesIn(...fixed)) (isProduct ? inside : outside).add(variable);
  }
  return [...inside].filter((variable) => variable.shape.length > 1 && !outside.has(variable));
}

/** A value in another one's shape, where they have as many elements. */
function shapedAs({ shape }: Tensor, x: Tensor): Tensor {
  if (sameShape(shape, x.shape) || sizeOf(shape) !== sizeOf(x.shape)) return x;
  return reshape(x, shape);
}
