// K classes

import {
  add,
  constant,
  div,
  gather,
  hostTensor,
  labelLoss,
  logSoftmax,
  mean,
  mul,
  neg,
  notEqual,
  QuireError,
  reshape,
  ShapeError,
  sum,
  type Tensor,
  where,
} from "@quire/tensor";
import { type Reduction, reduced } from "./reduction.ts";

/** How the cross-entropy is taken. */
export interface CrossEntropyOptions {
  /** Share of the label's probability spread evenly over all classes (Szegedy et al. 2016, section 7). */
  readonly labelSmoothing?: number;
  /** The mean over all items unless said. */
  readonly reduction?: Reduction;
  /** A label whose items do not count. */
  readonly ignoreIndex?: number;
  /** How much each class counts; the mean over labels is then taken by their weights, as in PyTorch. */
  readonly classWeights?: readonly number[];
}

/**
 * The cross-entropy of softmax(logits) and labels: classes as whole numbers, `[..., K], [...] -> []`, or a
 * probability of each class, `[..., K], [..., K] -> []`.
 *
 * @throws ShapeError when logits and labels do not fit together; QuireError when `classWeights` are too few or many.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const { labelSmoothing = 0, reduction = "mean", ignoreIndex } = options;
  const classes = checkShapes(logits, labels);
  const weights = weightsOf(options.classWeights, classes);
  const lead = logits.shape.slice(0, -1);
  const rows = lead.reduce((count, size) => count * size, 1);
  const flat = reshape(logits, [rows, classes]);
  const shaped = (losses: Tensor): Tensor =>
    reduction === "none" ? reshape(losses, lead) : reduced(losses, reduction);
  if (labels.shape.length === logits.shape.length) {
    const soft = smoothed(reshape(labels, [rows, classes]), labelSmoothing, classes);
    const weighed = weights ? mul(soft, weights) : soft;
    return shaped(neg(sum(mul(weighed, logSoftmax(flat)), { axes: 1 })));
  }
  const ids = reshape(labels, [rows]);
  const counts = ignoreIndex === undefined ? undefined : notEqual(ids, ignoreIndex);
  const known = counts ? where(counts, ids, 0) : ids;
  const own = weights ? gather(weights, known) : undefined;
  const nearest = labelLoss(flat, known);
  const losses = spread(own ? mul(nearest, own) : nearest, flat, labelSmoothing, weights);
  const kept = counts ? where(counts, losses, 0) : losses;
  const share = counts ? where(counts, own ?? 1, 0) : own;
  return reduction === "mean" && share ? div(sum(kept), sum(share)) : shaped(kept);
}

function weightsOf(values: readonly number[] | undefined, classes: number): Tensor | undefined {
  if (!values) return undefined;
  if (values.length === classes) return constant(hostTensor(values));
  throw new QuireError(
    `crossEntropy: ${classes} classes need as many classWeights, got ${values.length}.`,
  );
}

function checkShapes(logits: Tensor, labels: Tensor): number {
  const axes = logits.shape.length - labels.shape.length;
  const agree = labels.shape.every((size, axis) => size === logits.shape[axis]);
  if (logits.shape.length > 0 && (axes === 0 || axes === 1) && agree) {
    return logits.shape.at(-1) as number;
  }
  const got = `got [${logits.shape.join(", ")}] and [${labels.shape.join(", ")}]`;
  const rule = `needs logits [..., K] and labels [...] or [..., K], ${got}.`;
  throw new ShapeError("crossEntropy", rule, [logits, labels]);
}

function smoothed(labels: Tensor, share: number, classes: number): Tensor {
  return share === 0 ? labels : add(mul(labels, 1 - share), share / classes);
}

/** The label's share of the loss and the even share of all classes, each by its weight. */
function spread(losses: Tensor, logits: Tensor, share: number, weights?: Tensor): Tensor {
  if (share === 0) return losses;
  const all = logSoftmax(logits);
  const even = mean(weights ? mul(all, weights) : all, { axes: 1 });
  return add(mul(losses, 1 - share), mul(even, -share));
}
