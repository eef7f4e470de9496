import { type HostTensor, hostTensor } from "@quire/tensor";
import type { ChannelStatistics, DatasetContent } from "./dataset.ts";
import { DataError } from "./errors.ts";

/** The size of stored images: pixels down, pixels across, values a pixel. */
export type ImageSize = Pick<DatasetContent, "height" | "width" | "channels">;

/**
 * Makes a network's input of stored images, `[N, H, W, C]` bytes -> `[N, C, H, W]` float32: 255 becomes 1, then
 * every channel is normalised by the given mean and deviation (a deviation of 0 counts as 1).
 *
 * @throws DataError when the bytes are not a whole number of images, or the statistics are of other channels.
 */
export function imageTensor(
  images: Uint8Array,
  size: ImageSize,
  normalize?: ChannelStatistics,
): HostTensor<"float32"> {
  const { height, width, channels } = size;
  const bytes = height * width * channels;
  if (images.length % bytes !== 0) {
    throw new DataError(
      `imageTensor: ${images.length} bytes are not a whole number of ${height} x ${width} x ` +
        `${channels} images: pass images of that size.`,
    );
  }
  const write = planeWriter(images, size, valueTable(channels, normalize));
  const values = new Float32Array(images.length);
  const count = images.length / bytes;
  for (let place = 0; place < count; place++) write(place, values, place * bytes);
  return hostTensor(values, [count, channels, height, width], "float32");
}

/**
 * What every byte becomes in every channel, `[C, 256]`.
 *
 * @throws DataError when the statistics do not have one entry a channel.
 */
export function valueTable(channels: number, normalize?: ChannelStatistics): Float32Array {
  const { offset, scale } = normalizer(channels, normalize);
  const table = new Float32Array(channels * 256);
  for (let i = 0; i < table.length; i++) {
    const channel = i >> 8;
    table[i] = ((i & 255) / 255 - (offset[channel] as number)) * (scale[channel] as number);
  }
  return table;
}

/** Subtract `offset`, then multiply by `scale`: the two numbers of every channel. */
export function normalizer(
  channels: number,
  normalize?: ChannelStatistics,
): { offset: Float64Array; scale: Float64Array } {
  const offset = new Float64Array(channels);
  const scale = new Float64Array(channels).fill(1);
  if (normalize) {
    const { mean, deviation } = normalize;
    if (mean.length !== channels || deviation.length !== channels) {
      throw new DataError(
        `normalize: the images have ${channels} channels, but there are ${mean.length} means and ` +
          `${deviation.length} deviations: give one of each a channel.`,
      );
    }
    offset.set(mean);
    deviation.forEach((value, channel) => {
      scale[channel] = value > 0 ? 1 / value : 1;
    });
  }
  return { offset, scale };
}

/** Writes the image at a place of `[N, H, W, C]` bytes as planes, one a channel, from `start` on. */
export type PlaneWriter = (place: number, to: Float32Array, start: number) => void;

/** A writer of stored images whose values are looked up in a table of `valueTable`. */
export function planeWriter(
  images: Uint8Array,
  { height, width, channels }: ImageSize,
  table: Float32Array,
): PlaneWriter {
  const pixels = height * width;
  return (place, to, start) => {
    // Held in locals because the engine reads a closure's variables again at every pixel.
    const [bytes, values, step] = [images, table, channels];
    for (let channel = 0; channel < step; channel++) {
      const base = channel << 8;
      const end = start + (channel + 1) * pixels;
      let from = place * pixels * step + channel;
      for (let i = start + channel * pixels; i < end; i++) {
        to[i] = values[base + (bytes[from] as number)] as number;
        from += step;
      }
    }
  };
}
