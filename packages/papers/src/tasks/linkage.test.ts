import { parseTable } from "@quire/data";
import { compile, hostTensor, QuireError, type Tensor } from "@quire/tensor";
import type { Vectors } from "@quire/train";
import { afterAll, describe, expect, test } from "vitest";
import { build, type SentenceEncoderOptions } from "../linktransformer/model.ts";
import { groupBatchCount, groupBatches, membersOf } from "./linkage-batches.ts";
import { alikeGroups, type LinkageExamples, linkageExamples } from "./linkage-examples.ts";
import { groupVectors, linkVectors } from "./linkage-join.ts";
import { type LinkageRecipe, linkageLosses } from "./linkage-target.ts";
import { evaluateLinking, planLinkageTraining, trainLinker } from "./linkage-training.ts";
import { Linker } from "./linker.ts";
import { trainRecordTokenizer } from "./record-tokenizer.ts";

/** Points on a circle, by degrees. */
function circle(...degrees: number[]): Vectors {
  const angles = degrees.map((degree) => (degree * Math.PI) / 180);
  return {
    values: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
    width: 2,
  };
}

const pairsOf = (links: readonly { readonly left: number; readonly right: number }[]) =>
  links.map(({ left, right }) => [left, right]);

describe("links", () => {
  const [left, right] = [circle(0, 10, 90), circle(4, 80, 200)];

  test("m:1: each left record has its nearest, which others may have too; the score is the cosine", async () => {
    const links = await linkVectors(left, right);
    expect(pairsOf(links)).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
    ]);
    expect(links[0]?.score).toBeCloseTo(Math.cos((4 * Math.PI) / 180), 6);
  });

  test("1:m: each right record has its nearest left one", async () => {
    expect(pairsOf(await linkVectors(left, right, { kind: "1:m" }))).toEqual([
      [0, 0],
      [2, 1],
      [2, 2],
    ]);
  });

  test("1:1: the best matches first, each record once", async () => {
    expect(pairsOf(await linkVectors(left, right, { kind: "1:1" }))).toEqual([
      [0, 0],
      [1, 2],
      [2, 1],
    ]);
    const near = { kind: "1:1", threshold: 0.5 } as const;
    expect(pairsOf(await linkVectors(left, right, near))).toEqual([
      [0, 0],
      [2, 1],
    ]);
  });

  test("m:m: all k neighbours, better ones first", async () => {
    const links = await linkVectors(left, right, { kind: "m:m", k: 2 });
    expect(pairsOf(links)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 1],
      [2, 0],
    ]);
  });

  test("blocks: only records of one block are compared, and a block of one table has no links", async () => {
    const blocks = [
      ["x", "y", "z"],
      ["y", "x", "y"],
    ] as const;
    expect(pairsOf(await linkVectors(left, right, { blocks }))).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(pairsOf(await linkVectors(left, right, { blocks, kind: "1:m" }))).toEqual([
      [0, 1],
      [1, 0],
      [1, 2],
    ]);
  });

  test("doublets: all that are joined by near ones, numbered by their first records", async () => {
    const vectors = circle(200, 0, 5, 10, 203);
    const threshold = Math.cos((6 * Math.PI) / 180);
    expect([...(await groupVectors(vectors, { threshold }))]).toEqual([0, 1, 1, 1, 0]);
    const blocks = ["a", "a", "b", "b", "b"];
    expect([...(await groupVectors(vectors, { threshold, blocks }))]).toEqual([0, 1, 2, 2, 3]);
    await expect(groupVectors(vectors, { threshold: 2 })).rejects.toThrow(
      /^a threshold is a cosine from -1 to 1, got 2\.$/,
    );
  });
});

async function tableOf(text: string) {
  return await parseTable(new TextEncoder().encode(text), "t.csv");
}

describe("examples", () => {
  test("pairs that are the same make groups; those that differ, rivals", async () => {
    const table = await tableOf(
      "a,b,same\nBern,Berne,1\nBerne,Berna,yes\nBern,Berlin,0\nRom,Rome,1\n",
    );
    const found = linkageExamples(table, {
      kind: "pairs",
      left: ["a"],
      right: ["b"],
      label: "same",
    });
    expect(found.records.flat()).toEqual(["Bern", "Berne", "Berna", "Berlin", "Rom", "Rome"]);
    expect([...found.groups]).toEqual([0, 0, 0, 1, 2, 2]);
    expect(found.rivals).toEqual([[0, 1]]);
  });

  test("groups and classes, missing values empty", async () => {
    const table = await tableOf("id,name,city\n7,A,x\n7,B,\n8,C,y\n");
    const groups = linkageExamples(table, {
      kind: "groups",
      fields: ["name", "city"],
      group: "id",
    });
    expect([groups.records, [...groups.groups]]).toEqual([
      [
        ["A", "x"],
        ["B", ""],
        ["C", "y"],
      ],
      [0, 0, 1],
    ]);
    const classes = linkageExamples(table, { kind: "classes", fields: ["name"], label: "id" });
    expect([classes.classes, [...classes.groups]]).toEqual([
      ["7", "8"],
      [0, 0, 1],
    ]);
  });

  test("what nothing can be learnt from is refused", async () => {
    const table = await tableOf("a,b,same\nBern,Berne,1\nRom,Rome,maybe\n");
    const pairs = { kind: "pairs", left: ["a"], right: ["b"] } as const;
    expect(() => linkageExamples(table, { ...pairs, label: "same" })).toThrow(
      't.csv, line 3, column "same": "maybe" says neither that the pair is the same nor that it differs: write 1 or 0.',
    );
    expect(() => linkageExamples(table, { ...pairs, right: ["a", "b"] })).toThrow(
      "t.csv: 1 columns on the left and 2 on the right: name as many of both.",
    );
    expect(() => linkageExamples(table, { kind: "groups", fields: ["b"], group: "a" })).toThrow(
      "t.csv: no two records are the same, so that nothing can be learnt: give records of several groups, some of them with two or more.",
    );
    const one = await tableOf("a,b\nx,1\ny,1\n");
    expect(() => linkageExamples(one, { kind: "groups", fields: ["a"], group: "b" })).toThrow(
      "t.csv: all records are the same, so that nothing can be learnt: give records of several groups, some of them with two or more.",
    );
    expect(() => linkageExamples(one, { kind: "classes", fields: ["a"], label: "b" })).toThrow(
      't.csv, column "b": it holds one class, "1": give records of two or more.',
    );
  });

  test("groups look alike by their n-grams, and those said to differ come first", () => {
    const records = [["Berlin"], ["Berlín"], ["Berling"], ["Paris"], ["Tokio"]];
    const groups = Int32Array.from([0, 0, 1, 2, 3]);
    const alike = alikeGroups({ fields: ["name"], records, groups, rivals: [[2, 3]] });
    expect(alike).toEqual([[1], [0], [3], [2]]);
  });
});

describe("batches of groups", () => {
  const members = membersOf([0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 4]);
  const options = { members, batchSize: 6, perGroup: 2, seed: 5 };

  test("are whole, hold a group's members together, and are the same from any batch on", () => {
    const epoch = [...groupBatches(options, 3)];
    expect(epoch.length).toBe(groupBatchCount(options));
    expect(epoch.every((places) => places.length === 6)).toBe(true);
    expect(epoch.every((places) => new Set(places).size === 6)).toBe(true);
    expect([...groupBatches(options, 3, 1)]).toEqual(epoch.slice(1));
    expect([...groupBatches(options, 4)]).not.toEqual(epoch);
  });

  test("a rival is in the batch of the group that brings it", () => {
    const many = membersOf(Array.from({ length: 80 }, (_, i) => i >> 1));
    const rivals = many.map((_, group) => [group ^ 1]);
    const sampling = { members: many, batchSize: 8, perGroup: 2, seed: 1, rivals, rivalShare: 1 };
    for (const places of groupBatches(sampling, 0)) {
      const groups = new Set([...places].map((place) => place >> 1));
      expect([...groups].filter((group) => groups.has(group ^ 1)).length).toBeGreaterThanOrEqual(2);
    }
  });
});

/** Names of twelve things, each written in four ways: letters change their case, order and neighbours. */
function written(): LinkageExamples {
  const roots = "amber birch cedar delta ember fjord grove heron islet joker karst lilac".split(
    " ",
  );
  const ways = [
    (x: string) => x,
    (x: string) => `${x} co`,
    (x: string) => `the ${x}`,
    (x: string) => `${x}${x}`,
  ];
  return {
    fields: ["name"],
    records: roots.flatMap((root) => ways.map((way) => [way(root)])),
    groups: Int32Array.from(roots.flatMap((_, i) => ways.map(() => i))),
    rivals: [],
  };
}

const small: SentenceEncoderOptions = {
  ...{ layout: "plain", width: 32, depth: 1, heads: 2, ratio: 2, pooling: "mean", dropout: 0 },
};
const recipe: LinkageRecipe = {
  ...{ epochs: 12, batchSize: 24, learningRate: 5e-3, warmUp: 1, weightDecay: 0 },
  ...{ loss: "supcon", temperature: 0.1, margin: 0.5, perGroup: 2, hardNegatives: 0 },
};

function linkerFor(examples: LinkageExamples): Linker {
  const tokenizer = trainRecordTokenizer(examples.records, 300);
  const { classes, fields } = examples;
  const target = {
    ...{ vocabulary: tokenizer.size, length: 24, padding: tokenizer.padding },
    ...(classes && { classes: classes.length }),
  };
  return new Linker(build(small, target), tokenizer, {
    ...{ task: "linkage", paper: "linktransformer", options: small, target, fields },
    ...(classes && { classes }),
  });
}

describe("a linker", () => {
  const open: Linker[] = [];
  afterAll(async () => {
    for (const linker of open) await linker.release();
  });

  test.each(linkageLosses)("learns by %s to find another way of writing", async (loss) => {
    const examples = written();
    const linker = linkerFor(examples);
    open.push(linker);
    const settings = { train: examples, validation: examples, seed: 2 };
    const { points } = await trainLinker(linker, {
      ...settings,
      recipe: { ...recipe, loss, hardNegatives: 0.3 },
    });
    const { accuracy } = await evaluateLinking(linker, examples);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(points.at(-1)?.values["accuracy"]).toBe(accuracy);
  });

  test("vectors have length 1, equal records have equal ones, and the file gives the same", async () => {
    const linker = open[0] as Linker;
    const { values, width } = await linker.embed([
      ["amber"],
      [" Amber "],
      ["the cedar with a long name"],
    ]);
    const row = (i: number) => [...values.subarray(i * width, (i + 1) * width)];
    for (const i of [0, 1, 2]) expect(Math.hypot(...row(i))).toBeCloseTo(1, 5);
    expect(row(0)).toEqual(row(1));
    const run = compile((ids: Tensor) => linker.exported.run(ids) as Tensor);
    const tokens = linker.tokens([["amber"], ["lilac"]]);
    expect(tokens.shape).toEqual([2, 8]);
    const direct = await run(tokens);
    const off = row(0).map((value, i) => Math.abs(value - (direct.toArray()[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-5);
    await run.release();
    await expect(linker.classify([["amber"]])).rejects.toThrow(
      /^this model compares records, it knows no classes: train one with a column of classes\.$/,
    );
  });

  test("classes: a head tells them apart", async () => {
    const base = written();
    const groups = Int32Array.from(base.records, ([name = ""]) => Number(name.startsWith("the ")));
    const examples = { ...base, groups, classes: ["bare", "with article"] };
    const linker = linkerFor(examples);
    open.push(linker);
    await trainLinker(linker, { train: examples, validation: examples, seed: 1, recipe });
    const [found] = await linker.classify([["the amber"]]);
    expect(found?.label).toBe("with article");
    expect(found?.probabilities.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    await expect(linker.embed([["amber"]])).rejects.toThrow(
      /^this model tells classes apart, it compares no records: use one that was trained on pairs or groups\.$/,
    );
  });

  test("a plan's epochs are the same again", () => {
    const examples = written();
    const plan = planLinkageTraining(linkerFor(examples), {
      train: examples,
      validation: examples,
      seed: 4,
      recipe,
    });
    const ids = () =>
      Array.from(plan.batches(1, 0) as Iterable<{ ids: { toArray(): number[] } }>, (b) =>
        b.ids.toArray(),
      );
    expect(ids()).toEqual(ids());
    expect(ids().length).toBe(plan.batchesPerEpoch);
  });
});

describe("tokenizers of records", () => {
  const tokenizer = trainRecordTokenizer(
    [
      ["Bern", "Schweiz"],
      ["Rom", "Italien"],
    ],
    262,
  );

  test("columns are joined by the separator, case and width do not matter", () => {
    expect(tokenizer.serialize([" Bern", "CH "])).toBe("Bern</s>CH");
    const end = tokenizer.tokenizer.idOf("</s>") as number;
    expect(tokenizer.encode("a</s>b", 9)[1]).toBe(end);
    expect([...tokenizer.encode("ＢＥＲＮ", 9)]).toEqual([...tokenizer.encode("bern", 9)]);
  });

  test("long texts are cut, empty ones are a separator", () => {
    expect(tokenizer.encode("x".repeat(50), 8).length).toBe(8);
    expect([...tokenizer.encode("", 8)]).toEqual([tokenizer.tokenizer.idOf("</s>")]);
  });
});

test("a text longer than the encoder reads is refused", async () => {
  const model = build(small, { vocabulary: 10, length: 4, padding: 0 });
  const run = compile((ids: Tensor) => model.forward(ids));
  const wanted = run(hostTensor(new Int32Array(5), [1, 5], "int32"));
  await expect(wanted).rejects.toThrow(QuireError);
  await expect(wanted).rejects.toThrow(
    "the encoder reads at most 4 tokens, got 5: cut the texts shorter.",
  );
});
