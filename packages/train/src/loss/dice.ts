// B batch, K classes, P places

import {
  add,
  div,
  maximum,
  mean,
  mul,
  neg,
  oneHot,
  reshape,
  ShapeError,
  slice,
  softmax,
  sum,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { crossEntropy } from "./cross-entropy.ts";

/** How Dice's coefficient is made a loss. */
export interface DiceOptions {
  /** Whether class 0, which is taken for the background, counts; false unless said. */
  readonly background?: boolean;
  /** Whether overlaps are counted over the whole batch, or in each example and averaged; true unless said. */
  readonly batch?: boolean;
  /** Added to both sides of the fraction; 1e-5 unless said. */
  readonly smooth?: number;
}

/**
 * Minus the mean over classes of Dice's coefficient (2 Σ p g + s) / (Σ p + Σ g + s) of softmax(logits) and labels
 * (Drozdzal et al. 2016, eq. 3, over classes as nnU-Net takes it: Isensee et al. 2021, methods).
 * `[B, K, ...space], [B, ...space] -> []`
 *
 * @throws ShapeError when logits and labels do not fit together, or nothing is left beside the background.
 */
export function diceLoss(logits: Tensor, labels: Tensor, options: DiceOptions = {}): Tensor {
  const { background = false, batch = true, smooth = 1e-5 } = options;
  const { rows, classes, places } = checkShapes("diceLoss", logits, labels);
  if (classes < 2 && !background) {
    throw new ShapeError("diceLoss", "needs a class beside the background.", [logits]);
  }
  const shares = softmax(reshape(logits, [rows, classes, places]), { axis: 1 });
  const wanted = transpose(oneHot(reshape(labels, [rows, places]), classes), [0, 2, 1]);
  const axes = batch ? [0, 2] : [2];
  const both = mul(sum(mul(shares, wanted), { axes }), 2);
  const all = add(sum(shares, { axes }), sum(wanted, { axes }));
  const overlap = div(add(both, smooth), maximum(add(all, smooth), 1e-8));
  const first = background ? 0 : 1;
  return neg(mean(slice(overlap, [first], [classes], { axes: [-1] })));
}

/**
 * Cross-entropy of each place and Dice's loss, added (Isensee et al. 2021, methods).
 * `[B, K, ...space], [B, ...space] -> []`
 *
 * @throws ShapeError when logits and labels do not fit together.
 */
export function diceCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: DiceOptions = {},
): Tensor {
  const { rows, classes, places } = checkShapes("diceCrossEntropy", logits, labels);
  const flat = transpose(reshape(logits, [rows, classes, places]), [0, 2, 1]);
  const entropy = crossEntropy(flat, reshape(labels, [rows, places]));
  return add(entropy, diceLoss(logits, labels, options));
}

/**
 * A loss of outputs at several levels, the finest first: each next one counts half as much, and labels are taken at
 * its places (Isensee et al. 2021, methods). The weights sum to 1. `[[B, K, ...], ...], [B, ...space] -> []`
 */
export function deeplySupervised(
  levels: readonly Tensor[],
  labels: Tensor,
  loss: (logits: Tensor, labels: Tensor) => Tensor,
): Tensor {
  const weights = levels.map((_, level) => 2 ** -level);
  const total = weights.reduce((all, weight) => all + weight, 0);
  return levels
    .map((logits, level) =>
      mul(
        loss(logits, labelsAt(labels, logits.shape.slice(2))),
        (weights[level] as number) / total,
      ),
    )
    .reduce((all, one) => add(all, one));
}

/** The label at the first place of each window. `[B, ...space] -> [B, ...fewer]` */
function labelsAt(labels: Tensor, size: readonly number[]): Tensor {
  const space = labels.shape.slice(1);
  const steps = space.map((length, axis) => length / (size[axis] as number));
  if (steps.every((step) => step === 1)) return labels;
  if (steps.length !== size.length || !steps.every(Number.isInteger)) {
    const rule = `labels [${labels.shape.join(", ")}] are no multiple of outputs of [${size.join(", ")}] places.`;
    throw new ShapeError("deeplySupervised", rule, [labels]);
  }
  const axes = space.map((_, axis) => axis + 1);
  return slice(
    labels,
    space.map(() => 0),
    space,
    { axes, steps },
  );
}

function checkShapes(op: string, logits: Tensor, labels: Tensor) {
  const [rows = 0, classes = 0, ...space] = logits.shape;
  const fit = space.length > 0 && [rows, ...space].join() === labels.shape.join();
  if (fit) return { rows, classes, places: space.reduce((all, size) => all * size, 1) };
  const got = `got [${logits.shape.join(", ")}] and [${labels.shape.join(", ")}]`;
  throw new ShapeError(op, `needs logits [B, K, ...space] and labels [B, ...space], ${got}.`, [
    logits,
    labels,
  ]);
}
