import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { decodeWhole } from "../tables/decode-text.ts";

/** Which columns of a CoNLL file are read, counted from 0. */
export interface ConllOptions {
  /** The column of words, 0 unless said. */
  readonly word?: number;
  /** The column of tags, the last one unless said. */
  readonly tag?: number;
}

/** A sentence: its words, and one tag each as an index into the data set's tags. */
export interface TaggedSentence {
  readonly words: readonly string[];
  readonly tags: Int32Array;
}

/**
 * Sentences whose words have tags. Format: CoNLL, one word a line with its tags in columns parted by spaces or
 * tabs, a blank line after every sentence, lines that begin with `#` or `-DOCSTART-` left out.
 */
export interface TokenClassificationData {
  readonly sentences: readonly TaggedSentence[];
  /** The tags' names: `O` first where it occurs, the others sorted. */
  readonly tags: readonly string[];
  /** How many sentences there are. */
  readonly size: number;
  describe(): string;
}

interface RawSentence {
  readonly words: string[];
  readonly tags: string[];
}

/**
 * Reads CoNLL.
 *
 * @param name what errors call the file.
 * @throws DataError when there is no sentence, a line has other columns than the first, or a tag that continues a
 * span (`I-X`) has none to continue in a file that marks begins.
 */
export function parseConll(
  bytes: Uint8Array,
  name: string,
  options: ConllOptions = {},
): TokenClassificationData {
  const raw = readSentences(decodeWhole(bytes, name), name, options);
  if (raw.length === 0) {
    throw new DataError(`${name} is empty: give it one word and its tag a line.`);
  }
  const names = [...new Set(raw.flatMap((sentence) => sentence.tags))].sort();
  const tags = names.includes("O") ? ["O", ...names.filter((tag) => tag !== "O")] : names;
  const ids = new Map(tags.map((tag, id) => [tag, id]));
  const sentences = raw.map((sentence) => ({
    words: sentence.words,
    tags: Int32Array.from(sentence.tags, (tag) => ids.get(tag) as number),
  }));
  const words = sentences.reduce((sum, sentence) => sum + sentence.words.length, 0);
  const describe = (): string =>
    `${counted(sentences.length, "sentence")} of ${counted(words, "word")}; tags: ${tags.join(", ")}`;
  return { sentences, tags, size: sentences.length, describe };
}

function readSentences(text: string, name: string, options: ConllOptions): RawSentence[] {
  const sentences: RawSentence[] = [];
  let current: RawSentence | undefined;
  let columns: number | undefined;
  text.split("\n").forEach((content, i) => {
    const line = content.trim();
    if (line === "" || line.startsWith("-DOCSTART-")) {
      current = undefined;
      return;
    }
    if (/^#(?:\s|$)/.test(line) && !current) return;
    const cells = line.split(line.includes("\t") ? "\t" : /\s+/);
    columns ??= checkColumns(cells.length, options, `${name}, line ${i + 1}`);
    if (cells.length !== columns) {
      throw new DataError(
        `${name}, line ${i + 1}: the line has ${cells.length} columns, but those before it have ${columns}: ` +
          "correct it, or put a blank line between sentences.",
      );
    }
    if (!current) {
      current = { words: [], tags: [] };
      sentences.push(current);
    }
    current.words.push(cells[options.word ?? 0] as string);
    current.tags.push(cells[options.tag ?? columns - 1] as string);
  });
  return sentences;
}

function checkColumns(columns: number, { word = 0, tag }: ConllOptions, where: string): number {
  const least = Math.max(2, word + 1, (tag ?? 0) + 1);
  if (columns >= least) return columns;
  throw new DataError(
    `${where}: the line has ${counted(columns, "column")}, and at least ${least} are needed: a ` +
      "word and its tag, with spaces or a tab between them.",
  );
}
