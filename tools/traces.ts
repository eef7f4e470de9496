import type { Checker, Finding, Source } from "./finding.ts";

interface Trace {
  readonly pattern: RegExp;
  readonly what: string;
  readonly advice: string;
}

const traced: readonly Trace[] = [
  {
    pattern: /(?<![\w.\-$)}])\/(?:work|tmp|home|root|Users)\/[\w.@-]/,
    what: "names a path of one machine",
    advice: "use a relative path or os.tmpdir()",
  },
  {
    pattern: /\b(?:registry\.(?:npmjs|yarnpkg|npmmirror)\.\w+|artifact[o]ry|pypi\.org)\b/i,
    what: "names a package registry",
    advice: "leave the choice of registry to the user's npm settings",
  },
  {
    pattern: /"resolved": "https?:/,
    what: "the lockfile names a registry host",
    advice: "set omit-lockfile-registry-resolved=true and write the lockfile again",
  },
  {
    pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/,
    what: "leaves work undone in a comment",
    advice: "do it, or leave it out",
  },
];

/** Looks for traces of the machine or of unfinished work in every text file. */
export const traces: Checker = {
  name: "traces",
  run: (house) => house.sources.filter((source) => source.path !== "LICENSE").flatMap(scan),
};

function scan(source: Source): Finding[] {
  return source.text
    .split("\n")
    .flatMap((line, index) =>
      traced
        .filter(({ pattern }) => pattern.test(line))
        .map(({ what, advice }) => ({ file: source.path, line: index + 1, what, advice })),
    );
}
