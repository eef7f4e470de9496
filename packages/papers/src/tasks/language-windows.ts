// B windows, T tokens

import { DataError } from "@quire/data";
import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import type { TokenStream } from "./language-data.ts";

/** Windows of texts, and the token that follows each of their tokens. */
export interface LanguageBatch {
  /** int32 `[B, T]` */
  readonly ids: HostTensor<"int32">;
  /** int32 `[B, T]` */
  readonly next: HostTensor<"int32">;
}

/** How a stream is cut into batches. */
export interface WindowOptions {
  /** Windows a batch. */
  readonly batchSize: number;
  /** Tokens of a window. */
  readonly context: number;
  readonly seed: number;
  readonly epoch: number;
  /** The first batch to yield. */
  readonly start: number;
}

/** How many whole windows a stream has, wherever the first one starts. */
export function windowCount({ tokens }: TokenStream, context: number): number {
  return Math.max(0, Math.floor((tokens.length - 1) / context));
}

/**
 * The most tokens of a window for streams so short that the wanted one does not fit.
 *
 * @throws DataError when there is nothing to learn from.
 */
export function contextFor(streams: readonly TokenStream[], wanted: number): number {
  const shortest = Math.min(...streams.map(({ tokens }) => tokens.length));
  if (shortest < 3) {
    throw new DataError(
      `the text is too short: it has ${shortest} tokens to learn from or to measure on; give more text.`,
    );
  }
  return Math.min(wanted, shortest - 1);
}

/**
 * An epoch of batches, all of one size: windows side by side, which start somewhere else in every epoch and come in
 * an order of its own; both depend on seed and epoch alone.
 */
export function* windowBatches(
  stream: TokenStream,
  { batchSize, context, seed, epoch, start }: WindowOptions,
): Generator<LanguageBatch> {
  const random = new Random(seed).fork("windows").fork(epoch);
  const { tokens } = stream;
  const count = windowCount(stream, context);
  const spare = tokens.length - 1 - count * context;
  const first = spare === 0 ? 0 : Math.floor(random.uniform() * (spare + 1));
  const order = random.permutation(count);
  for (let batch = start; (batch + 1) * batchSize <= count; batch++) {
    const places = order.subarray(batch * batchSize, (batch + 1) * batchSize);
    yield batchAt(
      tokens,
      Array.from(places, (place) => first + place * context),
      context,
    );
  }
}

/** The windows that start at places of a stream. */
export function batchAt(
  tokens: Int32Array,
  places: readonly number[],
  context: number,
): LanguageBatch {
  const ids = new Int32Array(places.length * context);
  const next = new Int32Array(places.length * context);
  places.forEach((place, row) => {
    ids.set(tokens.subarray(place, place + context), row * context);
    next.set(tokens.subarray(place + 1, place + 1 + context), row * context);
  });
  const shape = [places.length, context];
  return { ids: hostTensor(ids, shape, "int32"), next: hostTensor(next, shape, "int32") };
}
