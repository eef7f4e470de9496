import {
  type CaptionedIcon,
  gridIcon,
  iconPlaces,
  iconSizes,
  type PointScheme,
  shapeIcons,
} from "@quire/data";
import { type IconLearningData, iconLearningData } from "../tasks/icon-data.ts";
import { distance, largest, overlap, type Picture, pictureOf } from "./pictures.ts";

const GRID = 32;
const shapes = ["triangle", "square", "pentagon", "hexagon", "star", "ring"] as const;
/** The most tokens of a made icon, and three for a span that is cut out. */
const longest = { point: 64, coordinates: 96 } as const satisfies Record<PointScheme, number>;

/** A picture whose caption is known. */
export interface Known extends Picture {
  readonly caption: readonly string[];
}

/** Polygons, stars and rings. */
export function made(count: number, seed: number): CaptionedIcon[] {
  return shapeIcons({ count, seed, shapes, hollow: 0, grid: GRID });
}

/** Made icons to learn from and to measure on. */
export function madeData(icons: readonly CaptionedIcon[], scheme: PointScheme): IconLearningData {
  return iconLearningData(icons, {
    ...{ grid: GRID, scheme, length: longest[scheme], mostWords: 100, longestCaption: 4 },
    ...{ validation: 0.05, seed: 0 },
  });
}

/** What a made icon shows. */
export function captionOf({ captions: [first = []] }: CaptionedIcon): readonly string[] {
  return first;
}

/** A made icon as it is seen. */
export async function knownOf(each: CaptionedIcon): Promise<Known> {
  return { ...(await pictureOf(gridIcon(each.icon, GRID))), caption: captionOf(each) };
}

const isPlaced = (word: string): boolean =>
  ([...iconSizes, ...iconPlaces] as readonly string[]).includes(word);

/**
 * Whether a picture shows what a caption says, by the pictures nearest to it: what it shows is what the one shows whose
 * shape overlaps most, whatever its size and place; its size and place are those of the one that stands nearest.
 */
export function isShown(
  known: readonly Known[],
  picture: Picture,
  caption: readonly string[],
): boolean {
  const shape = largest(known, ({ pixels }) => overlap(pixels, picture.pixels)).caption;
  const place = largest(known, ({ extent }) => -distance(extent, picture.extent)).caption;
  const said = [...shape.filter((word) => !isPlaced(word)), ...place.filter(isPlaced)];
  return [...said].sort().join() === [...caption].sort().join();
}
