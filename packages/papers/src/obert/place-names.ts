import type { City } from "@quire/data/files";
import { Random } from "@quire/tensor";
import type { LinkageExamples } from "../tasks/linkage-examples.ts";

/** How many names there are to be. */
export interface NameCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Names of places whose country is to be told. */
export type PlaceNames = Readonly<Record<keyof NameCounts, LinkageExamples>>;

/** Countries that are told apart: as many of each, so that to guess is right once in ten. */
const COUNTRIES = 10;

/**
 * Names of the places of those countries that have most of them, each name once, as many of each country. What a name
 * sounds like is told by the order of its letters, for which a model needs more than its embeddings.
 */
export function placeNames(cities: readonly City[], counts: NameCounts): PlaceNames {
  const names = new Map<string, Set<string>>();
  for (const { name, country } of cities) {
    if (!/^[\p{Script=Latin} '-]+$/u.test(name)) continue;
    const own = names.get(country) ?? new Set<string>();
    names.set(country, own.add(name.toLowerCase()));
  }
  const most = [...names].sort(([, a], [, b]) => b.size - a.size).slice(0, COUNTRIES);
  const classes = most.map(([country]) => country).sort();
  const random = new Random(7);
  const drawn = classes.map((country) => {
    const own = [...(names.get(country) ?? [])].sort();
    return Array.from(random.permutation(own.length), (place) => own[place] as string);
  });
  let start = 0;
  const cut = (count: number): LinkageExamples => {
    const each = Math.floor(count / classes.length);
    const rows = drawn.flatMap((own, kind) => {
      return own.slice(start, start + each).map((name) => ({ name, kind }));
    });
    start += each;
    return {
      ...{ fields: ["name"], rivals: [], classes },
      records: rows.map(({ name }) => [name]),
      groups: Int32Array.from(rows, ({ kind }) => kind),
    };
  };
  const { train, validation, test } = counts;
  return { train: cut(train), validation: cut(validation), test: cut(test) };
}
