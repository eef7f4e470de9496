import { type EncodedPictures, pictureGrid, type TextToImageSystem } from "@quire/papers";
import { escaped, type Section } from "./html.ts";
import { pngUrl } from "./pictures.ts";

/** Captions that a report draws, and pictures of each. */
const CAPTIONS = 6;
const EACH = 6;

/** What a report shows of a system that draws: captions it has not seen, the picture that belongs to each, and drawings. */
export async function textToImageSections(
  system: TextToImageSystem,
  { pictures }: EncodedPictures,
): Promise<Section[]> {
  const step = Math.max(1, Math.floor(pictures.size / CAPTIONS));
  const places = Array.from({ length: pictures.size }, (_, i) => i).filter(
    (i) => i % step === 0 && i / step < CAPTIONS,
  );
  const prompts = places.flatMap((place) =>
    Array.from({ length: EACH }, () => pictures.captions[place] as string),
  );
  const drawn = await system.drawings(prompts, { seed: 1 });
  const { height, width, channels, imageBytes } = pictures;
  const rows: string[] = [];
  for (const [row, place] of places.entries()) {
    const real = pictures.images.subarray(place * imageBytes, (place + 1) * imageBytes);
    const own = drawn.subarray(row * EACH * imageBytes, (row + 1) * EACH * imageBytes);
    const grid = pictureGrid(own, { height, width, channels }, EACH);
    const caption = escaped(pictures.captions[place] as string);
    rows.push(
      `<tr><td>${caption}</td><td>${await picture(real, { height, width, channels }, "picture")}</td>` +
        `<td>${await picture(grid.images, { ...grid, channels }, "drawings")}</td></tr>`,
    );
  }
  const head = "<tr><th>caption</th><th>its picture</th><th>drawn, from other noise each</th></tr>";
  return [
    {
      title: "Drawn from captions it has not seen (20 steps, guidance 4.5)",
      body: `<table>${head}${rows.join("\n")}</table>`,
    },
  ];
}

/** Shown twice or more as large where pictures are small. */
const SHOWN_HEIGHT = 64;

async function picture(
  bytes: Uint8Array,
  size: { readonly height: number; readonly width: number; readonly channels: number },
  alt: string,
): Promise<string> {
  const times = Math.max(1, Math.round(SHOWN_HEIGHT / size.height));
  const style = `style="image-rendering: pixelated" height="${times * size.height}"`;
  return `<img alt="${alt}" ${style} src="${await pngUrl(bytes, size)}">`;
}
