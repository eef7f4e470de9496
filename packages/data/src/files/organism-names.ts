import { DataError } from "../errors.ts";

/** A name of an organism in NCBI's taxonomy. */
export interface OrganismName {
  /** Names of one number are names of one organism. */
  readonly organism: number;
  readonly name: string;
  /** What kind of name it is, such as `scientific name`, `synonym` or `misspelling`. */
  readonly kind: string;
}

const DEBIAN = "/usr/share/EMBOSS/data/TAXONOMY/names.dmp";

/**
 * Names of organisms of the given kinds, from NCBI's taxonomy as the Debian package `emboss-data` has it: 1.5 million
 * names, 19,580 of them misspellings that authors made.
 *
 * @param options `file` reads another copy of `names.dmp`.
 * @throws DataError when the package is not installed.
 */
export async function organismNames(
  kinds: readonly string[],
  options: { readonly file?: string } = {},
): Promise<OrganismName[]> {
  const { readFile } = await import("node:fs/promises");
  const { file = DEBIAN } = options;
  try {
    return parseOrganismNames(await readFile(file, "latin1"), kinds);
  } catch (cause) {
    throw new DataError(
      `organismNames: cannot read ${file}: run "apt-get install emboss-data", or give the path of a names.dmp.`,
      { cause },
    );
  }
}

/** Reads `names.dmp`: number, name, unique name and kind with bars between them. */
export function parseOrganismNames(text: string, kinds: readonly string[]): OrganismName[] {
  const wanted = new Set(kinds);
  const found: OrganismName[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    const [organism = "", name = "", , kind = ""] = line.split("\t|\t");
    const bare = kind.replace(/\t\|$/, "");
    if (wanted.has(bare)) found.push({ organism: Number(organism), name, kind: bare });
  }
  return found;
}
