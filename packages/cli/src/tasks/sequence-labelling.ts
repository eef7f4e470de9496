import { type RaspTask, rasp, raspForm, raspTasks, sequenceData } from "@quire/data";
import {
  describeSequenceModel,
  encodeSequences,
  partSequences,
  planSequenceTraining,
  roomOf,
  type SequenceBatch,
  type SequenceCoding,
  type SequenceData,
  SequenceLabeller,
  type SequenceModelDescription,
  type SequenceNetwork,
  type SequenceRecipe,
  sequenceCoding,
  sequencePresetFor,
  sequenceRecipeFor,
} from "@quire/papers";
import { hostTensor } from "@quire/tensor";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { choice, number, text, type Values, whole, withDefault } from "../option.ts";
import { sequenceSections } from "../report/sequence-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { readLabelled } from "./sequence-files.ts";
import {
  evaluateSequences,
  type PredictSequenceOptions,
  predictSequences,
  sequenceEvaluation,
} from "./sequence-use.ts";
import { type ReadingContext, task } from "./task.ts";

const options = {
  task: choice("A task whose sequences are made, in place of --data", raspTasks),
  sequences: withDefault(whole("How many sequences are made", { from: 10, to: 1_000_000 }), 20_000),
  vocabulary: whole(
    "Different tokens, those that fill up, begin and end among them; 8 of what is made, the 10000 commonest of data unless said",
    { from: 3, to: 1_000_000 },
  ),
  length: whole(
    "The most tokens of a sequence, those at its ends among them; longer ones are left out; 8 of what is made (16 brackets), 32 of data unless said",
    { from: 2, to: 4096 },
  ),
  sequence: withDefault(text("COLUMN", "The column of tokens, parted by spaces"), "sequence"),
  labels: withDefault(
    text("COLUMN", "The column of labels, parted by spaces: one a token, or one a row"),
    "labels",
  ),
  kind: choice("Whether each token has a label or each row has one; as the data are unless said", [
    "tagging",
    "classification",
  ]),
  validation: withDefault(
    number("Share of the sequences that is kept apart to measure", { above: 0, to: 0.9 }),
    0.1,
  ),
};

type Given = Values<typeof options>;

/** The most tokens of a user's sequence, and how many different ones are kept, unless said. */
const LENGTH = 32;
const VOCABULARY = 10_000;

/** Sequences of tokens in, labels out. */
export const sequenceLabelling = task<
  typeof options,
  SequenceData,
  SequenceLabeller,
  SequenceBatch,
  PredictSequenceOptions
>({
  name: "sequence-labelling",
  title: "labelling of sequences",
  data: {
    value: "FILE",
    summary:
      "A table of sequences and their labels, or a CoNLL file (.conll); --task makes sequences instead",
    instead: "task",
  },
  options,
  recipe: {},
  examples: [
    "quire train transformer-programs --task sort",
    "quire train transformer-programs --data tags.csv --sequence words --labels tags",
    "quire program transformer-programs-1",
  ],
  read: (path, given, reading) => readSequenceData(path, given, reading),
  fingerprint: ({ coding, train, validation }) =>
    fingerprintOf(
      JSON.stringify(coding),
      train.ids,
      train.labels,
      validation.ids,
      validation.labels,
    ),
  presetFor: ({ presets }, { coding }) => sequencePresetFor(presets, coding.tokens.length),
  recipeFor: ({ recipe }, { train }) => sequenceRecipeFor(recipe as SequenceRecipe, train.size),
  begin: ({ paper, build, preset, settings, data, recipe, extras, seed }) => {
    const what = { paper: paper.id, preset, options: settings };
    const description = describeSequenceModel({ ...what, data });
    const model = build(settings, description.target) as SequenceNetwork;
    const system = new SequenceLabeller(model, description);
    const { tokens, labels, length, kind } = data.coding;
    const of = kind === "tagging" ? "a label each" : "a label a sequence";
    return {
      ...{ system, plan: planSequenceTraining(system, { data, recipe, extras, seed }) },
      next: (run) => `program ${run}`,
      facts: [
        [
          "sequences",
          `${count(data.train.size)} to train, ${count(data.validation.size)} to measure`,
        ],
        [
          "of",
          `at most ${length} tokens of ${count(tokens.length)} kinds, ${of} of ${labels.length}`,
        ],
      ],
    };
  },
  open: ({ description, build, compile = {} }) => {
    const model = build(description.options, description.target) as SequenceNetwork;
    return new SequenceLabeller(model, description as SequenceModelDescription, compile);
  },
  measure: (system, { validation }, seed) => sequenceEvaluation(system, validation, seed),
  inputs: sequenceInputs,
  report: (system, { validation }) => sequenceSections(system, validation),
  predict: predictSequences,
  evaluate: evaluateSequences,
});

async function readSequenceData(
  path: string,
  given: Given,
  { seed, console, start }: ReadingContext,
): Promise<SequenceData> {
  if (given.task !== undefined) {
    if (path === "") return madeSequences(given.task, given, seed);
    throw new UsageError("--task makes sequences and --data reads them: give one of the two.");
  }
  const all = await readLabelled(path, given);
  const length = given.length ?? LENGTH;
  const room = roomOf({ length, ends: true });
  const fitting = all.sequences.filter(({ tokens }) => tokens.length <= room);
  const left = all.size - fitting.length;
  const named = `${count(left)} of ${count(all.size)} sequences are longer than ${room} tokens`;
  if (fitting.length < 2) {
    throw new UsageError(`${named}: give a --length of which more fit.`);
  }
  console.note(`Read ${all.describe()}.${left > 0 ? ` ${named} and left out.` : ""}`);
  const { train, apart } = partSequences(fitting, { share: given.validation, seed });
  const found = {
    ...sequenceCoding(train, {
      ...{ kind: all.kind, ends: true, most: given.vocabulary ?? VOCABULARY },
      length: Math.min(length, Math.max(...fitting.map(({ tokens }) => tokens.length)) + 2),
    }),
    labels: [...new Set(fitting.flatMap(({ labels }) => labels))].sort(),
  };
  // Weights know their own tokens and labels alone.
  const coding = start ? codingOf(start.description as SequenceModelDescription) : found;
  return {
    ...{ coding, causal: false },
    ...{ train: encodeSequences(coding, train), validation: encodeSequences(coding, apart) },
  };
}

function codingOf({ tokens, labels, ends, target }: SequenceModelDescription): SequenceCoding {
  return { tokens, labels, ends, kind: target.kind, length: target.length };
}

function madeSequences(name: RaspTask, given: Given, seed: number): SequenceData {
  const { sequences, validation, length, vocabulary } = given;
  const made = rasp(name, {
    ...{ count: sequences, seed },
    ...(length !== undefined && { length }),
    ...(vocabulary !== undefined && { vocabulary }),
  });
  const { ends, causal } = raspForm(name);
  const { sequences: all } = sequenceData(made, "tagging");
  const { train, apart } = partSequences(all, { share: validation, seed });
  const coding = sequenceCoding(all, { kind: "tagging", ends });
  return {
    ...{ coding, causal },
    ...{ train: encodeSequences(coding, train), validation: encodeSequences(coding, apart) },
  };
}

/** So many sequences show between which values a model's inputs stand. */
const EXAMPLES = 100;

function* sequenceInputs({ description }: SequenceLabeller, { train }: SequenceData) {
  const { length } = description.target;
  const step = Math.max(1, Math.floor(train.size / EXAMPLES));
  for (let row = 0; row < train.size; row += step) {
    const ids = train.ids.slice(row * length, (row + 1) * length);
    yield [hostTensor(ids, [1, length], "int32")];
  }
}
