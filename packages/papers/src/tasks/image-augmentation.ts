import {
  type Augmentation,
  compose,
  cutmix,
  horizontalFlip,
  mixup,
  oneOf,
  randAugment,
  randomCrop,
} from "@quire/data";
import type { ImageAugmentation } from "./image-target.ts";

/** Makes the changes that a recipe asks for, in the order of its fields; nothing where it asks for none. */
export function augmentationOf(recipe: ImageAugmentation): Augmentation | undefined {
  const mixes = [
    ...(recipe.mixup === undefined ? [] : [mixup({ alpha: recipe.mixup })]),
    ...(recipe.cutmix === undefined ? [] : [cutmix({ alpha: recipe.cutmix })]),
  ];
  const steps = [
    ...(recipe.crop === undefined ? [] : [randomCrop({ padding: recipe.crop })]),
    ...(recipe.flip ? [horizontalFlip()] : []),
    ...(recipe.randAugment === undefined ? [] : [randAugment(recipe.randAugment)]),
    ...(mixes.length === 0 ? [] : [oneOf(...mixes)]),
  ];
  return steps.length === 0 ? undefined : compose(...steps);
}
