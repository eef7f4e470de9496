// N items, D width

import {
  add,
  arange,
  cast,
  div,
  equal,
  greater,
  less,
  logicalAnd,
  logicalNot,
  logicalOr,
  logSumExp,
  matmul,
  max,
  maximum,
  min,
  mul,
  neg,
  reshape,
  ShapeError,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
  where,
} from "@quire/tensor";
import { crossEntropy } from "./cross-entropy.ts";

/** Stands for infinity where a minimum or maximum passes over what does not count. */
const FAR = 1e9;

/** How the supervised contrastive loss is taken. */
export interface SupervisedContrastiveOptions {
  /** What cosines are divided by; 0.07 unless said. */
  readonly temperature?: number;
  /** The loss is multiplied by the temperature over this; 0.07 unless said. */
  readonly baseTemperature?: number;
}

/**
 * The supervised contrastive loss (Khosla et al. 2020, eq. 2, `L_out`): every item is to find those of its own
 * label among all others. Items that are alone with their label are found by nothing and count only as others'
 * negatives. Embeddings have length 1; labels are int32. `[N, D], [N] -> []`
 *
 * @throws ShapeError when the labels are not one an item.
 */
export function supervisedContrastive(
  embeddings: Tensor,
  labels: Tensor,
  options: SupervisedContrastiveOptions = {},
): Tensor {
  const { temperature = 0.07, baseTemperature = 0.07 } = options;
  const [count = 0] = embeddings.shape;
  if (embeddings.shape.length !== 2 || labels.shape.join() !== `${count}`) {
    throw mismatch("supervisedContrastive", "embeddings [N, D] and labels [N]", embeddings, labels);
  }
  const cosines = div(matmul(embeddings, transpose(embeddings)), temperature);
  const itself = equal(reshape(arange(count), [count, 1]), reshape(arange(count), [1, count]));
  const same = equal(reshape(labels, [count, 1]), reshape(labels, [1, count]));
  const positive = cast(logicalAnd(same, logicalNot(itself)), embeddings.dtype);
  const others = where(itself, -FAR, cosines);
  const logShare = sub(cosines, logSumExp(others, { axes: 1, keepDims: true }));
  const positives = sum(positive, { axes: 1 });
  const found = div(sum(mul(positive, logShare), { axes: 1 }), maximum(positives, 1));
  const anchors = sum(cast(greater(positives, 0), embeddings.dtype));
  const loss = neg(div(sum(found), maximum(anchors, 1)));
  return mul(loss, temperature / baseTemperature);
}

/** How InfoNCE is taken. */
export interface InfoNceOptions {
  /** What cosines are divided by; 0.07 unless said. */
  readonly temperature?: number;
  /** Whether keys look for their queries too, as in CLIP; false unless said. */
  readonly symmetric?: boolean;
}

/**
 * InfoNCE with the batch's other keys as negatives (van den Oord et al. 2018, eq. 4): each query is to find its own
 * key. Both have length 1. `[N, D], [N, D] -> []`
 *
 * @throws ShapeError when there are not as many keys as queries, of one width.
 */
export function infoNce(queries: Tensor, keys: Tensor, options: InfoNceOptions = {}): Tensor {
  const { temperature = 0.07, symmetric = false } = options;
  if (queries.shape.length !== 2 || queries.shape.join() !== keys.shape.join()) {
    throw mismatch("infoNce", "queries [N, D] and keys [N, D]", queries, keys);
  }
  const cosines = div(matmul(queries, transpose(keys)), temperature);
  const own = arange(queries.shape[0] as number);
  const loss = crossEntropy(cosines, own);
  return symmetric ? mul(add(loss, crossEntropy(transpose(cosines), own)), 0.5) : loss;
}

/** How the losses of pairs are taken. */
export interface ContrastiveOptions {
  /** Pairs of different things that are further apart than this cost nothing; 0.5 unless said. */
  readonly margin?: number;
}

/**
 * The contrastive loss of pairs (Hadsell et al. 2006, eq. 4): squared distances of the same, and the squares of what
 * the different lack to the margin, half of their mean. Labels are 1 for the same and 0 for different, int32.
 * `[N], [N] -> []`
 *
 * @throws ShapeError when the labels are not one a pair.
 */
export function contrastive(
  distances: Tensor,
  labels: Tensor,
  options: ContrastiveOptions = {},
): Tensor {
  checkPairs("contrastive", distances, labels);
  const same = equal(labels, 1);
  const { near, far } = costs(distances, options);
  const total = sum(where(same, near, far));
  return div(total, 2 * Math.max(1, distances.shape[0] as number));
}

/**
 * The contrastive loss of a batch's hard pairs alone, summed, as sentence-transformers and LinkTransformer take it:
 * the same that are further apart than the nearest different ones, and the different that are nearer than the
 * furthest same ones. Where at most one is the same (different), the mean of the others' distances is the bound.
 * `[N], [N] -> []`
 *
 * @throws ShapeError when the labels are not one a pair.
 */
export function onlineContrastive(
  distances: Tensor,
  labels: Tensor,
  options: ContrastiveOptions = {},
): Tensor {
  checkPairs("onlineContrastive", distances, labels);
  const same = equal(labels, 1);
  const different = logicalNot(same);
  const fixed = stopGradient(distances);
  const furthest = boundOf(fixed, same, max(where(same, fixed, -FAR)), different);
  const nearest = boundOf(fixed, different, min(where(different, fixed, FAR)), same);
  const isHard = logicalOr(
    logicalAnd(same, greater(fixed, nearest)),
    logicalAnd(different, less(fixed, furthest)),
  );
  const { near, far } = costs(distances, options);
  return sum(where(isHard, where(same, near, far), 0));
}

/** The extreme of those that count where there are at least two of them, else the mean of the others. */
function boundOf(distances: Tensor, counting: Tensor, extreme: Tensor, others: Tensor): Tensor {
  const number = (chosen: Tensor): Tensor => sum(cast(chosen, distances.dtype));
  const mean = div(sum(where(others, distances, 0)), maximum(number(others), 1));
  return where(greater(number(counting), 1), extreme, mean);
}

function costs(
  distances: Tensor,
  { margin = 0.5 }: ContrastiveOptions,
): { readonly near: Tensor; readonly far: Tensor } {
  const lack = maximum(sub(margin, distances), 0);
  return { near: mul(distances, distances), far: mul(lack, lack) };
}

function checkPairs(name: string, distances: Tensor, labels: Tensor): void {
  if (distances.shape.length === 1 && distances.shape.join() === labels.shape.join()) return;
  throw mismatch(name, "distances [N] and labels [N]", distances, labels);
}

function mismatch(name: string, needed: string, first: Tensor, second: Tensor): ShapeError {
  const got = [first, second].map(({ shape }) => `[${shape.join(", ")}]`).join(" and ");
  return new ShapeError(name, `needs ${needed}, got ${got}.`, [first, second]);
}
