import type { Dataset } from "@quire/data";
import type { ImagePrediction } from "@quire/papers";
import { percent } from "../numbers.ts";
import { escaped } from "./html.ts";

/** Pictures that a report shows, at most; half of them wrong ones where there are enough. */
const SHOWN = 16;

/** Shows some pictures with what was said of them; wrong ones come first. */
export async function pictureGallery(
  dataset: Dataset,
  predictions: readonly ImagePrediction[],
): Promise<string> {
  const isRight = (place: number): boolean =>
    predictions[place]?.label === dataset.classes[dataset.labels[place] as number];
  const places = predictions.map((_, place) => place);
  const wrong = spaced(
    places.filter((place) => !isRight(place)),
    SHOWN / 2,
  );
  const right = spaced(places.filter(isRight), SHOWN - wrong.length);
  const figures = await Promise.all(
    [...wrong, ...right].map(async (place) => {
      const label = dataset.classes[dataset.labels[place] as number] ?? "";
      const said = predictions[place] as ImagePrediction;
      const share = percent(Math.max(...said.probabilities));
      const mark = isRight(place) ? "right" : "wrong";
      const text = isRight(place) ? label : `${said.label}, but is ${label}`;
      return (
        `<figure><img alt="${escaped(label)}" src="${await pictureUrl(dataset, place)}">` +
        `<figcaption class="${mark}">${escaped(text)} (${share})</figcaption></figure>`
      );
    }),
  );
  return `<div class="pictures">\n${figures.join("\n")}\n</div>`;
}

/** At most `count` of the places, spread over all of them. */
function spaced(places: readonly number[], count: number): number[] {
  const step = Math.max(1, places.length / count);
  const chosen = Array.from({ length: Math.min(count, places.length) }, (_, i) => i);
  return chosen.map((i) => places[Math.floor(i * step)] as number);
}

function pictureUrl(dataset: Dataset, place: number): Promise<string> {
  const { imageBytes, images } = dataset;
  return pngUrl(images.subarray(place * imageBytes, (place + 1) * imageBytes), dataset);
}

/** Pixels, `[H, W, C]`, as the address of a PNG that holds them itself. */
export async function pngUrl(
  bytes: Uint8Array,
  { height, width, channels }: Pick<Dataset, "height" | "width" | "channels">,
): Promise<string> {
  const raw = { width, height, channels: channels as 1 | 3 };
  // Loaded only here: it takes longer than most commands.
  const { default: sharp } = await import("sharp");
  const png = await sharp(bytes, { raw }).png().toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
