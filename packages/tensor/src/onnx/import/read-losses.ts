import type { Tensor } from "../../graph/node.ts";
import {
  cast,
  div,
  equal,
  gather,
  gatherElements,
  logSoftmax,
  mean,
  mul,
  neg,
  reshape,
  sum,
  unsqueeze,
  where,
} from "../../ops/index.ts";
import type { OnnxNode, Read, ReaderTable } from "./onnx-node.ts";

/** Minus the log-probability of each label, weighted by class, without those that are to be ignored. */
function negativeLogLikelihood(node: OnnxNode, x: Tensor, given: Tensor, weight?: Tensor): Tensor {
  const labels = cast(given, "int64");
  const ignored = node.has("ignore_index") ? node.int("ignore_index", 0) : undefined;
  const isIgnored = ignored === undefined ? undefined : equal(labels, ignored);
  const safe = isIgnored ? where(isIgnored, 0, labels) : labels;
  const picked = gatherElements(x, unsqueeze(safe, [1]), 1);
  const losses = neg(reshape(picked, labels.shape));
  const byClass = weight && gather(weight, safe);
  const counts = isIgnored
    ? where(isIgnored, 0, byClass ?? cast(equal(safe, safe), x.dtype))
    : byClass;
  const weighted = counts ? mul(losses, counts) : losses;
  const reduction = node.text("reduction", "mean");
  if (reduction === "none") return weighted;
  if (reduction === "sum") return sum(weighted);
  return counts ? div(sum(weighted), sum(counts)) : mean(weighted);
}

function crossEntropy(node: OnnxNode): Read {
  const logProbabilities = logSoftmax(node.tensor(0), { axis: 1 });
  const loss = negativeLogLikelihood(node, logProbabilities, node.tensor(1), node.optional(2));
  return [loss, logProbabilities];
}

/** Losses of classifiers. */
export const lossReaders: ReaderTable = {
  NegativeLogLikelihoodLoss: (node) =>
    negativeLogLikelihood(node, node.tensor(0), node.tensor(1), node.optional(2)),
  SoftmaxCrossEntropyLoss: crossEntropy,
};
