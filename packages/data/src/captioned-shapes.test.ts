import { expect, test } from "vitest";
import { CaptionedPictures } from "./captioned-pictures.ts";
import {
  backgroundColours,
  captionedShapes,
  sceneCaption,
  shapeColours,
  shapeScenes,
} from "./captioned-shapes.ts";

/** How many pixels of a picture are nearer to a colour than to another. */
function nearer(image: Uint8Array, colour: readonly number[], other: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < image.length; i += 3) {
    const away = (to: readonly number[]): number =>
      to.reduce((sum, value, c) => sum + ((image[i + c] as number) - value) ** 2, 0);
    count += Number(away(colour) < away(other));
  }
  return count;
}

test("captions name all 80 scenes differently", () => {
  expect(shapeScenes).toHaveLength(80);
  expect(new Set(shapeScenes.map(sceneCaption)).size).toBe(80);
  expect(sceneCaption(shapeScenes[0] as (typeof shapeScenes)[number])).toBe(
    "a small red circle on black",
  );
});

test("pictures show the colours and the size that their captions name", () => {
  const { pictures, scenes } = captionedShapes({ size: 16, count: 60, seed: 2 });
  const areas = { small: [] as number[], large: [] as number[] };
  scenes.forEach((scene, i) => {
    expect(pictures.captions[i]).toBe(sceneCaption(scene));
    const image = pictures.images.subarray(i * 768, (i + 1) * 768);
    const area = nearer(image, shapeColours[scene.colour], backgroundColours[scene.background]);
    expect(area).toBeGreaterThan(5);
    if (scene.shape === "square") areas[scene.size].push(area);
  });
  expect(Math.min(...areas.large)).toBeGreaterThan(Math.max(...areas.small));
});

test("the same seed draws the same, and scenes can be given", () => {
  const draw = (seed: number) => captionedShapes({ size: 12, count: 5, seed }).pictures;
  expect(draw(1).images).toEqual(draw(1).images);
  expect(draw(1).images).not.toEqual(draw(2).images);
  const [one] = shapeScenes.slice(7, 8) as [(typeof shapeScenes)[number]];
  const { scenes } = captionedShapes({ size: 12, count: 3, seed: 1, scenes: [one] });
  expect(scenes).toEqual([one, one, one]);
});

test("pictures are chosen by their places, with their captions", () => {
  const { pictures } = captionedShapes({ size: 8, count: 4, seed: 1 });
  const some = pictures.subset([3, 1]);
  expect(some.captions).toEqual([pictures.captions[3], pictures.captions[1]]);
  expect(some.images.subarray(0, some.imageBytes)).toEqual(
    pictures.images.subarray(3 * pictures.imageBytes),
  );
  expect(() => pictures.subset([4])).toThrow("subset: there is no picture 4: there are 4.");
  expect(
    () => new CaptionedPictures({ ...pictures, captions: ["one"], images: new Uint8Array(3) }),
  ).toThrow(
    "CaptionedPictures: 1 pictures of 8 x 8 x 3 take 192 bytes, got 3: give as many captions as pictures.",
  );
});
