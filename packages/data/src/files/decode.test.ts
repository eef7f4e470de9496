import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { readImage } from "./decode.ts";
import { imageFolder } from "./image-folder.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quire-image-"));
  for (const [place, name] of ["a", "b"].entries()) {
    await mkdir(join(folder, name));
    const values = Uint8Array.from({ length: 9 * 11 * 3 }, (_, i) => (i * 37 + 50 * place) % 256);
    const image = sharp(values, { raw: { width: 11, height: 9, channels: 3 } });
    await image.png().toFile(join(folder, name, "image.png"));
  }
});
afterAll(() => rm(folder, { recursive: true }));

test.each([1, 3] as const)(
  "an image is read as the data set read it, %d channels",
  async (channels) => {
    const size = { height: 5, width: 6, channels };
    const data = await imageFolder(folder, { size, channels });
    const image = await readImage(join(folder, "b", "image.png"), size);
    expect(image).toEqual(data.images.subarray(data.imageBytes));
  },
);

test("a missing image, a folder, another format and other channels are named", async () => {
  const size = { height: 4, width: 4, channels: 3 };
  const failure = (path: string, channels = 3): Promise<unknown> =>
    readImage(path, { ...size, channels }).then(
      () => undefined,
      (error: unknown) => error,
    );
  const missing = join(folder, "nowhere.png");
  expect(await failure(missing)).toEqual(
    new DataError(`image "${missing}" does not exist: check the path.`),
  );
  expect(await failure(folder)).toEqual(
    new DataError(`"${folder}" is a folder: pass the path of one image file.`),
  );
  const broken = join(folder, "broken.png");
  await writeFile(broken, "nothing");
  expect(await failure(broken)).toEqual(
    new DataError(`"${broken}" is not a whole PNG, JPEG or WebP image: replace it or delete it.`),
  );
  const image = join(folder, "a", "image.png");
  expect(await failure(image, 2)).toEqual(
    new DataError("readImage: channels must be 1 (grey) or 3, got 2."),
  );
});
