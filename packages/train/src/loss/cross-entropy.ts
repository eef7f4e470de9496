// K classes

import {
  add,
  cast,
  labelLoss,
  logSoftmax,
  mean,
  mul,
  neg,
  notEqual,
  type Operand,
  reshape,
  ShapeError,
  sum,
  type Tensor,
  where,
} from "@quire/tensor";
import { type Reduction, reduced, reducedBy } from "./reduction.ts";

/** How the cross-entropy is taken. */
export interface CrossEntropyOptions {
  /** Share of the label's probability spread evenly over all classes (Szegedy et al. 2016, section 7). */
  readonly labelSmoothing?: number;
  /** The mean over all items unless said. */
  readonly reduction?: Reduction;
  /** A label whose items do not count. */
  readonly ignoreIndex?: number;
}

/**
 * The cross-entropy of softmax(logits) and labels: classes as whole numbers, `[..., K], [...] -> []`, or a
 * probability of each class, `[..., K], [..., K] -> []`.
 *
 * @throws ShapeError when logits and labels do not fit together.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const { labelSmoothing = 0, reduction = "mean", ignoreIndex } = options;
  const classes = checkShapes(logits, labels);
  const lead = logits.shape.slice(0, -1);
  const rows = lead.reduce((count, size) => count * size, 1);
  const flat = reshape(logits, [rows, classes]);
  if (labels.shape.length === logits.shape.length) {
    const soft = smoothed(reshape(labels, [rows, classes]), labelSmoothing, classes);
    const losses = neg(sum(mul(soft, logSoftmax(flat)), { axes: 1 }));
    return reduction === "none" ? reshape(losses, lead) : reduced(losses, reduction);
  }
  const ids = reshape(labels, [rows]);
  const counts = ignoreIndex === undefined ? undefined : notEqual(ids, ignoreIndex);
  const known = counts ? where(counts, ids, 0) : ids;
  const losses = spread(labelLoss(flat, known), flat, labelSmoothing);
  if (!counts) return reduction === "none" ? reshape(losses, lead) : reduced(losses, reduction);
  const counted = reducedBy(losses, cast(counts, losses.dtype), reduction);
  return reduction === "none" ? reshape(counted, lead) : counted;
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

/** The label's share of the loss and the even share of all classes. */
function spread(losses: Tensor, logits: Operand, share: number): Tensor {
  if (share === 0) return losses;
  const even = mean(logSoftmax(logits), { axes: 1 });
  return add(mul(losses, 1 - share), mul(even, -share));
}
