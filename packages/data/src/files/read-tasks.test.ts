import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { readImageMasks } from "./read-masks.ts";
import {
  readConll,
  readIcons,
  readSequences,
  readSquad,
  readTextCorpus,
  readVolumes,
} from "./read-tasks.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quire-tasks-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

test("a folder of texts is a corpus, sorted by name, other files left out", async () => {
  await file("texts/b.md", "second");
  await file("texts/a/1.txt", "\uFEFFfirst\r\nline");
  await file("texts/c.png", "");
  const corpus = await readTextCorpus(join(folder, "texts"));
  expect(corpus.documents).toEqual([
    { name: "1.txt", text: "first\nline" },
    { name: "b.md", text: "second" },
  ]);
});

test("files of the tasks are read by their names", async () => {
  const conll = await readConll(await file("t.conll", "a O\nb B\n"));
  expect(conll.tags).toEqual(["O", "B"]);
  const squad = {
    data: [{ paragraphs: [{ context: "a b", qas: [{ id: "1", question: "?", answers: [] }] }] }],
  };
  expect((await readSquad(await file("s.json", JSON.stringify(squad)))).size).toBe(1);
  expect((await readSequences(await file("s.fa", ">a\nAC\n"))).alphabet).toEqual(["A", "C"]);
  expect((await readSequences(await file("s.SMI", "CCO\n"))).alphabet).toEqual(["C", "O"]);
});

test("a folder of icons is named by paths", async () => {
  const svg = '<svg viewBox="0 0 1 1"><path d="M0 0h1"/></svg>';
  await file("icons/b.svg", svg);
  await file("icons/a/c.SVG", svg);
  const icons = await readIcons(join(folder, "icons"));
  expect(icons.icons.map(({ name }) => name.replaceAll("\\", "/"))).toEqual(["a/c", "b"]);
});

async function picture(name: string, values: readonly number[], width: number): Promise<string> {
  const raw = { width, height: values.length / width, channels: 1 } as const;
  return file(name, await sharp(Uint8Array.from(values), { raw }).png().toBuffer());
}

test("images with masks: every colour is a class, and scaling mixes none", async () => {
  const images = join(folder, "images");
  const masks = join(folder, "masks");
  await picture("images/one.png", [10, 20, 30, 40], 2);
  await picture("masks/one.png", [0, 255, 128, 0], 2);
  await picture("images/two.png", [1, 2, 3, 4], 2);
  await picture("masks/two.png", [0, 0, 0, 255], 2);
  const data = await readImageMasks(images, masks);
  expect(data.classes).toEqual(["#000000", "#808080", "#ffffff"]);
  expect([...data.masks]).toEqual([0, 2, 1, 0, 0, 0, 0, 2]);
  expect([...data.images.subarray(0, 6)]).toEqual([10, 10, 10, 20, 20, 20]);
  expect(data.describe()).toBe("2 images of 2 x 2 pixels in 3 classes (#000000, #808080, #ffffff)");
  const large = await readImageMasks(images, masks, { size: 4 });
  expect([...large.masks.subarray(0, 16)]).toEqual([
    0, 0, 2, 2, 0, 0, 2, 2, 1, 1, 0, 0, 1, 1, 0, 0,
  ]);
});

test("what cannot be read is named", async () => {
  const images = join(folder, "images");
  const lone = await picture("lone/one.png", [0, 255, 128, 0], 2);
  await picture("wide/one.png", [0, 255, 128, 0], 4);
  await picture("wide/two.png", [0, 255, 128, 0], 4);
  await picture("flat/one.png", [7, 7, 7, 7], 2);
  await picture("flat/two.png", [7, 7, 7, 7], 2);
  await picture("sizes/one.png", [1, 2, 3, 4], 2);
  await picture("sizes/two.png", [1, 2, 3, 4], 4);
  await mkdir(join(folder, "bare"));
  const bare = join(folder, "bare");
  const volume = await file("volumes/a.nii", "no volume");
  const at = (name: string) => join(folder, name);
  const refusals: readonly (readonly [() => Promise<unknown>, string])[] = [
    [() => readTextCorpus(bare), `folder "${bare}" holds no text file (.txt or .md): add some.`],
    [() => readTextCorpus(at("none")), `"${at("none")}" does not exist: check the path.`],
    [() => readConll(at("none")), `CoNLL file "${at("none")}" does not exist: check the path.`],
    [() => readIcons(bare), `folder "${bare}" holds no SVG file: add some.`],
    [
      () => readVolumes(bare, bare),
      `folder "${bare}" holds no NIfTI file (.nii or .nii.gz): add some.`,
    ],
    [() => readVolumes(volume, volume), "a.nii is no NIfTI volume: convert it to .nii or .nii.gz."],
    [
      () => readImageMasks(images, bare),
      `folder "${bare}" holds no PNG, JPEG or WebP image: add some.`,
    ],
    [
      () => readImageMasks(images, at("lone")),
      `"${join(images, "two.png")}" has no partner called "two" in "${at("lone")}": add it, or delete the file.`,
    ],
    [
      () => readImageMasks(at("lone"), at("masks")),
      `"${at(join("masks", "two.png"))}" has no partner called "two" in "${at("lone")}": add it, or delete the file.`,
    ],
    [
      () => readImageMasks(images, at("wide")),
      `"${at(join("wide", "one.png"))}" has 1 x 4 pixels, but its image has 2 x 2: use a mask of the same size.`,
    ],
    [
      () => readImageMasks(images, at("flat")),
      `the masks in "${at("flat")}" have 1 colour, and every colour is a class: use from 2 to 256, and PNG, which keeps colours as they are.`,
    ],
    [
      () => readImageMasks(at("sizes"), at("sizes")),
      `"${at(join("sizes", "two.png"))}" differs in size from the images before it: pass a common size.`,
    ],
    [
      () => readImageMasks(images, images, { size: 0 }),
      "readImageMasks: size must be a whole number from 1, got 0.",
    ],
  ];
  for (const [read, message] of refusals) {
    await expect(read()).rejects.toThrow(new DataError(message));
  }
  await picture("lone/one.jpg", [0, 0, 0, 0], 2);
  await expect(readImageMasks(at("lone"), images)).rejects.toThrow(
    new DataError(
      `"${at(join("lone", "one.jpg"))}" and "${lone}" have the same name: delete one of them.`,
    ),
  );
});
