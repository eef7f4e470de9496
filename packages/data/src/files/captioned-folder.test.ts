import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCaptionedPictures } from "./captioned-folder.ts";

let root = "";
let made = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "quire-captions-"));
});
afterAll(() => rm(root, { recursive: true }));

/** A new folder with these files; colours stand for pictures. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(root, `case-${made++}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    const isColour = /^#[0-9a-f]{6}$/.test(content);
    const create = { width: 4, height: 4, channels: 3 as const, background: content };
    const bytes = isColour ? await sharp({ create }).png().toBuffer() : content;
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

test("captions are the first lines of the texts beside pictures, however deep", async () => {
  const folder = await folderOf({
    "b.png": "#ff0000",
    "b.txt": "\uFEFF\n  A red one. \nfr=Un rouge.\n",
    "deep/a.png": "#0000ff",
    "deep/a.txt": "a blue one",
    "notes.txt": "of no picture",
  });
  const pictures = await readCaptionedPictures(folder);
  expect(pictures.captions).toEqual(["A red one.", "a blue one"]);
  expect([pictures.height, pictures.width, pictures.channels]).toEqual([4, 4, 3]);
  expect(Array.from(pictures.images.subarray(0, 3))).toEqual([255, 0, 0]);
});

test("a table names files and captions", async () => {
  const folder = await folderOf({
    "in/one.png": "#00ff00",
    "captions.csv": "file,caption\nin/one.png,a green one\n",
    "other.csv": "where,words\nin/one.png,grass\n",
  });
  const found = await readCaptionedPictures(join(folder, "captions.csv"), { size: 2 });
  expect(found.captions).toEqual(["a green one"]);
  expect(found.height).toBe(2);
  const columns = { file: "where", caption: "words" };
  const other = await readCaptionedPictures(join(folder, "other.csv"), { columns });
  expect(other.captions).toEqual(["grass"]);
  await expect(readCaptionedPictures(join(folder, "other.csv"))).rejects.toThrow(
    "other.csv has no column of files: name it by --file-column, or call it file, file_name, filename, image, picture, path.",
  );
});

test("what is missing is named", async () => {
  const bare = await folderOf({ "a.png": "#ff0000", "b.png": "#00ff00", "a.txt": " \n" });
  await expect(readCaptionedPictures(bare)).rejects.toThrow(
    `"${join(bare, "a.png")}" (and 1 more) has no caption: put a text file "${join(bare, "a.txt")}" beside it, or give a table of files and captions.`,
  );
  const none = await folderOf({ "a.txt": "no picture" });
  await expect(readCaptionedPictures(none)).rejects.toThrow(
    `folder "${none}" holds no PNG, JPEG or WebP picture: give one of pictures, each with a .txt file of its caption.`,
  );
  const gone = join(root, "nowhere");
  await expect(readCaptionedPictures(gone)).rejects.toThrow(
    `"${gone}" does not exist: give a folder of pictures with captions, or a table of them.`,
  );
  const broken = await folderOf({ "a.png": "no picture", "a.txt": "broken" });
  await expect(readCaptionedPictures(broken)).rejects.toThrow(
    `"${join(broken, "a.png")}" is not a whole PNG, JPEG or WebP image: replace it or delete it.`,
  );
  const table = await folderOf({ "t.csv": "file,caption\nx.png,nothing\n" });
  await expect(readCaptionedPictures(join(table, "t.csv"))).rejects.toThrow(
    `t.csv, line 2, column "file": there is no picture "${join(table, "x.png")}": paths begin at the table's folder.`,
  );
});
