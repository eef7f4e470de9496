import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseTable } from "@quire/data";
import { readTable } from "@quire/data/files";
import type { LinkageModelDescription } from "@quire/papers";
import { hostTensor } from "@quire/tensor";
import { saveSafetensors } from "@quire/train/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, runBuilt } from "../testing/built.ts";
import { exampleColumns } from "./columns.ts";
import { linkTables } from "./link-tables.ts";
import { openLinker } from "./open-model.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
let folder = "";

/** Runs the built command in the test's folder. */
const run = (...words: readonly string[]): Promise<Ended> => runBuilt(folder, words);

const roots = "amber birch cedar delta ember fjord grove heron islet joker karst lilac".split(" ");
const ways = [(x: string) => x, (x: string) => `${x} co`, (x: string) => `The ${x}`];

function file(name: string, rows: readonly (readonly unknown[])[]): void {
  writeFileSync(join(folder, name), `${rows.map((row) => row.join(",")).join("\n")}\n`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "quire-linkage-"));
  file("groups.csv", [["id", "name"], ...roots.flatMap((x, i) => ways.map((way) => [i, way(x)]))]);
  file("pairs.csv", [
    ["left", "right", "same"],
    ...roots.map((x, i) => [x, `${roots[i ^ (i % 2)]} co`, 1 - (i % 2)]),
  ]);
  file("topics.csv", [
    ["name", "topic"],
    ...roots.flatMap((x) => [
      [x, "bare"],
      [`The ${x}`, "article"],
    ]),
  ]);
  file("a.csv", [
    ["name", "land"],
    ["The amber", "AT"],
    ["birch co", "CH"],
    ["The amber", "CH"],
  ]);
  file("b.csv", [
    ["name", "land"],
    ["birch", "CH"],
    ["amber", "AT"],
  ]);
  const tiny = [
    "--epochs",
    "15",
    "--batch-size",
    "18",
    "--set",
    "model.width=32",
    "--heads",
    "2",
    "--depth",
    "1",
  ];
  const shared = ["train", "linktransformer", "--quiet", "--vocabulary", "300", ...tiny];
  const trained = await Promise.all([
    run(...shared, "--data", "groups.csv", "--group", "id", "--name", "linker"),
    run(...shared, "--data", "topics.csv", "--class", "topic", "--name", "topics"),
  ]);
  expect(trained.map(({ exit, err }) => [exit, err])).toEqual([
    [0, ""],
    [0, ""],
  ]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lines(name: string): string[] {
  return readFileSync(join(folder, name), "utf8").trim().split("\n");
}

describe("quire link", () => {
  test("joins two tables and writes both records with their score", async () => {
    const { exit, out } = await run(
      "link",
      "a.csv",
      "b.csv",
      "--model",
      "linker",
      "--out",
      "l.csv",
    );
    expect([exit, out]).toEqual([0, "3 links: 3 of 3 records of a.csv and 2 of 2 of b.csv.\n"]);
    const [head, ...rows] = lines("l.csv");
    expect(head).toBe("name_left,land_left,name_right,land_right,score");
    expect(rows.map((row) => row.replace(/,[\d.]+$/, ""))).toEqual([
      "The amber,AT,amber,AT",
      "birch co,CH,birch,CH",
      "The amber,CH,amber,AT",
    ]);
  });

  test("blocks, and records that are used once", async () => {
    await run(
      "link",
      "a.csv",
      "b.csv",
      "--model",
      "linker",
      "--block",
      "land",
      "--kind",
      "1:1",
      "--out",
      "l.csv",
    );
    expect(
      lines("l.csv")
        .slice(1)
        .map((row) => row.replace(/,[\d.]+$/, "")),
    ).toEqual(["The amber,AT,amber,AT", "birch co,CH,birch,CH"]);
  });

  test("as a library it takes four lines", async () => {
    const linker = await openLinker(join(folder, "runs", "linker"));
    const [a, b] = [await readTable(join(folder, "a.csv")), await readTable(join(folder, "b.csv"))];
    const links = await linkTables(linker, a, b, { on: ["name"], threshold: -1 });
    expect(links.map(({ left, right }) => [left, right])).toEqual([
      [0, 1],
      [1, 0],
      [2, 1],
    ]);
    await linker.release();
  });
});

test("quire dedup, aggregate, classify, evaluate and predict", async () => {
  const [dedup, aggregate, classify, groups, pairs, scores] = await Promise.all([
    run("dedup", "a.csv", "--model", "linker", "--threshold", "0.999", "--all", "--out", "d.csv"),
    run(
      "aggregate",
      "a.csv",
      "b.csv",
      "--model",
      "linker",
      "--left-on",
      "name",
      "--right-on",
      "name",
      "--json",
    ),
    run("classify", "a.csv", "--model", "topics", "--out", "c.csv"),
    run("evaluate", "linker", "--data", "groups.csv"),
    run("evaluate", "linker", "--data", "pairs.csv"),
    run("predict", "linker", "--data", "pairs.csv", "--out", "s.csv"),
  ]);
  expect(dedup.out).toBe("3 records, 2 different ones.\n");
  expect(lines("d.csv")).toEqual([
    "name,land,group",
    "The amber,AT,1",
    "birch co,CH,2",
    "The amber,CH,1",
  ]);
  const { links } = JSON.parse(aggregate.out) as { links: { right: number }[] };
  expect(links.map(({ right }) => right)).toEqual([1, 0, 1]);
  expect(classify.out).toBe("3 records in 2 classes.\n");
  expect(lines("c.csv")[1]).toMatch(/^The amber,AT,article,[\d.]+$/);
  expect(groups.out).toMatch(/accuracy +\d/);
  expect(groups.out).toContain("Measured on 24 records, each to find its group's first.");
  expect(pairs.exit, pairs.err).toBe(0);
  expect(scores.err).toContain("Wrote 12 rows to s.csv.");
}, 60_000);

test("a folder that sentence-transformers saved is a model", async () => {
  const stored = JSON.parse(
    readFileSync(join(root, "packages/papers/references/linktransformer.json"), "utf8"),
  ) as {
    cases: {
      config: object;
      layout: string;
      weights: Record<string, { shape: number[]; data: number[] }>;
    }[];
  };
  const own = stored.cases[0] as (typeof stored.cases)[0];
  const path = join(folder, "pretrained");
  mkdirSync(join(path, "1_Pooling"), { recursive: true });
  const json = (name: string, value: object) =>
    writeFileSync(join(path, name), JSON.stringify(value));
  json("config.json", own.config);
  json("1_Pooling/config.json", { word_embedding_dimension: 12, pooling_mode_mean_tokens: true });
  const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ..."abcdefghijklmn"];
  json("tokenizer.json", {
    ...{
      version: "1.0",
      truncation: null,
      padding: null,
      normalizer: null,
      decoder: null,
      post_processor: null,
    },
    pre_tokenizer: { type: "Whitespace" },
    added_tokens: ["[PAD]", "[UNK]", "[SEP]"].map((content) => ({
      ...{ id: pieces.indexOf(content), content, special: true, single_word: false },
      ...{ lstrip: false, rstrip: false, normalized: false },
    })),
    model: {
      ...{
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 9,
      },
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  });
  const tensors = new Map(
    Object.entries(own.weights).map(([name, { shape, data }]) => [name, hostTensor(data, shape)]),
  );
  await saveSafetensors(join(path, "model.safetensors"), { tensors });
  const { exit, err } = await run(
    "link",
    "a.csv",
    "b.csv",
    "--model",
    "pretrained",
    "--on",
    "name",
    "--quiet",
  );
  expect([exit, err]).toEqual([0, ""]);
  const linker = await openLinker(path);
  const description = linker.description as LinkageModelDescription<{ layout: string }>;
  expect([description.options.layout, linker.model.outputs]).toEqual(["bert", 12]);
  rmSync(join(path, "tokenizer.json"));
  expect((await run("link", "a.csv", "b.csv", "--model", "pretrained", "--on", "name")).err).toBe(
    '"pretrained" has no tokenizer.json: save the fast tokenizer there too.\n',
  );
});

describe("bad input is refused in one sentence", () => {
  test("by the command", async () => {
    const link = ["link", "a.csv", "b.csv", "--model"];
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [[...link, "linkr"], 'run "linkr" does not exist; did you mean linker?'],
      [
        ["link", "a.csv", "b.csv"],
        "link needs --model MODEL: a run of linktransformer, its name, or a folder of a pretrained encoder.",
      ],
      [
        [...link, "topics"],
        "the model tells classes apart, it compares no records: give one that was trained on pairs or groups.",
      ],
      [
        ["train", "linktransformer", "--data", "pairs.csv", "--from", "x"],
        '--from "x" is neither a run nor a folder of a pretrained encoder: give one that has a config.json.',
      ],
    ];
    const ended = await Promise.all(wrong.map(([words]) => run(...words, "--quiet")));
    expect(ended.map(({ exit, err }) => [exit, err])).toEqual(
      wrong.map(([, sentence]) => [2, `${sentence}\n`]),
    );
  });

  test("by what it calls", async () => {
    const linker = await openLinker(join(folder, "runs", "linker"));
    const a = await readTable(join(folder, "a.csv"));
    await expect(linkTables(linker, a, a, { on: ["nam"] })).rejects.toThrow(
      /^a\.csv has no column "nam"; did you mean "name"\?$/,
    );
    await expect(
      linkTables(linker, a, a, { on: ["name"], rightOn: ["name", "land"] }),
    ).rejects.toThrow(/^1 columns on the left and 2 on the right: name as many of both\.$/);
    await linker.release();
  });

  test("columns that do not say what they hold", async () => {
    const table = await parseTable(new TextEncoder().encode("a,b,c\n1,2,3\n"), "t.csv");
    expect(() => exampleColumns(table, {})).toThrow(
      /^t\.csv has the columns a, b, c: say which hold what is the same by --left and --right, by --group, or what is a class by --class\.$/,
    );
    expect(() => exampleColumns(table, { group: "a", class: "b" })).toThrow(
      /^--left and --right, --group and --class exclude each other: give one of them\.$/,
    );
    expect(() => exampleColumns(table, { left: ["a"] })).toThrow(
      /^pairs need both --left and --right: name the columns of both records\.$/,
    );
    expect(exampleColumns(table, { group: "b" })).toEqual({
      ...{ kind: "groups", fields: ["a", "c"], group: "b" },
    });
    expect(exampleColumns(table, { label: "c" })).toEqual({
      ...{ kind: "pairs", left: ["a"], right: ["b"], label: "c" },
    });
  });
});
