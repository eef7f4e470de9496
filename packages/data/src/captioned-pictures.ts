import { checkWhole } from "./check.ts";
import type { DatasetContent } from "./dataset.ts";
import { DataError } from "./errors.ts";

/** What pictures with captions are made of. */
export interface CaptionedContent
  extends Pick<DatasetContent, "images" | "height" | "width" | "channels"> {
  /** What each picture shows, in its order. */
  readonly captions: readonly string[];
}

/**
 * Pictures of one size with a caption each, held in memory as bytes with the channels last.
 *
 * @throws DataError when there are not as many captions as pictures.
 */
export class CaptionedPictures implements CaptionedContent {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly captions: readonly string[];

  constructor({ images, height, width, channels, captions }: CaptionedContent) {
    const bytes = captions.length * height * width * channels;
    if (images.length !== bytes) {
      throw new DataError(
        `CaptionedPictures: ${captions.length} pictures of ${height} x ${width} x ${channels} take ${bytes} bytes, ` +
          `got ${images.length}: give as many captions as pictures.`,
      );
    }
    this.images = images;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.captions = [...captions];
  }

  /** How many pictures there are. */
  get size(): number {
    return this.captions.length;
  }

  /** How many bytes one picture takes. */
  get imageBytes(): number {
    return this.height * this.width * this.channels;
  }

  /**
   * The pictures at the given places, in that order, copied.
   *
   * @throws DataError when an index is not a place of this set.
   */
  subset(places: ArrayLike<number>): CaptionedPictures {
    const { height, width, channels, imageBytes } = this;
    const images = new Uint8Array(places.length * imageBytes);
    const captions = Array.from(places, (place, i) => {
      checkWhole("subset: a place", place, 0);
      const caption = this.captions[place];
      if (caption === undefined) {
        throw new DataError(`subset: there is no picture ${place}: there are ${this.size}.`);
      }
      images.set(
        this.images.subarray(place * imageBytes, (place + 1) * imageBytes),
        i * imageBytes,
      );
      return caption;
    });
    return new CaptionedPictures({ images, height, width, channels, captions });
  }
}
