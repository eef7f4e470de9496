import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { initialize } from "@quire/nn";
import { Random } from "@quire/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { SequenceLabeller } from "../tasks/sequence-system.ts";
import type { LearnedProgram } from "../tasks/sequence-target.ts";
import { build } from "./model.ts";
import { fromConfiguration, type OfficialConfiguration } from "./weights.ts";

const folder = mkdtempSync(join(tmpdir(), "quire-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** All kinds of heads, ties and modules; weights are random, so that every table is as wild as it can be. */
const cases: readonly (readonly [string, Partial<OfficialConfiguration>, boolean])[] = [
  [
    "tokens as they are, counts",
    { one_hot_embed: true, count_only: true, n_vars_cat: 1, n_vars_num: 1, n_cat_mlps: 2 },
    false,
  ],
  [
    "the same, causal",
    { one_hot_embed: true, count_only: true, n_vars_cat: 1, n_vars_num: 1, n_num_mlps: 2 },
    true,
  ],
  ["learned classes and numbers", { n_vars_cat: 2, n_vars_num: 2, act_type: "GeLU" }, false],
  [
    "learned distances, pooled",
    { n_vars_cat: 2, n_vars_num: 1, count_only: true, rel_pos_bias: "clipped", pool_outputs: true },
    false,
  ],
  [
    "scores, causal",
    { n_vars_cat: 2, attention_type: "score", n_heads_num: 0, n_num_mlps: 0, count_only: true },
    true,
  ],
  [
    "the first match, three variables a module",
    {
      one_hot_embed: true,
      n_vars_cat: 1,
      n_vars_num: 1,
      count_only: true,
      rel_pos_bias: "none",
      mlp_vars_in: 3,
    },
    false,
  ],
  [
    "counts of counts of counts, a label that is never given",
    {
      one_hot_embed: true,
      n_vars_cat: 1,
      n_vars_num: 2,
      count_only: true,
      n_layers: 3,
      selector_width: true,
      unembed_mask: [true, false, false],
    },
    false,
  ],
];

const small = {
  d_vocab: 7,
  d_vocab_out: 3,
  n_layers: 2,
  d_var: 8,
  d_mlp: 9,
  n_heads_cat: 3,
  n_heads_num: 2,
  n_ctx: 8,
};
const tokens = ["<pad>", "<s>", "</s>", "<unk>", "a", 'b"', "c"];

async function learnt(configuration: Partial<OfficialConfiguration>, causal: boolean) {
  const { options, target } = fromConfiguration({ ...small, ...configuration }, causal);
  const model = build(options, target);
  initialize(model, 1);
  const described = {
    task: "sequence-labelling",
    paper: "transformer-programs",
    options,
    target,
  } as const;
  const system = new SequenceLabeller(model, {
    ...described,
    tokens,
    labels: ["x", "y", "z"],
    ends: true,
  });
  return { system, program: (await system.program()) as LearnedProgram };
}

/** Sequences of all lengths, unknown tokens among them. */
function drawn(count: number): string[][] {
  const random = new Random(5);
  const words = ["a", 'b"', "c", "never seen"];
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random.integer(6) }, () => words[random.integer(4)] as string),
  );
}

describe.each(cases)("%s", (name, configuration, causal) => {
  test("the program that is printed agrees with the network on every sequence", async () => {
    const { system, program } = await learnt(configuration, causal);
    const sequences = drawn(300);
    const predicted = await system.predict(sequences);
    const run = sequences.map((sequence) => program.run(sequence).labels);
    expect(run).toEqual(predicted.map(({ labels }) => labels));
    expect(new Set(run.flat()).size).toBeGreaterThan(1);
    writeFileSync(join(folder, `${name.replaceAll(/\W+/g, "-")}.ts`), program.typescript);
    await system.release();
  });
});

test("what tokens and labels are called is never run", async () => {
  const [, configuration] = cases[0] as (typeof cases)[number];
  const { options, target } = fromConfiguration({ ...small, ...configuration });
  const model = build(options, target);
  const evil = (end: string): string => `x${end}globalThis.wasRun = true; //`;
  // A long list within braces is written on several lines, but not where tokens make it look like one.
  const braces = "{ x, globalThis.wasRun = true, y }";
  const names = ["<pad>", "<s>", "</s>", ...["\n", "\r", "\u2028"].map(evil), braces];
  const program = await model.program({
    ...{ task: "sequence-labelling", paper: "transformer-programs", options, target },
    ...{ tokens: names, labels: ["a", evil("\n"), evil("`")], ends: true },
  });
  expect(program.run([names[3] as string]).labels.length).toBe(1);
  expect("wasRun" in globalThis).toBe(false);
});

test("what is printed is strict TypeScript without dependencies", () => {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const strict = [
    "strict",
    "noUncheckedIndexedAccess",
    "noImplicitOverride",
    "exactOptionalPropertyTypes",
    "noUnusedLocals",
    "noUnusedParameters",
    "noFallthroughCasesInSwitch",
    "erasableSyntaxOnly",
    "noImplicitReturns",
  ];
  const config = {
    compilerOptions: {
      ...Object.fromEntries(strict.map((rule) => [rule, true])),
      noEmit: true,
      target: "es2023",
      module: "es2022",
      types: [],
    },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const found = (() => {
    try {
      return execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  })();
  expect(found).toBe("");
});
