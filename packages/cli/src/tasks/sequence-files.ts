import {
  type LabelledSequenceData,
  labelledSequences,
  type SequenceKind,
  taggedSequences,
} from "@quire/data";
import { readConll, readTable } from "@quire/data/files";

/** The columns of sequences and their labels in a table, and what labels are of where that is known. */
export interface LabelledColumns {
  readonly sequence: string;
  readonly labels: string;
  readonly kind: SequenceKind | undefined;
}

/** Reads labelled sequences: CoNLL where the name ends so, else a table. */
export async function readLabelled(
  path: string,
  { sequence, labels, kind }: LabelledColumns,
): Promise<LabelledSequenceData> {
  if (/\.(conll|conllu|iob2?|bio)$/i.test(path)) return taggedSequences(await readConll(path));
  const table = await readTable(path, { kinds: { [sequence]: "category", [labels]: "category" } });
  return labelledSequences(table, { sequence, labels, ...(kind && { kind }) });
}
