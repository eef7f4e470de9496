import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import type { ImageFolderOptions, ReadProgress } from "./image-files.ts";
import { imageFolder } from "./image-folder.ts";

let root = "";
let made = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "quire-images-"));
});
afterAll(() => rm(root, { recursive: true }));

type Content = string | Uint8Array | Promise<Uint8Array>;

/** A new folder with these files, by their paths in it. */
async function folderOf(files: Readonly<Record<string, Content>>): Promise<string> {
  const folder = join(root, `case-${made++}`);
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), await content);
  }
  return folder;
}

/** An image file of one colour, in a format that loses nothing unless said. */
function plain(
  colour: string,
  { width = 4, height = 3, format = "png" as "png" | "jpeg" | "webp" } = {},
): Promise<Uint8Array> {
  const image = sharp({ create: { width, height, channels: 3, background: colour } });
  return image.toFormat(format, format === "png" ? {} : { quality: 100 }).toBuffer();
}

/** A PNG of grey values, row by row. */
function grey(values: readonly number[], width: number): Promise<Uint8Array> {
  const raw = { width, height: values.length / width, channels: 1 as const };
  return sharp(Uint8Array.from(values), { raw }).toColourspace("b-w").png().toBuffer();
}

function failure(path: string, options?: ImageFolderOptions): Promise<unknown> {
  return imageFolder(path, options).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("classes are the folders by name, with all images below, in colour", async () => {
  const folder = await folderOf({
    "zebra/b.png": plain("#ff0000"),
    "zebra/deep/er/a.JPG": plain("#0000ff", { format: "jpeg" }),
    "ant/c.webp": plain("#808080", { format: "webp" }),
    "ant/.hidden.png": "not an image",
    "ant/readme.txt": "not an image",
    ".git/config.png": "not an image",
    "__MACOSX/x.png": "not an image",
    "labels.csv": "not an image",
  });
  const data = await imageFolder(folder);
  expect(data.classes).toEqual(["ant", "zebra"]);
  expect([data.size, data.height, data.width, data.channels]).toEqual([3, 3, 4, 3]);
  expect(Array.from(data.labels)).toEqual([0, 1, 1]);
  const wanted = [128, 128, 128, 255, 0, 0, 0, 0, 255];
  [0, 36, 72].forEach((start, i) => {
    data.images.subarray(start, start + 36).forEach((value, place) => {
      expect(Math.abs(value - (wanted[3 * i + (place % 3)] ?? 0))).toBeLessThanOrEqual(2);
    });
  });
});

test("images whose pixels are all grey have one channel, also when stored in colour", async () => {
  const values = [0, 10, 200, 255, 77, 128];
  const folder = await folderOf({
    "a/x.png": grey(values, 3),
    "b/y.png": plain("#4d4d4d", { width: 3, height: 2 }),
  });
  const data = await imageFolder(folder);
  expect(data.channels).toBe(1);
  expect(Array.from(data.images)).toEqual([...values, 77, 77, 77, 77, 77, 77]);
  const colour = await imageFolder(folder, { channels: 3 });
  expect(Array.from(colour.images.subarray(0, 18))).toEqual(values.flatMap((v) => [v, v, v]));
});

test("colours become grey by their luma where one channel is asked for", async () => {
  const folder = await folderOf({ "a/x.png": plain("#ff0000"), "b/y.png": plain("#00ff00") });
  const data = await imageFolder(folder, { channels: 1, size: 1 });
  expect(Array.from(data.images)).toEqual([76, 150]);
});

test("differing sizes become their median, at most 64, and the user is told", async () => {
  const folder = await folderOf({
    "a/x.png": plain("red", { width: 20, height: 30 }),
    "a/y.png": plain("red", { width: 100, height: 40 }),
    "b/z.png": plain("red", { width: 90, height: 50 }),
  });
  const notes: string[] = [];
  const data = await imageFolder(folder, { note: (text) => notes.push(text) });
  expect([data.height, data.width]).toEqual([40, 64]);
  expect(notes).toEqual([
    "The 3 images differ in size: they are scaled and cut to 40 x 64 pixels (height x width: the median, " +
      "at most 64); pass a size for another.",
  ]);
  const asked = await imageFolder(folder, {
    size: { height: 5, width: 7 },
    note: (text) => notes.push(text),
  });
  expect([asked.height, asked.width, notes.length]).toEqual([5, 7, 1]);
});

test("equal sizes stay, also large ones, without a note", async () => {
  const large = { width: 80, height: 70 };
  const folder = await folderOf({
    "a/x.png": plain("red", large),
    "b/y.png": plain("blue", large),
  });
  const notes: string[] = [];
  const data = await imageFolder(folder, { note: (text) => notes.push(text) });
  expect([data.height, data.width, notes]).toEqual([70, 80, []]);
});

test("equal sizes beyond the largest are scaled in proportion, and the user is told", async () => {
  const folder = await folderOf({
    "a/x.png": plain("#ff0000", { width: 200, height: 100 }),
    "b/y.png": plain("#00ff00", { width: 200, height: 100 }),
  });
  const notes: string[] = [];
  const { height, width } = await imageFolder(folder, {
    largest: 64,
    note: (text) => notes.push(text),
  });
  expect([height, width]).toEqual([32, 64]);
  expect(notes).toEqual([
    "The images are 100 x 200 pixels: they are scaled to 32 x 64; pass a size for another.",
  ]);
  const kept = await imageFolder(folder, { largest: 200 });
  expect([kept.height, kept.width]).toEqual([100, 200]);
});

test("a wide image is cut about its centre", async () => {
  const row = [
    ...new Array<number>(8).fill(10),
    ...new Array<number>(8).fill(90),
    ...new Array<number>(8).fill(10),
  ];
  const values = Array.from({ length: 8 }, () => row).flat();
  const folder = await folderOf({ "a/x.png": grey(values, 24), "b/y.png": grey(values, 24) });
  const data = await imageFolder(folder, { size: 8 });
  expect(new Set(data.images)).toEqual(new Set([90]));
});

test("orientation marks are followed and transparency is white", async () => {
  const halves = Uint8Array.from({ length: 96 }, (_, i) => (i % 24 < 12 ? 0 : 255));
  const turned = sharp(halves, { raw: { width: 24, height: 4, channels: 1 } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100 });
  const clear = sharp({
    create: { width: 4, height: 24, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  }).png();
  const folder = await folderOf({ "a/x.jpg": turned.toBuffer(), "b/y.png": clear.toBuffer() });
  const data = await imageFolder(folder);
  expect([data.height, data.width, data.channels]).toEqual([24, 4, 1]);
  expect(Math.max(...data.images.subarray(0, 32))).toBeLessThan(10);
  expect(Math.min(...data.images.subarray(64, 96))).toBeGreaterThan(245);
  expect(new Set(data.images.subarray(96))).toEqual(new Set([255]));
});

test("deep, palette and grey-alpha images are read as bytes", async () => {
  const deep = sharp(Uint16Array.of(0, 257 * 77, 65_535), {
    raw: { width: 3, height: 1, channels: 1 },
  }).toColourspace("grey16");
  const indexed = sharp({ create: { width: 3, height: 1, channels: 3, background: "#0a0a0a" } });
  const folder = await folderOf({
    "a/deep.png": deep.png().toBuffer(),
    "b/palette.png": indexed.png({ palette: true }).toBuffer(),
  });
  const data = await imageFolder(folder);
  expect(data.channels).toBe(1);
  expect(Array.from(data.images)).toEqual([0, 77, 255, 10, 10, 10]);
});

test("links to folders count, and a link that leads back ends", async () => {
  const folder = await folderOf({ "a/x.png": plain("red"), "store/y.png": plain("blue") });
  await symlink(join(folder, "store"), join(folder, "linked"));
  await symlink(join(folder, "a"), join(folder, "a", "again"));
  const data = await imageFolder(folder);
  expect(data.classes).toEqual(["a", "linked", "store"]);
  expect(Array.from(data.labels)).toEqual([0, 1, 2]);
});

test("progress counts every image through both stages", async () => {
  const folder = await folderOf({ "a/x.png": plain("red"), "b/y.png": plain("blue") });
  const events: ReadProgress[] = [];
  await imageFolder(folder, { progress: (event) => events.push(event) });
  expect(events).toEqual([
    { stage: "measuring", done: 1, total: 2 },
    { stage: "measuring", done: 2, total: 2 },
    { stage: "reading", done: 1, total: 2 },
    { stage: "reading", done: 2, total: 2 },
  ]);
});

test("a path that is missing, a file or empty is named", async () => {
  const missing = join(root, "nowhere");
  expect(await failure(missing)).toEqual(
    new DataError(`data folder "${missing}" does not exist: check the path.`),
  );
  const folder = await folderOf({ "only.png": plain("red") });
  const file = join(folder, "only.png");
  expect(await failure(file)).toEqual(
    new DataError(
      `"${file}" is a file, not a folder: pass the folder that holds one folder of images for each class.`,
    ),
  );
  expect(await failure(folder)).toEqual(
    new DataError(
      `data folder "${folder}" holds files but no folders: sort the images into one folder for each class.`,
    ),
  );
  const empty = await folderOf({ ".DS_Store": "" });
  expect(await failure(empty)).toEqual(
    new DataError(
      `data folder "${empty}" is empty: put one folder of PNG or JPEG images into it for each class.`,
    ),
  );
});

test("folders that make no classes are named", async () => {
  const one = await folderOf({ "cats/x.png": plain("red") });
  expect(await failure(one)).toEqual(
    new DataError(
      `data folder "${one}" holds one class only ("cats"): add a folder for each other class.`,
    ),
  );
  const parts = await folderOf({
    "test/cats/x.png": plain("red"),
    "train/cats/x.png": plain("red"),
  });
  expect(await failure(parts)).toEqual(
    new DataError(
      `data folder "${parts}" holds parts of a data set (test, train), not classes: ` +
        `pass one of them, such as "${join(parts, "train")}".`,
    ),
  );
  const bare = await folderOf({ "cats/x.png": plain("red"), "dogs/notes.txt": "none" });
  expect(await failure(bare)).toEqual(
    new DataError(
      `class folder "${join(bare, "dogs")}" holds no PNG, JPEG or WebP image: add images or delete the folder.`,
    ),
  );
});

test("a broken, an empty and a cut-off image are named", async () => {
  const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
  const whole = await sharp({
    create: { width: 60, height: 60, channels: 3, background: "red", noise },
  })
    .png()
    .toBuffer();
  for (const content of [
    new TextEncoder().encode("no image"),
    new Uint8Array(),
    whole.subarray(0, whole.length / 2),
  ]) {
    const folder = await folderOf({ "a/x.png": content, "b/y.png": plain("red") });
    expect(await failure(folder, { size: 8 })).toEqual(
      new DataError(
        `"${join(folder, "a", "x.png")}" is not a whole PNG, JPEG or WebP image: replace it or delete it.`,
      ),
    );
  }
});

test("a format that is not read is named by its ending or its content", async () => {
  const ending = await folderOf({ "a/x.bmp": "BM", "b/y.png": plain("red") });
  expect(await failure(ending)).toEqual(
    new DataError(
      `"${join(ending, "a", "x.bmp")}" is a BMP file: convert it to PNG or JPEG, or delete it.`,
    ),
  );
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>';
  const content = await folderOf({ "a/x.png": svg, "b/y.png": plain("red") });
  expect(await failure(content)).toEqual(
    new DataError(
      `"${join(content, "a", "x.png")}" holds SVG data: convert it to PNG or JPEG, or delete it.`,
    ),
  );
});

test("of several broken images the first is named, and then nothing more is read", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [
      `${i < 15 ? "a" : "b"}/${i + 10}.png`,
      i === 11 || i === 12 || i === 20 ? "broken" : plain("red"),
    ]),
  );
  const folder = await folderOf(files);
  let last = 0;
  const error = await failure(folder, {
    progress: ({ done }) => {
      last = done;
    },
  });
  expect(error).toEqual(
    new DataError(
      `"${join(folder, "a", "21.png")}" is not a whole PNG, JPEG or WebP image: replace it or delete it.`,
    ),
  );
  const reported = last;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(last).toBe(reported);
  expect(last).toBeLessThan(27);
});

test("sizes that cannot be are named", async () => {
  const folder = await folderOf({ "a/x.png": plain("red"), "b/y.png": plain("red") });
  expect(await failure(folder, { size: { height: 4, width: 0 } })).toEqual(
    new DataError("imageFolder: size must be a whole number from 1, got 0."),
  );
  expect(await failure(folder, { size: 30_000 })).toEqual(
    new DataError("2 images of 30000 x 30000 pixels do not fit into memory: pass a smaller size."),
  );
});
