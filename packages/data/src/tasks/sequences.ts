import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { decodeWhole } from "../tables/decode-text.ts";

/** A sequence of letters and what it is called. */
export interface NamedSequence {
  readonly name: string;
  readonly sequence: string;
}

/**
 * Sequences of letters. Formats: FASTA, where a line `>name` stands before the lines of each sequence; or a list of
 * SMILES, one molecule a line, perhaps with its name after a space or tab.
 */
export interface SequenceData {
  readonly sequences: readonly NamedSequence[];
  /** The letters that occur, sorted. */
  readonly alphabet: readonly string[];
  readonly size: number;
  describe(): string;
}

/**
 * Reads FASTA; letters become capitals, since small ones only mark repeats.
 *
 * @param name what errors call the file.
 * @throws DataError naming the line, when there is no sequence, one is empty, or a line holds other signs than
 * letters, `*` and `-`.
 */
export function parseFasta(bytes: Uint8Array, name: string): SequenceData {
  const found: { name: string; line: number; parts: string[] }[] = [];
  decodeWhole(bytes, name)
    .split("\n")
    .forEach((content, i) => {
      const line = content.trim();
      if (line === "" || line.startsWith(";")) return;
      if (line.startsWith(">")) {
        found.push({ name: line.slice(1).trim(), line: i + 1, parts: [] });
        return;
      }
      const residues = checkResidues(line, found.length > 0, `${name}, line ${i + 1}`);
      found.at(-1)?.parts.push(residues);
    });
  const empty = found.find(({ parts }) => parts.length === 0);
  if (empty) {
    throw new DataError(
      `${name}, line ${empty.line}: sequence "${empty.name}" is empty: add its letters or delete the line.`,
    );
  }
  const sequences = found.map(({ name: each, parts }) => ({
    name: each,
    sequence: parts.join(""),
  }));
  return sequenceData(sequences, name, "letter", 'a line ">name" and lines of letters');
}

function checkResidues(line: string, named: boolean, where: string): string {
  if (!named) {
    throw new DataError(
      `${where}: the file does not begin with ">": give each sequence a line ">name".`,
    );
  }
  const wrong = /[^A-Za-z*-]/.exec(line);
  if (wrong) {
    throw new DataError(
      `${where}: "${wrong[0]}" is no letter of a sequence: use letters, "*" and "-" only.`,
    );
  }
  return line.toUpperCase();
}

/** What SMILES is written with: atoms, bonds, branches, rings, charges and chirality. */
const smiles = /^[A-Za-z0-9@+\-[\]()\\/=#$:.%*~]+$/;

/**
 * Reads a list of SMILES.
 *
 * @param name what errors call the file.
 * @throws DataError naming the line that is no SMILES: another sign, or brackets that are not closed.
 */
export function parseSmiles(bytes: Uint8Array, name: string): SequenceData {
  const sequences: NamedSequence[] = [];
  decodeWhole(bytes, name)
    .split("\n")
    .forEach((content, i) => {
      const [sequence = "", ...rest] = content.trim().split(/\s+/);
      if (sequence === "") return;
      checkSmiles(sequence, `${name}, line ${i + 1}`);
      sequences.push({ name: rest.join(" "), sequence });
    });
  return sequenceData(sequences, name, "sign", "one SMILES a line");
}

function checkSmiles(text: string, where: string): void {
  if (!smiles.test(text)) {
    throw new DataError(`${where}: "${text}" is no SMILES: correct the line or delete it.`);
  }
  for (const [open, close] of ["()", "[]"]) {
    let depth = 0;
    for (const sign of text) {
      if (sign === open) depth++;
      if (sign === close) depth--;
      if (depth < 0) break;
    }
    if (depth !== 0) {
      throw new DataError(
        `${where}: "${text}" is no SMILES: its "${open}" and "${close}" do not match.`,
      );
    }
  }
}

function sequenceData(
  sequences: readonly NamedSequence[],
  name: string,
  letters: string,
  form: string,
): SequenceData {
  if (sequences.length === 0) throw new DataError(`${name} is empty: give it ${form}.`);
  const seen = new Set<string>();
  let total = 0;
  let longest = 0;
  for (const { sequence } of sequences) {
    for (const letter of sequence) seen.add(letter);
    total += sequence.length;
    longest = Math.max(longest, sequence.length);
  }
  const alphabet = [...seen].sort();
  const describe = (): string =>
    `${counted(sequences.length, "sequence")} of ${counted(total, letters)}, at most ${longest}; alphabet: ${alphabet.join("")}`;
  return { sequences, alphabet, size: sequences.length, describe };
}
