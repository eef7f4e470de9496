/** Words as symbols, each word with how often it comes. */
export interface CountedWords {
  readonly symbols: Int32Array[];
  readonly counts: readonly number[];
}

/** How merges are learned. */
export interface MergeOptions {
  /** Where to stop: how many symbols there may be. */
  readonly size: number;
  /** A pair that comes less often than this is not merged. */
  readonly minimum: number;
  /** The token of two tokens put together. */
  readonly join: (left: string, right: string) => string;
}

/** Two symbols side by side, how often they come, and in which words. */
interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** The count that the queue knows. */
  queued: number;
  /** Words that hold the pair, or have held it. */
  readonly words: number[];
}

/**
 * Learns merges of byte-pair encoding (Sennrich et al. 2016, section 3.2): the pair that comes most often becomes
 * a symbol, again and again; of pairs that are equal in that, the one of older symbols goes first.
 *
 * @param tokens the tokens of the first symbols; those of new symbols are appended.
 * @returns the pairs of symbols in the order in which they were merged.
 */
export function learnMerges(
  words: CountedWords,
  tokens: string[],
  { size, minimum, join }: MergeOptions,
): (readonly [number, number])[] {
  const known = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new PairTable(words);
  const merges: (readonly [number, number])[] = [];
  while (tokens.length < size) {
    const best = pairs.takeBest();
    if (!best || best.count < minimum) break;
    const { left, right } = best;
    const token = join(tokens[left] as string, tokens[right] as string);
    const symbol = known.get(token) ?? tokens.push(token) - 1;
    known.set(token, symbol);
    merges.push([left, right]);
    pairs.merge(best, symbol);
  }
  return merges;
}

/** All pairs of the words, kept up to date while symbols are merged. */
class PairTable {
  readonly #words: CountedWords;
  readonly #pairs = new Map<number, Pair>();
  readonly #queue = new PairQueue();
  /** Pairs that have grown since the queue last saw them. */
  readonly #grown = new Set<Pair>();

  constructor(words: CountedWords) {
    this.#words = words;
    words.symbols.forEach((symbols, word) => {
      this.#count(symbols, word, words.counts[word] as number);
    });
    this.#queueGrown();
  }

  /** The pair that comes most often. */
  takeBest(): Pair | undefined {
    for (;;) {
      const pair = this.#queue.take();
      if (!pair || pair.count === pair.queued) return pair;
      pair.queued = pair.count;
      if (pair.count > 0) this.#queue.put(pair);
    }
  }

  /** Puts a symbol in the place of a pair wherever it stands. */
  merge({ left, right, words }: Pair, symbol: number): void {
    let last = -1;
    for (const word of words) {
      if (word === last) continue;
      last = word;
      const before = this.#words.symbols[word] as Int32Array;
      const after = replaced(before, left, right, symbol);
      if (after === before) continue;
      const count = this.#words.counts[word] as number;
      this.#count(before, word, -count);
      this.#count(after, word, count);
      this.#words.symbols[word] = after;
    }
    this.#queueGrown();
  }

  #count(symbols: Int32Array, word: number, count: number): void {
    for (let i = 1; i < symbols.length; i++) {
      const pair = this.#pairOf(symbols[i - 1] as number, symbols[i] as number);
      pair.count += count;
      if (count < 0) continue;
      this.#grown.add(pair);
      if (pair.words.at(-1) !== word) pair.words.push(word);
    }
  }

  #pairOf(left: number, right: number): Pair {
    const key = left * 2 ** 24 + right;
    let pair = this.#pairs.get(key);
    if (!pair) {
      pair = { left, right, count: 0, queued: 0, words: [] };
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  #queueGrown(): void {
    for (const pair of this.#grown) {
      if (pair.count <= pair.queued) continue;
      pair.queued = pair.count;
      this.#queue.put(pair);
    }
    this.#grown.clear();
  }
}

function replaced(symbols: Int32Array, left: number, right: number, symbol: number): Int32Array {
  const first = pairAt(symbols, left, right, 0);
  if (first < 0) return symbols;
  const kept = symbols.slice();
  let length = first;
  for (let i = first; i < symbols.length; i++) {
    const merges = symbols[i] === left && symbols[i + 1] === right;
    kept[length++] = merges ? symbol : (symbols[i] as number);
    if (merges) i++;
  }
  return kept.slice(0, length);
}

function pairAt(symbols: Int32Array, left: number, right: number, start: number): number {
  for (let i = start; i + 1 < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) return i;
  }
  return -1;
}

interface Entry {
  readonly pair: Pair;
  readonly count: number;
}

/** A heap of pairs, the one that comes most often first; a pair may be in it more than once. */
class PairQueue {
  readonly #heap: Entry[] = [];

  put(pair: Pair): void {
    const entry = { pair, count: pair.queued };
    let at = this.#heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent];
      if (!above || !isBefore(entry, above)) break;
      this.#heap[at] = above;
      at = parent;
    }
    this.#heap[at] = entry;
  }

  take(): Pair | undefined {
    const top = this.#heap[0];
    const last = this.#heap.pop();
    if (top && last && this.#heap.length > 0) this.#sink(last);
    return top?.pair;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const one = heap[child];
      const two = heap[child + 1];
      if (one && two && isBefore(two, one)) child++;
      const smallest = heap[child];
      if (!smallest || !isBefore(smallest, entry)) break;
      heap[at] = smallest;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.pair.left === b.pair.left ? a.pair.right < b.pair.right : a.pair.left < b.pair.left;
}
