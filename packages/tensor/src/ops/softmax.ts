import { isInteger } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { makeNode, makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import { sizeOf, type TensorType, typeText } from "../shape.ts";
import { type Operand, requireAxis, requireClass, toTensor } from "./define.ts";

type AxisAttributes = { readonly axis: number };

/** Where a normalisation works; the last axis unless said. */
export interface AxisOptions {
  readonly axis?: number;
}

function floatLike(op: string, [x]: readonly TensorType[]): TensorType[] {
  requireClass(op, [x as TensorType], "float");
  return [x as TensorType];
}

/** e^x over its sum; `softmax`'s row. */
export const softmaxSpec: OpSpec<AxisAttributes> = {
  name: "softmax",
  infer: (inputs) => floatLike("softmax", inputs),
  gradient({ outputs: [y], dy, attributes: { axis } }, { mul, sub, sum }) {
    const weighted = sum(mul(dy, y), { axes: axis, keepDims: true });
    return [mul(sub(dy, weighted), y)];
  },
  lower: (emit, inputs, { attributes: { axis } }) => [emit.one("Softmax", inputs, { axis })],
  flops: ([x]) => 5 * sizeOf((x as TensorType).shape),
};

/** e^x over its sum along an axis, computed without overflow. `[...] -> [...]` */
export function softmax(x: Operand, { axis = -1 }: AxisOptions = {}): Tensor {
  const tensor = toTensor(x);
  return makeTensor(softmaxSpec, [tensor], { axis: requireAxis("softmax", axis, tensor) });
}

/** The logarithm of softmax; `logSoftmax`'s row. */
export const logSoftmaxSpec: OpSpec<AxisAttributes> = {
  name: "logSoftmax",
  infer: (inputs) => floatLike("logSoftmax", inputs),
  gradient({ outputs: [y], dy, attributes: { axis } }, { exp, mul, sub, sum }) {
    return [sub(dy, mul(exp(y), sum(dy, { axes: axis, keepDims: true })))];
  },
  lower: (emit, inputs, { attributes: { axis } }) => [emit.one("LogSoftmax", inputs, { axis })],
  flops: ([x]) => 5 * sizeOf((x as TensorType).shape),
};

/** The logarithm of softmax along an axis, computed without overflow. `[...] -> [...]` */
export function logSoftmax(x: Operand, { axis = -1 }: AxisOptions = {}): Tensor {
  const tensor = toTensor(x);
  return makeTensor(logSoftmaxSpec, [tensor], { axis: requireAxis("logSoftmax", axis, tensor) });
}

/**
 * Minus the log-probability of a label, and the log-probabilities; `labelLoss`'s row. The gradient is
 * softmax minus one at the label, times the loss's gradient: no one-hot tensor is made.
 */
export const labelLossSpec: OpSpec = {
  name: "labelLoss",
  infer(inputs) {
    const [logits, labels] = inputs as readonly [TensorType, TensorType];
    requireClass("labelLoss", [logits], "float");
    if (!isInteger(labels.dtype)) {
      const rule = `labels must be whole numbers, got ${typeText(labels)}; convert with cast.`;
      throw new DTypeError("labelLoss", rule, inputs);
    }
    const [rows] = logits.shape;
    if (logits.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== rows) {
      const rule = `needs logits [N, K] and labels [N], got ${typeText(logits)} and ${typeText(labels)}.`;
      throw new ShapeError("labelLoss", rule, inputs);
    }
    return [{ shape: labels.shape, dtype: logits.dtype }, logits];
  },
  gradient({ inputs: [, labels], outputs: [, logProbabilities], dy, gradients }, ops) {
    const rows = ops.unsqueeze(labels, [1]);
    const minusOnes = ops.full(rows.shape, -1, dy.dtype);
    const slope = ops.scatterAdd(ops.exp(logProbabilities), rows, minusOnes, 1);
    const direct = ops.mul(slope, ops.unsqueeze(dy, [1]));
    const second = gradients[1];
    if (!second) return [direct, undefined];
    const total = ops.sum(second, { axes: 1, keepDims: true });
    const through = ops.sub(second, ops.mul(ops.exp(logProbabilities), total));
    return [ops.add(direct, through), undefined];
  },
  lower(emit, [logits, labels]) {
    const logProbabilities = emit.one("LogSoftmax", [logits as string], { axis: 1 });
    const rows = emit.one("Unsqueeze", [labels as string, emit.sizes([1])]);
    const picked = emit.one("GatherElements", [logProbabilities, rows], { axis: 1 });
    const losses = emit.one("Neg", [emit.one("Squeeze", [picked, emit.sizes([1])])]);
    return [losses, logProbabilities];
  },
  flops: ([logits]) => 5 * sizeOf((logits as TensorType).shape),
};

/**
 * Minus the log-probability that softmax gives to each row's label. `[N, K], [N] -> [N]`
 *
 * @throws ShapeError when there is not one label a row.
 */
export function labelLoss(logits: Operand, labels: Operand): Tensor {
  return makeNode(labelLossSpec, [toTensor(logits), toTensor(labels)], {}).outputs[0] as Tensor;
}
