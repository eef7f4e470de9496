// N items, K classes

/**
 * The area under the receiver operating characteristic: the probability that an item that is so scores higher than one that
 * is not, equal scores counting half (Hanley and McNeil 1982). 0.5 where all items are so, or none.
 *
 * @param scores `[N]`, higher for what is rather so.
 * @param positive whether the item in a place is so.
 */
export function areaUnderCurve(
  scores: ArrayLike<number>,
  positive: (place: number) => boolean,
): number {
  const order = Array.from({ length: scores.length }, (_, place) => place);
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [rankSum, positives] = [0, 0];
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    const score = scores[order[first] as number];
    while (end < order.length && scores[order[end] as number] === score) end++;
    // Ranks count from 1; equal scores share the mean of theirs.
    const rank = (first + 1 + end) / 2;
    for (let i = first; i < end; i++) {
      if (!positive(order[i] as number)) continue;
      rankSum += rank;
      positives++;
    }
    first = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return 0.5;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * The area under the curve of each class against all others, averaged over the classes that some items are of and others
 * are not; of two classes the area itself.
 *
 * @param probabilities `[N, K]`
 * @param labels `[N]`
 */
export function meanAreaUnderCurve(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  const rows = labels.length;
  let [sum, counted] = [0, 0];
  for (let label = classes === 2 ? 1 : 0; label < classes; label++) {
    const own = Array.from({ length: rows }, (_, row) => labels[row] === label);
    if (!own.includes(true) || !own.includes(false)) continue;
    const scores = own.map((_, row) => probabilities[row * classes + label] as number);
    sum += areaUnderCurve(scores, (place) => own[place] as boolean);
    counted++;
  }
  return counted === 0 ? 0.5 : sum / counted;
}
