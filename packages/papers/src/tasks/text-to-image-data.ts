// N pictures, H rows, W columns, C channels, L caption tokens

import { type CaptionedPictures, DataError } from "@quire/data";
import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { type RecordTokenizer, trainRecordTokenizer } from "./record-tokenizer.ts";

/** Pictures with their captions as tokens. */
export interface EncodedPictures {
  readonly pictures: CaptionedPictures;
  /** Tokens of the captions, filled up, `[N, L]`. */
  readonly ids: Int32Array;
  readonly length: number;
}

/** Pictures to learn from, and pictures to measure on, of one tokenizer. */
export interface TextToImageData {
  readonly tokenizer: RecordTokenizer;
  readonly train: EncodedPictures;
  readonly validation: EncodedPictures;
}

/** How pictures are made into data. */
export interface TextToImageDataOptions {
  /** Share of the pictures that is kept apart. */
  readonly validation: number;
  /** The most tokens of the tokenizer that is trained on the captions. */
  readonly vocabulary: number;
  /** The most tokens of a caption; the longest one's, at most 48, unless said. */
  readonly length?: number;
  /** A tokenizer that was trained before. */
  readonly tokenizer?: RecordTokenizer;
  readonly seed: number;
}

/** A step of a training sees them. */
export interface PictureBatch {
  /** From -1 to 1, `[B, C, H, W]`. */
  readonly images: HostTensor;
  /** int32 `[B, L]` */
  readonly ids: HostTensor;
}

/** Fewer pictures than these teach nothing. */
const FEWEST = 8;
const LONGEST = 48;

/**
 * Keeps some of the pictures apart, and trains a tokenizer on the captions of the others.
 *
 * @throws DataError when there are too few pictures.
 */
export function textToImageData(
  pictures: CaptionedPictures,
  options: TextToImageDataOptions,
): TextToImageData {
  const { validation, seed } = options;
  const count = pictures.captions.length;
  if (count < FEWEST) {
    throw new DataError(
      `there are ${count} pictures with captions, and to learn from them takes at least ${FEWEST}: add more.`,
    );
  }
  const order = Array.from(new Random(seed).fork("validation").permutation(count));
  const kept = Math.min(count - 1, Math.max(1, Math.round(validation * count)));
  const train = pictures.subset(order.slice(kept).sort((a, b) => a - b));
  const apart = pictures.subset(order.slice(0, kept).sort((a, b) => a - b));
  const tokenizer = options.tokenizer ?? trainedOn(train.captions, options.vocabulary);
  const longest = Math.max(
    ...train.captions.map((caption) => tokenizer.encode(caption, LONGEST).length),
  );
  const length = options.length ?? longest;
  return {
    tokenizer,
    train: { pictures: train, length, ids: encodeCaptions(tokenizer, train.captions, length) },
    validation: { pictures: apart, length, ids: encodeCaptions(tokenizer, apart.captions, length) },
  };
}

function trainedOn(captions: readonly string[], size: number): RecordTokenizer {
  return trainRecordTokenizer(
    captions.map((caption) => [caption]),
    size,
  );
}

/** Captions as tokens, `[N, L]`, cut or filled up. */
export function encodeCaptions(
  tokenizer: RecordTokenizer,
  captions: readonly string[],
  length: number,
): Int32Array {
  const ids = new Int32Array(captions.length * length).fill(tokenizer.padding);
  captions.forEach((caption, row) => {
    ids.set(tokenizer.encode(tokenizer.serialize([caption]), length), row * length);
  });
  return ids;
}

/** Pictures at places as a network takes them, from -1 to 1, with their captions. */
export function picturesAt(
  { pictures, ids, length }: EncodedPictures,
  places: ArrayLike<number>,
): PictureBatch {
  const { height, width, channels, images } = pictures;
  const pixels = height * width;
  const values = new Float32Array(places.length * pixels * channels);
  const tokens = new Int32Array(places.length * length);
  for (let row = 0; row < places.length; row++) {
    const place = places[row] as number;
    const [from, to] = [place * pixels * channels, row * pixels * channels];
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < pixels; i++) {
        values[to + c * pixels + i] = (images[from + i * channels + c] as number) / 127.5 - 1;
      }
    }
    tokens.set(ids.subarray(place * length, (place + 1) * length), row * length);
  }
  return {
    images: hostTensor(values, [places.length, channels, height, width], "float32"),
    ids: hostTensor(tokens, [places.length, length], "int32"),
  };
}

/** An epoch of batches, all of one size, in an order that depends on seed and epoch alone. */
export function* pictureBatches(
  data: EncodedPictures,
  given: {
    /** Pictures a batch. */
    readonly size: number;
    readonly seed: number;
    readonly epoch: number;
    /** The first batch to yield. */
    readonly start: number;
  },
): Generator<PictureBatch> {
  const count = data.pictures.captions.length;
  const order = new Random(given.seed).fork("pictures").fork(given.epoch).permutation(count);
  for (let batch = given.start; (batch + 1) * given.size <= count; batch++) {
    yield picturesAt(data, order.subarray(batch * given.size, (batch + 1) * given.size));
  }
}

/** Pixels from -1 to 1, channels first, as bytes with the channels last. `[N, C, H, W] -> [N, H, W, C]` */
export function pictureBytes(
  values: ArrayLike<number>,
  { height, width, channels }: Pick<CaptionedPictures, "height" | "width" | "channels">,
): Uint8Array {
  const pixels = height * width;
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const [picture, rest] = [Math.floor(i / (pixels * channels)), i % (pixels * channels)];
    const [channel, place] = [Math.floor(rest / pixels), rest % pixels];
    const value = Math.round(127.5 * ((values[i] as number) + 1));
    bytes[picture * pixels * channels + place * channels + channel] = Math.max(
      0,
      Math.min(255, value),
    );
  }
  return bytes;
}
