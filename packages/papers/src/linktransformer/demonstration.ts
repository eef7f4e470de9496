import { Random } from "@quire/tensor";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import type { Figure } from "../figure.ts";
import type { LinkageExamples } from "../tasks/linkage-examples.ts";
import { type LinkageRecipe, linkageLosses } from "../tasks/linkage-target.ts";
import { evaluateLinking, planLinkageTraining } from "../tasks/linkage-training.ts";
import { Linker } from "../tasks/linker.ts";
import { trainRecordTokenizer } from "../tasks/record-tokenizer.ts";
import { build, type SentenceEncoderOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Companies that do not exist, of these parts. */
const first = "Alpen Baltic Corona Delta Elbe Falcon Granit Helios Iris Juno Kepler Lumen".split(
  " ",
);
const second = "Motor Timber Steel Paper Glass Pump Wire Tool".split(" ");
const forms = ["Ltd.", "Limited", "Inc.", "Incorporated", "& Co.", "and Company"];

const options: SentenceEncoderOptions = {
  ...{ layout: "plain", width: 48, depth: 1, heads: 4, ratio: 2, pooling: "mean", dropout: 0 },
};
const STEPS_A_FRAME = 5;

/** A company's names: with and without its form, shortened, turned about, mistyped. */
function writtenAs(name: string, random: Random): string[] {
  const [a = "", b = ""] = name.split(" ");
  const form = (): string => forms[Math.floor(random.uniform() * forms.length)] as string;
  const at = 1 + Math.floor(random.uniform() * (a.length - 2));
  const typo = `${a.slice(0, at)}${a[at + 1] ?? ""}${a[at]}${a.slice(at + 2)}`;
  return [
    name,
    `${name} ${form()}`,
    `${b} ${a} ${form()}`,
    `${a.slice(0, 3)}. ${b}`,
    `${typo} ${b}`,
  ];
}

function companies(random: Random, from: number, to: number): LinkageExamples {
  const all = first.flatMap((a) => second.map((b) => `${a} ${b}`));
  const order = new Random(7).permutation(all.length);
  const chosen = Array.from(order.subarray(from, to), (place) => all[place] as string);
  const names = chosen.map((name) => writtenAs(name, random));
  return {
    fields: ["company"],
    records: names.flatMap((own) => own.map((name) => [name])),
    groups: Int32Array.from(names.flatMap((own, group) => own.map(() => group))),
    rivals: [],
  };
}

/** Cosines of some companies' names with one another. */
async function cosines(linker: Linker, { records }: LinkageExamples): Promise<Figure> {
  const shown = records.slice(0, 20);
  const { values, width } = await linker.embed(shown);
  const names = shown.map(([name = ""]) => name);
  const cosine = (a: number, b: number): number => {
    let total = 0;
    for (let i = 0; i < width; i++) {
      total += (values[a * width + i] as number) * (values[b * width + i] as number);
    }
    return total;
  };
  return {
    kind: "heat",
    title: "How near names are that it has never seen",
    caption:
      "Five ways to write each of four companies: squares along the diagonal are what is wanted.",
    ...{ rows: names, columns: names },
    values: names.map((_, a) => names.map((__, b) => cosine(a, b))),
  };
}

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const random = new Random(seed).fork("companies");
  const [train, validation] = [companies(random, 0, 72), companies(random, 72, 96)];
  const tokenizer = trainRecordTokenizer(train.records, 300);
  const target = { vocabulary: tokenizer.size, length: 32, padding: tokenizer.padding };
  const linker = new Linker(build(options, target), tokenizer, {
    ...{ task: "linkage", paper: paper.id, options, target, fields: train.fields },
  });
  onSystem?.(linker);
  const recipe: LinkageRecipe = {
    ...{ ...paper.recipe, epochs: 20, batchSize: 40, learningRate: 4e-3, warmUp: 1 },
    loss: values["loss"] as LinkageRecipe["loss"],
    temperature: Number(values["temperature"]),
  };
  const plan = planLinkageTraining(linker, { train, validation, recipe, seed });
  const steps = plan.epochs * plan.batchesPerEpoch;
  yield { step: 0, steps, values: {}, figures: [await cosines(linker, validation)] };
  let found = await evaluateLinking(linker, validation);
  let loss = Number.NaN;
  for await (const event of plan.training.run({ epochs: plan.epochs, batches: plan.batches })) {
    if (signal.aborted) break;
    // That of an epoch is a mean, and would stand beside the last step's.
    if (event.type !== "epoch") loss = event.loss;
    if (event.type === "epoch") {
      found = await evaluateLinking(linker, validation);
      const figures = [await cosines(linker, validation)];
      yield { step: event.step, steps, values: { loss, accuracy: found.accuracy }, figures };
    } else if (event.step % STEPS_A_FRAME === 0) {
      yield { step: event.step, steps, values: { loss, accuracy: found.accuracy } };
    }
  }
  await plan.training.release();
  await linker.release();
}

/** An encoder learns that names of one company belong together, however they are written. */
export const demonstration: Demonstration = {
  title: "Names that mean the same thing",
  summary:
    "An encoder of letters learns which spellings of invented companies belong together. Companies that it is " +
    "measured on are none of those that it learns from.",
  controls: {
    loss: {
      setting: { kind: "choice", summary: "What it learns by", words: linkageLosses },
      initial: "supcon",
    },
    temperature: {
      setting: { kind: "number", summary: "What cosines are divided by", from: 0.02, to: 1 },
      initial: 0.07,
    },
  },
  run,
};
