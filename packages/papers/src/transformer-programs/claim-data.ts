import { DataError, type LabelledSequence, type RaspTask, rasp, raspForm } from "@quire/data";
import { countParameters } from "@quire/nn";
import { Random } from "@quire/tensor";
import type { ComparedLabeller } from "../tasks/sequence-comparison.ts";
import {
  type EncodedSequences,
  encodeSequences,
  type SequenceData,
  sequenceCoding,
} from "../tasks/sequence-data.ts";
import type { SequenceEvaluation, SequenceLabeller } from "../tasks/sequence-system.ts";
import type { SequenceTarget } from "../tasks/sequence-target.ts";
import { build, type TransformerProgramOptions } from "./model.ts";
import { StandardTransformer, standardOptions } from "./standard.ts";

/** Sequences to learn from, and sequences to measure on once. */
export interface Measured {
  readonly data: SequenceData;
  readonly test: EncodedSequences;
}

/** How many sequences a claim learns from and measures on. */
export interface Counts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/**
 * Sequences of a task, all different from each other. Their parts are drawn at random: short sequences come early, for
 * there are few of them.
 *
 * @throws DataError when there are not so many.
 */
export function madeSequences(
  task: RaspTask,
  { train, validation, test }: Counts,
  sizes: { readonly length?: number; readonly vocabulary?: number } = {},
): Measured {
  const count = train + validation + test;
  const all = rasp(task, { ...sizes, count, seed: 0 });
  if (all.length < count) {
    throw new DataError(`${task} has ${all.length} sequences of this size, fewer than ${count}.`);
  }
  const order = Array.from(new Random(0).fork("parts").permutation(count));
  const mixed = order.map((place) => all[place] as LabelledSequence);
  return measured(mixed, { train, validation, test }, { kind: "tagging", ...raspForm(task) });
}

/** Sequences cut into those to learn from, those for curves, and those to measure on. */
export function measured(
  all: readonly LabelledSequence[],
  { train, validation, test }: Counts,
  form: {
    readonly kind: "tagging";
    readonly ends: boolean;
    readonly causal: boolean;
    readonly most?: number;
  },
): Measured {
  const { causal, ...coded } = form;
  const learnt = all.slice(0, train);
  const longest = Math.max(...all.map(({ tokens }) => tokens.length)) + (form.ends ? 2 : 1);
  const labels = [...new Set(all.flatMap((each) => each.labels))].sort();
  const coding = { ...sequenceCoding(learnt, { ...coded, length: longest }), labels };
  const encode = (from: number, count: number): EncodedSequences =>
    encodeSequences(coding, all.slice(from, from + count));
  return {
    data: { coding, causal, train: encode(0, train), validation: encode(train, validation) },
    test: encode(train + validation, test),
  };
}

/** A program that takes part; it also says how often what is printed of it agrees with the network. */
export function programOf(
  name: string,
  options: TransformerProgramOptions,
  { test }: Measured,
  figure?: string,
): ComparedLabeller {
  return {
    ...{ name, options, ...(figure !== undefined && { figure }) },
    build: (target) => build(options, target),
    measure: async (system, evaluation) => ({
      agreement: await agreement(system, test, evaluation),
    }),
  };
}

/** A standard transformer of as many parameters as a program has, with a learning rate of its own. */
export function standardOf(
  name: string,
  options: TransformerProgramOptions,
  learningRate: number,
): ComparedLabeller {
  const made = (target: SequenceTarget) => {
    const parameters = countParameters(build(options, target));
    return standardOptions(parameters, { depth: options.depth, heads: 4 }, target);
  };
  return {
    ...{ name, options: { depth: options.depth, heads: 4 } },
    build: (target) => new StandardTransformer(made(target), target),
    recipe: { learningRate },
  };
}

/** The share of sequences that the printed program labels as the network does, token for token. */
export async function agreement(
  system: SequenceLabeller,
  { ids, lengths, labels, size }: EncodedSequences,
  { given }: Pick<SequenceEvaluation, "given">,
): Promise<number> {
  const program = await system.program();
  if (!program) return Number.NaN;
  const { tokens, labels: names, target } = system.description;
  const width = labels.length / size;
  let same = 0;
  for (let row = 0; row < size; row++) {
    const first = row * target.length + 1;
    const own = Array.from(
      ids.subarray(first, first + (lengths[row] as number)),
      (id) => tokens[id] as string,
    );
    const said = Array.from(given.subarray(row * width, (row + 1) * width))
      .filter((label) => label >= 0)
      .map((label) => names[label] as string);
    same += Number(program.run(own).labels.join("\n") === said.join("\n"));
  }
  return same / size;
}
