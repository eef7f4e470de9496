import { delimitedText } from "@quire/data";
import { readTable } from "@quire/data/files";
import {
  bootstrapInterval,
  type EncodedSequences,
  encodeSequences,
  type SequenceLabeller,
  type SequencePrediction,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { writeWhole } from "../files.ts";
import { count, percent } from "../numbers.ts";
import { type Option, text } from "../option.ts";
import { table } from "../table.ts";
import { readLabelled } from "./sequence-files.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** How many predictions are shown. */
const SHOWN = 10;

/** What a user may say of predicting. */
export type PredictSequenceOptions = { readonly out: Option<string | undefined> };

/** Labels the sequences of a table. */
export const predictSequences: PredictSpec<SequenceLabeller, PredictSequenceOptions> = {
  data: { value: "FILE", summary: "A table with the column of tokens that the run was trained on" },
  options: { out: text("FILE", "A csv file for all predictions") },
  examples: [
    "quire predict transformer-programs-1 --data new.csv --out labels.csv",
    'quire program transformer-programs-1 --input "3 1 2"',
  ],
  run: async (system, path, { out }, { console, options }) => {
    const column = columnOf(options, "sequence");
    const read = await readTable(path, { kinds: { [column]: "category" } });
    const sequences = read.completeTexts(column).map((each) => each.trim().split(/\s+/));
    const predictions = await system.predict(sequences);
    const rows = sequences.map((tokens, row) => rowOf(tokens, predictions[row]));
    const titles = [column, columnOf(options, "labels"), "probability"];
    if (out !== undefined) await writeWhole(out, delimitedText(titles, rows));
    const more = rows.length > SHOWN ? `\n${count(rows.length - SHOWN)} rows more` : "";
    const where = out === undefined ? "; --out FILE writes all of them" : `; all are in ${out}`;
    const shown = rows
      .slice(0, SHOWN)
      .map(([tokens, labels, probability]) => [
        ...[tokens as string, labels as string, percent(Number(probability))],
      ]);
    console.print(
      table(
        titles.map((title) => ({ title })),
        shown,
      ) + (more === "" && out === undefined ? "" : more + where),
    );
    console.result({
      ...(out !== undefined && { file: out }),
      predictions: sequences.map((tokens, row) => ({ tokens, ...predictions[row] })),
    });
  },
};

/** Tokens, labels, and how likely the least likely of them is. */
function rowOf(tokens: readonly string[], prediction: SequencePrediction | undefined): string[] {
  const { labels = [], probabilities = [] } = prediction ?? {};
  return [tokens.join(" "), labels.join(" "), String(Math.min(...probabilities))];
}

function columnOf(options: Readonly<Record<string, unknown>>, name: "sequence" | "labels"): string {
  const given = options[name];
  return typeof given === "string" ? given : name;
}

/** Measures a labeller on sequences whose labels are known. */
export const evaluateSequences: EvaluateSpec<SequenceLabeller> = {
  data: {
    value: "FILE",
    summary: "A table of sequences and their labels, or a CoNLL file (.conll)",
  },
  run: async (system, path, { seed, options }) => {
    const { kind } = system.description.target;
    const all = await readLabelled(path, {
      ...{ sequence: columnOf(options, "sequence"), labels: columnOf(options, "labels"), kind },
    });
    if (all.kind !== kind) {
      throw new UsageError(
        `"${path}" labels each token, the run labels whole sequences: give a table with one label a row.`,
      );
    }
    return await sequenceEvaluation(system, encodeSequences(system.coding, all.sequences), seed);
  },
};

/** Measures a labeller on sequences, with intervals over sequences drawn again. */
export async function sequenceEvaluation(
  system: SequenceLabeller,
  sequences: EncodedSequences,
  seed: number,
): Promise<Evaluation> {
  const { accuracy, wholeAccuracy, loss, counts, right, losses } = await system.evaluate(sequences);
  const sumOf = (values: readonly number[], places: Uint32Array): number =>
    places.reduce((sum, place) => sum + (values[place] as number), 0);
  const whole = right.map((value, row) => Number(value === counts[row]));
  const interval = (statistic: (places: Uint32Array) => number): [number, number] =>
    bootstrapInterval(sequences.size, statistic, { seed });
  return {
    ...{ count: sequences.size, what: "sequences" },
    metrics: [
      {
        ...{ name: "accuracy", as: "share", better: "higher", value: accuracy },
        interval: interval((places) => sumOf(right, places) / sumOf(counts, places)),
      },
      {
        ...{ name: "wholeAccuracy", as: "share", better: "higher", value: wholeAccuracy },
        interval: interval((places) => sumOf(whole, places) / places.length),
      },
      {
        ...{ name: "loss", as: "number", better: "lower", value: loss },
        interval: interval((places) => sumOf(losses, places) / places.length),
      },
    ],
  };
}
