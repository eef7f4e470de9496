import { Random } from "@quire/tensor";
import { CaptionedPictures } from "./captioned-pictures.ts";
import { checkWhole } from "./check.ts";
import { isInside, type Shape, shapeNames } from "./shapes.ts";

/** Colours of captioned shapes, by the words that captions use. */
export const shapeColours = {
  red: [214, 48, 49],
  yellow: [241, 196, 15],
  green: [39, 174, 96],
  blue: [41, 98, 214],
  white: [236, 240, 241],
} as const satisfies Readonly<Record<string, readonly [number, number, number]>>;

/** A colour's word. */
export type ShapeColour = keyof typeof shapeColours;

/** Colours behind a shape. */
export const backgroundColours = {
  black: [24, 24, 28],
  purple: [108, 52, 150],
} as const satisfies Readonly<Record<string, readonly [number, number, number]>>;

/** A background's word. */
export type BackgroundColour = keyof typeof backgroundColours;

const sizes = { small: 0.24, large: 0.42 } as const;

/** What a caption says that a picture shows. */
export interface ShapeScene {
  readonly size: keyof typeof sizes;
  readonly colour: ShapeColour;
  readonly shape: Shape;
  readonly background: BackgroundColour;
}

/** Everything that captions can say: 2 sizes, 5 colours, 4 shapes, 2 backgrounds. */
export const shapeScenes: readonly ShapeScene[] = (["small", "large"] as const).flatMap((size) =>
  (Object.keys(shapeColours) as ShapeColour[]).flatMap((colour) =>
    shapeNames.flatMap((shape) =>
      (Object.keys(backgroundColours) as BackgroundColour[]).map((background) => {
        return { size, colour, shape, background };
      }),
    ),
  ),
);

/** A scene in words, such as "a small red circle on black". */
export function sceneCaption({ size, colour, shape, background }: ShapeScene): string {
  return `a ${size} ${colour} ${shape} on ${background}`;
}

/**
 * Draws one shape a picture, of a size, a colour and on a background that its caption names, at a place that the caption
 * leaves open: captions whose obedience can be measured. Scenes are drawn from all, or from those given.
 *
 * @param options `size` is the side in pixels.
 * @throws DataError when a size is out of range.
 */
export function captionedShapes(options: {
  readonly size: number;
  readonly count: number;
  readonly seed: number;
  readonly scenes?: readonly ShapeScene[];
}): { readonly pictures: CaptionedPictures; readonly scenes: readonly ShapeScene[] } {
  const { size, count, seed, scenes: all = shapeScenes } = options;
  checkWhole("captionedShapes: size", size, 8);
  checkWhole("captionedShapes: count", count, 0);
  const bytes = size * size * 3;
  const images = new Uint8Array(count * bytes);
  const random = new Random(seed).fork("captioned shapes");
  const scenes = Array.from({ length: count }, (_, i) => {
    const own = random.fork(i);
    const scene = all[own.integer(all.length)] as ShapeScene;
    drawScene(images.subarray(i * bytes, (i + 1) * bytes), size, scene, own);
    return scene;
  });
  const captions = scenes.map(sceneCaption);
  const pictures = new CaptionedPictures({
    ...{ images, height: size, width: size, channels: 3, captions },
  });
  return { pictures, scenes };
}

/** Points a pixel, each way, whose mean makes its edge smooth. */
const POINTS = 3;

function drawScene(image: Uint8Array, size: number, scene: ShapeScene, random: Random): void {
  const radius = size * sizes[scene.size];
  const [centreX, centreY] = [0, 1].map(() => radius + (size - 2 * radius) * random.uniform()) as [
    number,
    number,
  ];
  const [front, back] = [shapeColours[scene.colour], backgroundColours[scene.background]];
  for (let place = 0; place < size * size; place++) {
    const [y, x] = [Math.floor(place / size), place % size];
    let hits = 0;
    for (let point = 0; point < POINTS * POINTS; point++) {
      const px = x + ((point % POINTS) + 0.5) / POINTS;
      const py = y + (Math.floor(point / POINTS) + 0.5) / POINTS;
      hits += Number(isInside(scene.shape, (px - centreX) / radius, (py - centreY) / radius));
    }
    const share = hits / (POINTS * POINTS);
    for (let channel = 0; channel < 3; channel++) {
      const [f, b] = [front[channel] as number, back[channel] as number];
      image[3 * place + channel] = Math.round(share * f + (1 - share) * b);
    }
  }
}
