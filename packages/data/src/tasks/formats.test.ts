import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseConll } from "./conll.ts";
import { iconData, parseSvg } from "./icon.ts";
import { parseFasta, parseSmiles } from "./sequences.ts";
import { parseSquad } from "./squad.ts";
import { textCorpus } from "./text-corpus.ts";
import { niftiLike, parseNifti, type Volume, volumeSegmentation } from "./volume.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

test("CoNLL, with a byte-order mark, comments and document marks", () => {
  const text =
    "\uFEFF-DOCSTART- -X- O O\n\nU.N. NNP I-NP B-ORG\nofficial NN I-NP O\n\n# a comment\nEkeus NNP I-NP B-PER\n";
  const data = parseConll(utf8(text), "t.conll");
  expect(data.tags).toEqual(["O", "B-ORG", "B-PER"]);
  expect(data.sentences).toEqual([
    { words: ["U.N.", "official"], tags: Int32Array.of(1, 0) },
    { words: ["Ekeus"], tags: Int32Array.of(2) },
  ]);
  expect(data.describe()).toBe("2 sentences of 3 words; tags: O, B-ORG, B-PER");
  const columns = parseConll(utf8("1\tDogs\tNOUN\t_\n2\tbark\tVERB\t_\n"), "t.conllu", {
    word: 1,
    tag: 2,
  });
  expect([columns.sentences[0]?.words, columns.tags]).toEqual([
    ["Dogs", "bark"],
    ["NOUN", "VERB"],
  ]);
});

const squad = (qas: unknown) =>
  JSON.stringify({
    version: "v2.0",
    data: [{ title: "t", paragraphs: [{ context: "🙂 Rome is old.", qas }] }],
  });

test("SQuAD, with starts counted in code points and questions without an answer", () => {
  const data = parseSquad(
    utf8(
      `\uFEFF${squad([
        { id: "1", question: "What?", answers: [{ text: "Rome", answer_start: 2 }] },
        { id: "2", question: "Why?", is_impossible: true, answers: [] },
      ])}`,
    ),
    "s.json",
  );
  expect(data.questions).toEqual([
    { id: "1", question: "What?", context: 0, answers: [{ text: "Rome", start: 3 }] },
    { id: "2", question: "Why?", context: 0, answers: [] },
  ]);
  expect(data.describe()).toBe("2 questions about 1 text, 1 of them without an answer");
});

test("FASTA over several lines, and SMILES with names", () => {
  const fasta = parseFasta(
    utf8("\uFEFF>one first\r\nACGT\r\nacgn\r\n\r\n;note\r\n>two\r\nAC-*"),
    "t.fa",
  );
  expect(fasta.sequences).toEqual([
    { name: "one first", sequence: "ACGTACGN" },
    { name: "two", sequence: "AC-*" },
  ]);
  expect(fasta.describe()).toBe("2 sequences of 12 letters, at most 8; alphabet: *-ACGNT");
  const smiles = parseSmiles(utf8("CC(=O)Oc1ccccc1C(=O)O aspirin\n\n[Na+].[Cl-]\n"), "t.smi");
  expect(smiles.sequences).toEqual([
    { name: "aspirin", sequence: "CC(=O)Oc1ccccc1C(=O)O" },
    { name: "", sequence: "[Na+].[Cl-]" },
  ]);
});

test("a corpus leaves blank texts out", () => {
  const corpus = textCorpus(
    [
      { name: "a", text: "abc" },
      { name: "b", text: " \n" },
    ],
    "folder",
  );
  expect([corpus.size, corpus.characters, corpus.describe()]).toEqual([
    1,
    3,
    "1 text of 3 characters",
  ]);
});

/** A NIfTI-1 file of int16 voxels, `[D, H, W]`, as its standard lays the header out. */
function nifti(
  shape: readonly [number, number, number],
  voxels: readonly number[],
  scale = [0, 0],
): Uint8Array {
  const bytes = new Uint8Array(352 + 2 * voxels.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  [3, shape[2], shape[1], shape[0], 1, 1, 1, 1].forEach((length, axis) => {
    view.setInt16(40 + 2 * axis, length, true);
  });
  view.setInt16(70, 4, true);
  view.setInt16(72, 16, true);
  [1, 0.5, 2, 3].forEach((size, axis) => {
    view.setFloat32(76 + 4 * axis, size, true);
  });
  view.setFloat32(108, 352, true);
  scale.forEach((value, i) => {
    view.setFloat32(112 + 4 * i, value, true);
  });
  bytes.set(utf8("n+1\0"), 344);
  voxels.forEach((value, i) => {
    view.setInt16(352 + 2 * i, value, true);
  });
  return bytes;
}

test("NIfTI, packed or not, with its values scaled", async () => {
  const expected = {
    shape: [1, 2, 3],
    values: Float32Array.of(0, 1, 2, -3, 4, 5),
    spacing: [3, 2, 0.5],
  };
  const file = nifti([1, 2, 3], [0, 1, 2, -3, 4, 5]);
  expect(await parseNifti(file, "t.nii")).toEqual(expected);
  expect(await parseNifti(gzipSync(file), "t.nii.gz")).toEqual(expected);
  const scaled = await parseNifti(nifti([1, 1, 2], [1, 2], [2, -1]), "t.nii");
  expect(scaled.values).toEqual(Float32Array.of(1, 3));
});

const volume = (shape: readonly number[], values: readonly number[]): Volume => ({
  shape,
  values: Float32Array.from(values),
  spacing: [1, 1, 1],
});

test("volumes with masks", () => {
  const pair = { name: "a", image: volume([1, 1, 2], [0.5, 2]), mask: volume([1, 1, 2], [0, 7]) };
  const data = volumeSegmentation([pair]);
  expect(data.classes).toEqual([0, 7]);
  expect(data.describe()).toBe("1 volume of 1 x 1 x 2 voxels in 2 classes");
});

test("SVG shapes become absolute paths with transforms applied", () => {
  const icon = parseSvg(
    `\uFEFF<?xml version="1.0"?><!-- made by hand --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">
      <defs><path d="M9 9h9"/></defs>
      <g transform="translate(1 2)"><path d="m1 1h2v3l1 1z" transform="scale(2)"/></g>
      <line x1="1" y1="2" x2="3" y2="4"/><polygon points="0,0 4,0 4,4"/><rect x="1" y="1" width="2" height="3"/>
      <path d="M0 0q1 1 2 0t2 0"/></svg>`,
    "a.svg",
  );
  expect(icon).toEqual({
    name: "a.svg",
    viewBox: [0, 0, 24, 24],
    paths: [
      [["M", 3, 4], ["L", 7, 4], ["L", 7, 10], ["L", 9, 12], ["Z"]],
      [
        ["M", 1, 2],
        ["L", 3, 4],
      ],
      [["M", 0, 0], ["L", 4, 0], ["L", 4, 4], ["Z"]],
      [["M", 1, 1], ["L", 3, 1], ["L", 3, 4], ["L", 1, 4], ["Z"]],
      [
        ["M", 0, 0],
        ["Q", 1, 1, 2, 0],
        ["Q", 3, -1, 4, 0],
      ],
    ],
  });
  expect(iconData([icon], "icons").describe()).toBe("1 icon of 24 x 24, 19 commands");
});

test("circles and round corners become cubic curves that stay on the shape", () => {
  const { paths } = parseSvg(
    '<svg width="10" height="8"><circle cx="5" cy="5" r="4"/><rect width="6" height="4" rx="1"/></svg>',
    "a.svg",
  );
  const [circle, box] = paths;
  expect(circle?.map(([command]) => command).join("")).toBe("MCCCCZ");
  for (const [, ...numbers] of circle ?? []) {
    const [x, y] = numbers.slice(-2);
    if (x !== undefined && y !== undefined) expect(Math.hypot(x - 5, y - 5)).toBeCloseTo(4, 6);
  }
  expect(box?.map(([command]) => command).join("")).toBe("MLCLCLCLCZ");
});

const refusals: readonly (readonly [string, () => unknown, string])[] = [
  [
    "empty CoNLL",
    () => parseConll(utf8("\uFEFF\n"), "t.conll"),
    "t.conll is empty: give it one word and its tag a line.",
  ],
  [
    "CoNLL without tags",
    () => parseConll(utf8("word\n"), "t.conll"),
    "t.conll, line 1: the line has 1 column, and at least 2 are needed: a word and its tag, with spaces or a tab between them.",
  ],
  [
    "ragged CoNLL",
    () => parseConll(utf8("a O\nb B X\n"), "t.conll"),
    "t.conll, line 2: the line has 3 columns, but those before it have 2: correct it, or put a blank line between sentences.",
  ],
  [
    "empty SQuAD",
    () => parseSquad(utf8(""), "s.json"),
    "s.json is empty: give it questions in SQuAD's JSON.",
  ],
  [
    "SQuAD that is no JSON",
    () => parseSquad(utf8("{"), "s.json"),
    "s.json: the text is not JSON (Expected property name or '}' in JSON at position 1): correct it.",
  ],
  [
    "SQuAD without articles",
    () => parseSquad(utf8("[]"), "s.json"),
    "s.json: data is not a list: write the questions in SQuAD's JSON.",
  ],
  [
    "SQuAD without a question's text",
    () => parseSquad(utf8(squad([{ id: "1", answers: [] }])), "s.json"),
    "s.json: data[0].paragraphs[0].qas[0].question is not a text: write the questions in SQuAD's JSON.",
  ],
  [
    "SQuAD without questions",
    () => parseSquad(utf8(squad([])), "s.json"),
    "s.json holds no questions: add some.",
  ],
  [
    "a SQuAD answer that is not there",
    () =>
      parseSquad(
        utf8(squad([{ id: "1", question: "?", answers: [{ text: "Rome", answer_start: 5 }] }])),
        "s.json",
      ),
    's.json: data[0].paragraphs[0].qas[0].answers[0]: the context does not hold "Rome" at answer_start 5: correct one of them.',
  ],
  [
    "empty FASTA",
    () => parseFasta(utf8("\uFEFF"), "t.fa"),
    't.fa is empty: give it a line ">name" and lines of letters.',
  ],
  [
    "FASTA without a name",
    () => parseFasta(utf8("ACGT"), "t.fa"),
    't.fa, line 1: the file does not begin with ">": give each sequence a line ">name".',
  ],
  [
    "FASTA with digits",
    () => parseFasta(utf8(">a\nAC1"), "t.fa"),
    't.fa, line 2: "1" is no letter of a sequence: use letters, "*" and "-" only.',
  ],
  [
    "an empty sequence",
    () => parseFasta(utf8(">a\n>b\nA"), "t.fa"),
    't.fa, line 1: sequence "a" is empty: add its letters or delete the line.',
  ],
  [
    "empty SMILES",
    () => parseSmiles(utf8(" \n"), "t.smi"),
    "t.smi is empty: give it one SMILES a line.",
  ],
  [
    "text as SMILES",
    () => parseSmiles(utf8("CC\nC,C"), "t.smi"),
    't.smi, line 2: "C,C" is no SMILES: correct the line or delete it.',
  ],
  [
    "an open branch",
    () => parseSmiles(utf8("CC(C"), "t.smi"),
    't.smi, line 1: "CC(C" is no SMILES: its "(" and ")" do not match.',
  ],
  [
    "a corpus of blanks",
    () => textCorpus([{ name: "a", text: "" }], "folder"),
    "folder is empty: give it text to learn from.",
  ],
  ["an empty volume", () => parseNifti(new Uint8Array(), "t.nii"), "t.nii is empty: get it again."],
  [
    "text as NIfTI",
    () => parseNifti(utf8("\uFEFFx".repeat(200)), "t.nii"),
    "t.nii is no NIfTI volume: convert it to .nii or .nii.gz.",
  ],
  [
    "damaged gzip",
    () => parseNifti(gzipSync(nifti([1, 1, 2], [1, 2])).subarray(0, 40), "t.nii.gz"),
    "t.nii.gz is a damaged gzip file: get it again.",
  ],
  [
    "a volume cut off",
    () => parseNifti(nifti([2, 3, 4], [1, 2]), "t.nii"),
    "t.nii is cut off: 4 x 3 x 2 voxels take 48 bytes, and it holds 4; get it again.",
  ],
  [
    "a mask of another shape",
    () =>
      volumeSegmentation([
        { name: "a", image: volume([1, 1, 2], [1, 2]), mask: volume([1, 2, 1], [1, 2]) },
      ]),
    "a: the image has 1 x 1 x 2 voxels, but its mask 1 x 2 x 1: use a mask on the image's own grid.",
  ],
  [
    "a mask of fractions",
    () =>
      volumeSegmentation([
        { name: "a", image: volume([1, 1, 1], [1]), mask: volume([1, 1, 1], [0.5]) },
      ]),
    "a: the mask holds 0.5, and classes are whole numbers: correct it.",
  ],
  ["no volumes", () => volumeSegmentation([]), "there are no volumes: add images and masks."],
  ["an empty SVG", () => parseSvg(" ", "a.svg"), "a.svg is empty: give it an SVG drawing."],
  [
    "HTML as SVG",
    () => parseSvg("<html></html>", "a.svg"),
    "a.svg is no SVG: its first element is not <svg>.",
  ],
  [
    "an SVG that is not closed",
    () => parseSvg('<svg viewBox="0 0 1 1">\n<path d="M0 0"', "a.svg"),
    "a.svg, line 2: the file is no whole XML (Unclosed root tag): correct it.",
  ],
  [
    "a malformed path",
    () => parseSvg('<svg viewBox="0 0 1 1"><path d="M0 0L1"/></svg>', "a.svg"),
    "a.svg: a path is malformed (missed param (at pos 6)): correct it.",
  ],
  [
    "an SVG without a size",
    () => parseSvg('<svg><path d="M0 0h1"/></svg>', "a.svg"),
    "a.svg has no viewBox and no size: give <svg> a viewBox.",
  ],
  [
    "an SVG that draws nothing",
    () => parseSvg('<svg viewBox="0 0 1 1"><text>x</text></svg>', "a.svg"),
    "a.svg draws nothing that is read: convert its shapes to paths.",
  ],
  ["no icons", () => iconData([], "icons"), "icons holds no SVG file: add some."],
];

test.each(refusals)("refuses %s", async (_, make, message) => {
  await expect((async () => make())()).rejects.toThrow(new DataError(message));
});

test.each([false, true])(
  "NIfTI of classes keeps the header of its volume, packed: %s",
  async (isPacked) => {
    const file = nifti([1, 2, 3], [0, 1, 2, -3, 4, 5], [2, -1]);
    const given = isPacked ? gzipSync(file) : file;
    const written = await niftiLike(given, [0, 7, 7, 0, 300, -2]);
    expect(await parseNifti(written, "mask.nii.gz")).toEqual({
      shape: [1, 2, 3],
      values: Float32Array.of(0, 7, 7, 0, 300, -2),
      spacing: [3, 2, 0.5],
    });
  },
);
