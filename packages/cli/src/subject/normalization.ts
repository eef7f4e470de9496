import type { ChannelStatistics, Dataset } from "@quire/data";
import { UsageError } from "../errors.ts";

/** Ways to normalise pictures; who trained a model chose one of them. */
export const normalizations = ["imagenet", "half", "unit", "bytes", "data"] as const;

/** How pictures are normalised before a model. */
export type Normalization = (typeof normalizations)[number];

const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/**
 * The statistics of a way to normalise: those of ImageNet's colours, values from -1 to 1, from 0 to 1, from 0 to 255,
 * or the pictures' own.
 *
 * @throws UsageError when ImageNet's are asked for grey pictures.
 */
export function statisticsOf(normalization: Normalization, pictures: Dataset): ChannelStatistics {
  const all = (mean: number, deviation: number): ChannelStatistics => ({
    mean: new Array<number>(pictures.channels).fill(mean),
    deviation: new Array<number>(pictures.channels).fill(deviation),
  });
  switch (normalization) {
    case "imagenet":
      if (pictures.channels === 3) return IMAGENET;
      throw new UsageError(
        "--normalize imagenet is of colours, and the model takes grey pictures: use half, unit, bytes or data.",
      );
    case "half":
      return all(0.5, 0.5);
    case "unit":
      return all(0, 1);
    case "bytes":
      return all(0, 1 / 255);
    case "data":
      return pictures.statistics();
  }
}
