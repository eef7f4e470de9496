import { expand, makeNode, reshape, sizeOf, type Tensor, variableOf } from "@quire/tensor";

/** An operand through which the mean over an axis passes, and which axis it is there. */
export interface Passed {
  readonly operand: number;
  readonly axis: number;
}

/** How a tensor is made of others when all of them change along an axis: lose their mean, or their last entry. */
export interface Passing {
  readonly passed: readonly Passed[];
  /** The tensor anew from all its operands, those that are passed changed. */
  remade(operands: readonly Tensor[]): Tensor;
}

/**
 * How the mean over an axis of a tensor comes from the means of its operands (section 3.1: what writes to the main
 * branch is linear, so the mean can be taken out of its weights). Undefined where it does not.
 */
export function passingOf(tensor: Tensor, axis: number): Passing | undefined {
  return rules[tensor.node.spec.name]?.(tensor, axis);
}

type Rule = (tensor: Tensor, axis: number) => Passing | undefined;

/** The same node on other operands. */
function again(tensor: Tensor, operands: readonly Tensor[]): Tensor {
  const { spec, attributes, path } = tensor.node;
  return makeNode(spec, operands, attributes, path).outputs[tensor.index] as Tensor;
}

function through(tensor: Tensor, ...passed: readonly Passed[]): Passing {
  return { passed, remade: (operands) => again(tensor, operands) };
}

/** The axis of an operand that is broadcast to an axis of the result; undefined where it has one value for all. */
function broadcastAxis(operand: Tensor, tensor: Tensor, axis: number): number | undefined {
  const own = axis - (tensor.shape.length - operand.shape.length);
  return own >= 0 && operand.shape[own] === tensor.shape[axis] ? own : undefined;
}

/** Sums: a term that is the same for all entries adds to the mean alone, and goes with it. */
const sums: Rule = (tensor, axis) => {
  const terms = tensor.node.inputs.map((operand) => broadcastAxis(operand, tensor, axis));
  const passed = terms.flatMap((own, operand) =>
    own === undefined ? [] : [{ operand, axis: own }],
  );
  if (passed.length === 2) return through(tensor, ...passed);
  const [only] = passed;
  if (only?.operand !== 0 || !isWhole(tensor, 0)) return undefined;
  return { passed, remade: (operands) => operands[0] as Tensor };
};

/** Products with what is the same for all entries. */
const scalings: Rule = (tensor, axis) => {
  const terms = tensor.node.inputs.map((operand) => broadcastAxis(operand, tensor, axis));
  const [operand] = terms.flatMap((own, place) => (own === undefined ? [] : [place]));
  if (operand === undefined || terms.filter((own) => own !== undefined).length !== 1)
    return undefined;
  if (tensor.node.spec.name === "div" && operand !== 0) return undefined;
  return through(tensor, { operand, axis: terms[operand] as number });
};

function isWhole(tensor: Tensor, place: number): boolean {
  const { shape } = tensor.node.inputs[place] as Tensor;
  return shape.length === tensor.shape.length && shape.every((size, i) => size === tensor.shape[i]);
}

/** A product of matrices: its columns come from the right side, its rows from the left. */
const products: Rule = (tensor, axis) => {
  const [a, b] = tensor.node.inputs as readonly [Tensor, Tensor];
  const { transposeA, transposeB } = tensor.node.attributes;
  const fromEnd = tensor.shape.length - axis;
  if (fromEnd === 1) {
    return through(tensor, { operand: 1, axis: b.shape.length - (transposeB ? 2 : 1) });
  }
  if (fromEnd === 2) {
    return through(tensor, { operand: 0, axis: a.shape.length - (transposeA ? 1 : 2) });
  }
  return undefined;
};

/** Another shape that keeps the axis: as much stands before it, and it is as long. */
const reshapings: Rule = (tensor, axis) => {
  const [x] = tensor.node.inputs as readonly [Tensor];
  const before = sizeOf(tensor.shape.slice(0, axis));
  const own = x.shape.findIndex(
    (size, i) => size === tensor.shape[axis] && sizeOf(x.shape.slice(0, i)) === before,
  );
  if (own < 0) return undefined;
  return {
    passed: [{ operand: 0, axis: own }],
    remade: ([y]) =>
      reshape(y as Tensor, tensor.shape.with(axis, (y as Tensor).shape[own] as number)),
  };
};

/** Sums and means over other axes. */
const reductions: Rule = (tensor, axis) => {
  const { axes, keepDims } = tensor.node.attributes as { axes: number[]; keepDims: boolean };
  if (keepDims) return axes.includes(axis) ? undefined : through(tensor, { operand: 0, axis });
  const [x] = tensor.node.inputs as readonly [Tensor];
  const left = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  return through(tensor, { operand: 0, axis: left[axis] as number });
};

const rules: Readonly<Record<string, Rule>> = {
  ...{ add: sums, sub: sums, mul: scalings, div: scalings, matmul: products, reshape: reshapings },
  ...{ sum: reductions, mean: reductions },
  neg: (tensor, axis) => through(tensor, { operand: 0, axis }),
  transpose: (tensor, axis) => {
    const permutation = tensor.node.attributes["permutation"] as readonly number[];
    return through(tensor, { operand: 0, axis: permutation[axis] as number });
  },
  expand: (tensor, axis) => {
    const [x] = tensor.node.inputs as readonly [Tensor];
    const own = broadcastAxis(x, tensor, axis);
    if (own === undefined) return undefined;
    return {
      passed: [{ operand: 0, axis: own }],
      remade: ([y]) =>
        expand(y as Tensor, tensor.shape.with(axis, (y as Tensor).shape[own] as number)),
    };
  },
  concat: (tensor, axis) => {
    if (tensor.node.attributes["axis"] === axis) return undefined;
    return through(tensor, ...tensor.node.inputs.map((_, operand) => ({ operand, axis })));
  },
  slice: (tensor, axis) => {
    const axes = tensor.node.attributes["axes"] as readonly number[];
    return axes.includes(axis) ? undefined : through(tensor, { operand: 0, axis });
  },
  gather: (tensor, axis) => {
    const picked = tensor.node.attributes["axis"] as number;
    const [, ids] = tensor.node.inputs as readonly [Tensor, Tensor];
    if (axis >= picked && axis < picked + ids.shape.length) return undefined;
    return through(tensor, {
      operand: 0,
      axis: axis < picked ? axis : axis - ids.shape.length + 1,
    });
  },
  conv: (tensor, axis) => {
    const { groups } = tensor.node.attributes;
    if (axis !== 1 || groups !== 1) return undefined;
    const bias = tensor.node.inputs.length > 2 ? [{ operand: 2, axis: 0 }] : [];
    return through(tensor, { operand: 1, axis: 0 }, ...bias);
  },
};

/** Operations whose result may follow a size that a file leaves free, such as that of the batch. */
const sized = new Set(["expand", "slice", "gather", "pad", "tile"]);

/** Parts of weights that this conversion takes, which follow no free size. */
const parts = new WeakSet<Tensor>();

/** Notes that a tensor is a part of a weight, whatever the inputs are. */
export function partOfWeight(tensor: Tensor): Tensor {
  parts.add(tensor);
  return tensor;
}

/** Whether a tensor depends on variables and constants alone, so that it can be worked out in advance. */
export function isKnown(tensor: Tensor, known: Map<Tensor, boolean>): boolean {
  const found = known.get(tensor);
  if (found !== undefined) return found;
  const { spec, inputs } = tensor.node;
  const isSource = spec.name === "constant" || variableOf(tensor) !== undefined;
  const isWork = inputs.length > 0 && (!sized.has(spec.name) || parts.has(tensor));
  const isOwn = isSource || (isWork && inputs.every((operand) => isKnown(operand, known)));
  known.set(tensor, isOwn);
  return isOwn;
}
