import { type LinkageRecord, NgramIndex } from "@quire/data";
import anyAscii from "any-ascii";
import { distance } from "fastest-levenshtein";
import type { Linker } from "../tasks/linker.ts";
import { plain } from "../tasks/record-tokenizer.ts";
import type { NameTask } from "./names.ts";

/** Finds for each query of a task one candidate of its block: its place, or -1 for none. */
export type Matcher = (task: NameTask) => Promise<Int32Array>;

/** Candidates of each query's block. */
function choices({ blocks, queries }: NameTask): number[][] {
  const members = new Map<string, number[]>();
  for (const [place, block] of blocks.entries()) {
    members.set(block, [...(members.get(block) ?? []), place]);
  }
  return queries.map(({ answer }) => members.get(blocks[answer] as string) ?? []);
}

function bestOf(places: readonly number[], score: (place: number) => number): number {
  let [best, top] = [-1, Number.NEGATIVE_INFINITY];
  for (const place of places) {
    const own = score(place);
    if (own > top) [best, top] = [place, own];
  }
  return best;
}

/// Section 4's baseline: Levenshtein's distance over the longer length.
/** By the edit distance of names as they are, or of what `romanize` makes of them. */
export function byEditDistance(romanize = false): Matcher {
  const seen = (name: string): string => plain(romanize ? anyAscii(name) : name);
  return (task) => {
    const names = task.candidates.map(seen);
    const found = choices(task).map((places, i) => {
      const query = seen(task.queries[i]?.name ?? "");
      return bestOf(places, (place) => {
        const name = names[place] as string;
        return -distance(query, name) / Math.max(1, query.length, name.length);
      });
    });
    return Promise.resolve(Int32Array.from(found));
  };
}

/** By the cosine of character n-grams with TF-IDF weights. */
export const byNgrams: Matcher = (task) => {
  const index = new NgramIndex(task.candidates.map(plain));
  const found = choices(task).map((places, i) => {
    const inside = new Set(places);
    const query = plain(task.queries[i]?.name ?? "");
    const [best] = index.nearest(query, 1, (place) => inside.has(place));
    return best?.place ?? -1;
  });
  return Promise.resolve(Int32Array.from(found));
};

/** By the cosine of an encoder's vectors. */
export function byVectors(linker: Linker): Matcher {
  return async (task) => {
    const record = (name: string): LinkageRecord => [name];
    const names = await linker.embed(task.candidates.map(record));
    const queries = await linker.embed(task.queries.map(({ name }) => record(name)));
    const { width } = names;
    const found = choices(task).map((places, i) =>
      bestOf(places, (place) => {
        let score = 0;
        for (let d = 0; d < width; d++) {
          score +=
            (names.values[place * width + d] as number) * (queries.values[i * width + d] as number);
        }
        return score;
      }),
    );
    return Int32Array.from(found);
  };
}

/** The share of queries whose candidate was found, of all and of each kind. */
export function accuracies(
  { queries }: NameTask,
  found: ArrayLike<number>,
): Readonly<Record<string, number>> {
  const tally = new Map<string, [right: number, all: number]>();
  for (const [i, { answer, kind }] of queries.entries()) {
    for (const name of ["accuracy", kind]) {
      const [right, all] = tally.get(name) ?? [0, 0];
      tally.set(name, [right + Number(found[i] === answer), all + 1]);
    }
  }
  return Object.fromEntries(Array.from(tally, ([name, [right, all]]) => [name, right / all]));
}
