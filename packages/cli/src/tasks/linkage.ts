import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError, groupSplit, stratifiedSplit, type Table } from "@quire/data";
import { readTable, readTokenizer } from "@quire/data/files";
import { initialize } from "@quire/nn";
import {
  type LinkageBatch,
  type LinkageExamples,
  type LinkageModelDescription,
  type LinkageRecipe,
  Linker,
  linkageExamples,
  linkageLosses,
  planLinkageTraining,
  RecordTokenizer,
  type TextEncoder,
  trainRecordTokenizer,
} from "@quire/papers";
import type { CompileOptions, HostTensor } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { loadModelFile } from "@quire/train/node";
import { UsageError } from "../errors.ts";
import { exampleColumns } from "../linkage/columns.ts";
import { isPretrained, openPretrained } from "../linkage/pretrained.ts";
import { count } from "../numbers.ts";
import { names, number, text, whole, withDefault } from "../option.ts";
import { loadBuild } from "../papers.ts";
import { htmlTable, type Section } from "../report/html.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { evaluateRecords, linkageEvaluation, predictPairs } from "./linkage-use.ts";
import { type Making, type Opening, task } from "./task.ts";

const options = {
  left: names("Columns of the first record of each row's pair"),
  right: names("Columns of the second record of each row's pair"),
  label: text(
    "COLUMN",
    "1 where the pair is the same and 0 where it differs; all are the same unless said",
  ),
  group: text("COLUMN", "Rows that have the same value here are the same thing"),
  class: text("COLUMN", "Rows are told apart into the classes that stand here"),
  on: names("Columns that are read, with --group and --class; all others unless said"),
  from: text("MODEL", "A run or a pretrained encoder's folder whose weights are gone on from"),
  length: whole("Tokens of a record that are read; 64 unless said", { from: 4, to: 512 }),
  vocabulary: whole("Tokens that records are cut into; the preset's unless said", { from: 258 }),
  validation: withDefault(
    number("Share of the groups that is kept apart to measure", { above: 0, to: 0.9 }),
    0.1,
  ),
};

const LENGTH = 64;
/** Records that a training sees in all, unless it is bounded. */
const SEEN = 300_000;
const MOST_EPOCHS = 60;
const FEWEST_EPOCHS = 3;

/** Records to learn from, and records to measure on. */
interface Records {
  readonly train: LinkageExamples;
  readonly validation: LinkageExamples;
  /** Whether the training goes on from weights that know text. */
  readonly goesOn: boolean;
}

/** Pairs, groups or classes of records in; an encoder of records out. */
export const linkage = task<
  typeof options,
  Records,
  Linker,
  LinkageBatch,
  typeof predictPairs.options
>({
  name: "linkage",
  title: "linkage of records",
  data: { value: "FILE", summary: "A table of pairs, of groups, or of records with classes" },
  options,
  recipe: {
    loss: { kind: "choice", summary: "What groups are learnt by", words: linkageLosses },
    temperature: { kind: "number", summary: "What cosines are divided by", above: 0 },
    margin: {
      kind: "number",
      summary: "The distance from which different records cost nothing",
      above: 0,
      to: 2,
    },
    perGroup: { kind: "whole", summary: "Records of one group in a batch, at most", from: 2 },
    hardNegatives: {
      kind: "number",
      summary:
        "How often a group brings one that looks alike, or was said to differ, into its batch",
      from: 0,
      to: 1,
    },
  },
  examples: [
    "quire train linktransformer --data pairs.csv --left name --right other_name",
    "quire train linktransformer --data aliases.csv --group id --on name,city --hard-negatives 0.5",
    "quire train linktransformer --data reports.csv --class topic --on text",
  ],
  ownStart: true,
  read: async (path, chosen, { seed }) => {
    const table = await readTable(path);
    const columns = exampleColumns(table, chosen);
    const examples = linkageExamples(table, columns);
    return {
      ...parted(examples, table, chosen.validation, seed),
      goesOn: chosen.from !== undefined,
    };
  },
  fingerprint: ({ train, validation }) =>
    fingerprintOf(
      ...[train, validation].flatMap(({ records, groups }) => [JSON.stringify(records), groups]),
    ),
  presetFor: ({ presets }) => Object.keys(presets)[0] ?? "",
  recipeFor: ({ recipe }, { train, goesOn }) =>
    cutRecipe(recipe as LinkageRecipe, train.records.length, goesOn),
  begin: async (making) => {
    const { train, validation } = making.data;
    const { linker, known } = await made(making);
    const isKnown = (path: string): boolean => known.has(path);
    const plan = planLinkageTraining(linker, {
      ...{ train, validation, extras: { ...making.extras, isKnown }, seed: making.seed },
      ...{ recipe: making.recipe as LinkageRecipe, goesOn: making.data.goesOn },
    });
    const kinds = train.classes ? "classes" : "groups";
    const groups = (of: LinkageExamples): string => count(new Set(of.groups).size);
    return {
      ...{ system: linker, plan },
      ...(!train.classes && { next: (run) => `link A.csv B.csv --model ${run}` }),
      facts: [
        [
          "records",
          `${count(train.records.length)} to train, ${count(validation.records.length)} to measure`,
        ],
        [
          "of",
          `${groups(train)} and ${groups(validation)} ${kinds}; read: ${train.fields.join(", ")}`,
        ],
        [
          "tokens",
          `${count(linker.tokenizer.size)}, at most ${linker.description.target.length} a record`,
        ],
      ],
    };
  },
  open: openStored,
  measure: (linker, { validation }) => linkageEvaluation(linker, validation),
  inputs: function* (linker, { train }) {
    for (const record of train.records.slice(0, 100)) yield [linker.tokens([record])];
  },
  report: async (linker, { validation }) => [await examplesSection(linker, validation)],
  predict: predictPairs,
  evaluate: evaluateRecords,
});

/** Whole groups are kept apart; of classes, a share of each. */
function parted(
  examples: LinkageExamples,
  table: Table,
  share: number,
  seed: number,
): Pick<Records, "train" | "validation"> {
  const { groups, classes } = examples;
  const split = classes
    ? stratifiedSplit(groups, classes, { test: share, seed })
    : groupSplit(groups, { test: share, seed });
  const [train, validation] = [split.train, split.test].map((places) => part(examples, places)) as [
    LinkageExamples,
    LinkageExamples,
  ];
  if (classes || train.groups.length > new Set(train.groups).size) return { train, validation };
  throw new DataError(
    `${table.name}: no group of two records is left to learn from: give more, or a smaller --validation.`,
  );
}

/** Some of the records, their groups numbered anew; pairs of groups that differ as far as both are there. */
function part(examples: LinkageExamples, places: Int32Array): LinkageExamples {
  const records = Array.from(places, (place) => examples.records[place] as readonly string[]);
  const own = places.map((place) => examples.groups[place] as number);
  if (examples.classes) return { ...examples, records, groups: own };
  const numbers = new Map<number, number>();
  for (const group of own) if (!numbers.has(group)) numbers.set(group, numbers.size);
  const rivals = examples.rivals.flatMap(([a, b]) => {
    const [first, second] = [numbers.get(a), numbers.get(b)];
    return first === undefined || second === undefined ? [] : [[first, second] as const];
  });
  return { ...examples, records, rivals, groups: own.map((group) => numbers.get(group) as number) };
}

/** Batches of at most a quarter of the records; what learns from nothing takes larger steps than the paper's. */
function cutRecipe(recipe: LinkageRecipe, records: number, goesOn: boolean): LinkageRecipe {
  const quarter = 2 ** Math.floor(Math.log2(Math.max(8, records / 4)));
  const batchSize = Math.min(goesOn ? recipe.batchSize : 128, quarter);
  const epochs = Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, Math.round(SEEN / records)));
  return {
    ...recipe,
    ...{ batchSize, epochs: goesOn ? recipe.epochs : epochs },
    ...(!goesOn && { learningRate: 2e-3 }),
  };
}

/** A linker, and the paths of its parameters that begin with earlier weights. */
interface Made {
  readonly linker: Linker;
  readonly known: ReadonlySet<string>;
}

async function made(making: Making<Records, Readonly<Record<string, unknown>>>): Promise<Made> {
  const { paper, build, preset, settings, data, options: chosen } = making;
  const { fields, classes, records } = data.train;
  const description = {
    task: "linkage",
    paper: paper.id,
    preset,
    fields,
    ...(classes && { classes }),
  } as const;
  const length = (chosen["length"] as number | undefined) ?? LENGTH;
  const from = chosen["from"] as string | undefined;
  if (from !== undefined) {
    const base = await openBase(from);
    const { options: own, target, paper: of } = base.description;
    const aim = { ...target, length: Math.min(length, target.length), ...classCount(classes) };
    const model = (await loadBuild(of))(own, { ...target, ...classCount(classes) }) as TextEncoder;
    const known = await copyShared(base.model, model, making.seed);
    const whole = { ...description, paper: of, options: own, target: aim };
    return { linker: new Linker(model, base.tokenizer, whole), known };
  }
  const size = (chosen["vocabulary"] as number | undefined) ?? presetSize(making);
  const tokenizer = trainRecordTokenizer(records, size);
  const target = {
    ...{ vocabulary: tokenizer.size, length, padding: tokenizer.padding },
    ...classCount(classes),
  };
  const model = build(settings, target) as TextEncoder;
  const whole = { ...description, options: settings, target };
  return { linker: new Linker(model, tokenizer, whole), known: new Set() };
}

function classCount(classes: readonly string[] | undefined): { readonly classes?: number } {
  return classes ? { classes: classes.length } : {};
}

function presetSize({ paper, preset }: Pick<Making<never, never>, "paper" | "preset">): number {
  const target = paper.presets[preset]?.target as { readonly vocabulary: number } | undefined;
  return target?.vocabulary ?? 0;
}

/** Gives a model those weights of another that have the same place and shape; the others are drawn. Tells which. */
async function copyShared(from: TextEncoder, to: TextEncoder, seed: number): Promise<Set<string>> {
  initialize(to, seed);
  const own: Map<string, HostTensor> = new Map(await modelTensors(to));
  const known = new Set<string>();
  for (const [path, value] of await modelTensors(from)) {
    if (own.get(path)?.shape.join() !== value.shape.join()) continue;
    own.set(path, value);
    known.add(path);
  }
  await loadModel(to, own);
  return known;
}

/** Opens what a training goes on from. */
async function openBase(name: string): Promise<Linker> {
  const folder = [name, join("runs", name)].find((path) => isPretrained(path) || isRun(path));
  if (folder === undefined) {
    throw new UsageError(
      `--from "${name}" is neither a run nor a folder of a pretrained encoder: give one that has a config.json.`,
    );
  }
  if (isPretrained(folder)) return await openPretrained(folder);
  const description = descriptionIn(folder);
  const linker = await openStored({
    description,
    build: await loadBuild(description.paper),
    folder,
  });
  await loadModelFile(join(folder, "model.safetensors"), linker.model);
  return linker;
}

function isRun(folder: string): boolean {
  try {
    return descriptionIn(folder).task === "linkage";
  } catch {
    return false;
  }
}

function descriptionIn(folder: string): LinkageModelDescription {
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as {
    readonly model: LinkageModelDescription;
  };
  return config.model;
}

async function openStored({
  description,
  build,
  folder,
  compile = {},
}: Omit<Opening, "compile"> & { readonly compile?: CompileOptions }): Promise<Linker> {
  const own = description as LinkageModelDescription;
  const tokenizer = new RecordTokenizer(await readTokenizer(join(folder, "tokenizer.json")));
  return new Linker(build(own.options, own.target) as TextEncoder, tokenizer, own, compile);
}

/** Records that were kept apart, each with the nearest other one. */
async function examplesSection(linker: Linker, validation: LinkageExamples): Promise<Section> {
  const records = validation.records.slice(0, 400);
  const shown = (place: number): string => (records[place] ?? []).join(" | ");
  if (validation.classes) {
    const found = await linker.classify(records.slice(0, 60));
    const rows = found.map(({ label }, i) => [
      shown(i),
      validation.classes?.[validation.groups[i] as number] ?? "",
      label,
    ]);
    const columns = [{ title: "record" }, { title: "class" }, { title: "found" }];
    return { title: "Records that were kept apart", body: htmlTable(columns, rows) };
  }
  const { values, width } = await linker.embed(records);
  const cosine = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < width; i++)
      sum += (values[a * width + i] as number) * (values[b * width + i] as number);
    return sum;
  };
  const rows = records.slice(0, 60).map((_, a) => {
    const others = records.map((__, b) => b).filter((b) => b !== a);
    const best = others.reduce((x, b) => (cosine(a, b) > cosine(a, x) ? b : x), others[0] ?? a);
    const same = validation.groups[a] === validation.groups[best] ? "the same" : "another";
    return [shown(a), shown(best), cosine(a, best).toFixed(3), same];
  });
  const columns = ["record", "nearest", "cosine", "which is"].map((title) => ({ title }));
  return {
    title: "Records that were kept apart, with their nearest",
    body: htmlTable(columns, rows),
  };
}
