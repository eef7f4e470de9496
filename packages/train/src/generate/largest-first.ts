/**
 * Tokens in the order of their logits, the largest first and of equal ones the smaller token: from a heap, so
 * that taking a few of many costs little.
 */
export function* largestFirst(
  logits: Float32Array,
  tokens: ArrayLike<number>,
): Generator<number, void> {
  const heap = Int32Array.from(tokens);
  const isBefore = (a: number, b: number): boolean => {
    const [left, right] = [logits[a] as number, logits[b] as number];
    return left > right || (left === right && a < b);
  };
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i, heap.length, isBefore);
  for (let size = heap.length; size > 0; size--) {
    yield heap[0] as number;
    heap[0] = heap[size - 1] as number;
    sink(heap, 0, size - 1, isBefore);
  }
}

/** Moves an item down until nothing below it should stand before it. */
function sink(
  heap: Int32Array,
  from: number,
  size: number,
  isBefore: (a: number, b: number) => boolean,
): void {
  const item = heap[from] as number;
  let at = from;
  for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
    const right = child + 1;
    const next =
      right < size && isBefore(heap[right] as number, heap[child] as number) ? right : child;
    if (!isBefore(heap[next] as number, item)) break;
    heap[at] = heap[next] as number;
    at = next;
  }
  heap[at] = item;
}
