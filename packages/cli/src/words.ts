import { existsSync } from "node:fs";
import { join } from "node:path";
import { RUNS, runFiles } from "./run-folder.ts";

/** The value of an option in the words of a call, before they are parsed; the last one counts. */
export function valueIn(words: readonly string[], flag: string): string | undefined {
  const values = words.flatMap((word, place) => {
    if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)];
    const next = words[place + 1];
    return word === flag && next !== undefined ? [next] : [];
  });
  return values.at(-1);
}

/** The first word of a call that names a run, if one does. */
export function namedRun(words: readonly string[]): string | undefined {
  return words.find((word) => {
    if (word.startsWith("-")) return false;
    return [word, join(RUNS, word)].some((folder) => existsSync(join(folder, runFiles.config)));
  });
}
