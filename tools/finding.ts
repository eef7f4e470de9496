/** One thing a checker found, with the place and what to do about it. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly advice: string;
}

/** A checker: a name and what it says about a set of source files. */
export interface Checker {
  readonly name: string;
  readonly run: (house: House) => readonly Finding[];
}

/** The files under check, and the manifests of their packages. */
export interface House {
  readonly sources: readonly Source[];
  readonly manifests: ReadonlyMap<string, Manifest>;
}

/** A text file, by its path from the repository root. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** What the checkers read of a `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** Writes a finding as `file:line: what; advice`. */
export function format(finding: Finding): string {
  return `${finding.file}:${finding.line}: ${finding.what}; ${finding.advice}`;
}
