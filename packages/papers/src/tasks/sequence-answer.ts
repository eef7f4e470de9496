import { QuireError } from "@quire/tensor";
import type { Figure } from "../figure.ts";
import { answersFiles, type GivenFile } from "../task-answer.ts";
import { givenTable } from "./given-table.ts";
import { SequenceLabeller, type SequencePrediction } from "./sequence-system.ts";

/** Sequences that are labelled, at most. */
const MOST = 24;
/** The column of sequences in a table, as the command has it unless told otherwise. */
const COLUMN = "sequence";

/** Sequences are labelled. */
export const sequenceAnswer = answersFiles(
  SequenceLabeller,
  {
    text: "Drop a text with a sequence a line, its tokens parted by spaces or commas, and each is labelled.",
    accept: ".txt,.md,.csv,.tsv,text/*",
    typed: "Or write a sequence",
  },
  labelled,
);

async function labelled(system: SequenceLabeller, given: GivenFile): Promise<Figure[]> {
  const sequences = await sequencesIn(given);
  if (sequences.length === 0) {
    throw new QuireError(`"${given.name}" holds no tokens: give a sequence a line.`);
  }
  const said = await system.predict(sequences.slice(0, MOST));
  const rest = sequences.length > MOST ? [`and ${sequences.length - MOST} more`] : [];
  const text = [...said.map((one, i) => beside(sequences[i] ?? [], one)), ...rest].join("\n\n");
  return [{ kind: "text", title: "What it says of each token", text }];
}

/** The column of that name where a table has it, else all lines. */
async function sequencesIn(given: GivenFile): Promise<string[][]> {
  const lines = new TextDecoder().decode(given.bytes).split(/\r?\n/);
  const isTable = lines[0]?.split(/[,;\t]/).includes(COLUMN) === true;
  const kinds = { [COLUMN]: "category" } as const;
  const texts = isTable ? (await givenTable(given, { kinds })).completeTexts(COLUMN) : lines;
  const all = texts.map((text) => text.split(/[\s,;]+/).filter((token) => token !== ""));
  return all.filter((tokens) => tokens.length > 0);
}

/** Tokens, and under each its label. */
function beside(tokens: readonly string[], { labels }: SequencePrediction): string {
  const widths = tokens.map((token, i) => Math.max(token.length, labels[i]?.length ?? 0));
  const line = (words: readonly string[]): string =>
    words.map((word, i) => word.padEnd(widths[i] ?? 0)).join("  ");
  return [line(tokens), line(labels)].map((text) => text.trimEnd()).join("\n");
}
