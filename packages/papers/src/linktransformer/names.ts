import type { City, OrganismName } from "@quire/data/files";
import { Random } from "@quire/tensor";
import type { LinkageExamples } from "../tasks/linkage-examples.ts";

/** Names that are to be linked: each query to the candidate of its own number, among those of its block. */
export interface NameTask {
  readonly train: LinkageExamples;
  readonly validation: LinkageExamples;
  readonly candidates: readonly string[];
  /** The block of each candidate. */
  readonly blocks: readonly string[];
  readonly queries: readonly Query[];
}

/** A name whose candidate is known. */
export interface Query {
  readonly name: string;
  /** Place of the right candidate. */
  readonly answer: number;
  /** What results are told apart by: the script it is written in, for one. */
  readonly kind: string;
}

/** Scripts by their letters; Japanese names may mix kana with Han. */
const scripts: readonly (readonly [name: string, letters: RegExp])[] = [
  ["Latin", /^[\p{Script=Latin}]+$/u],
  ["Cyrillic", /^[\p{Script=Cyrillic}]+$/u],
  ["Arabic", /^[\p{Script=Arabic}]+$/u],
  ["Han", /^[\p{Script=Han}]+$/u],
  ["Kana", /^[\p{Script=Katakana}\p{Script=Hiragana}ー\p{Script=Han}]+$/u],
  ["Hangul", /^[\p{Script=Hangul}]+$/u],
  ["Hebrew", /^[\p{Script=Hebrew}]+$/u],
  ["Greek", /^[\p{Script=Greek}]+$/u],
  ["Georgian", /^[\p{Script=Georgian}]+$/u],
];

/** The script of a name, undefined where it mixes some or has another one. */
export function scriptOf(name: string): string | undefined {
  const letters = name.replace(/[^\p{Letter}ー]/gu, "");
  return scripts.find(([, all]) => all.test(letters))?.[0];
}

/** The names of scripts that are told apart. */
export const scriptNames = scripts.map(([name]) => name);

/** Sizes of a task. */
export interface NameCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/**
 * Places of the world by their names in other scripts: one name a script and place, the candidates are the names in
 * Latin letters, the blocks are countries. No place of the test is trained on.
 */
export function placeTask(cities: readonly City[], counts: NameCounts, seed: number): NameTask {
  const random = new Random(seed).fork("places");
  const groups: PlaceNames[] = [];
  const wanted = counts.train + counts.validation + counts.test;
  for (const place of random.permutation(cities.length)) {
    const group = namesOf(cities[place] as City, random);
    if (group) groups.push(group);
    if (groups.length === wanted) break;
  }
  const test = groups.slice(0, counts.test);
  const validation = groups.slice(counts.test, counts.test + counts.validation);
  return {
    train: examplesOf(groups.slice(counts.test + counts.validation).map(allNames)),
    validation: examplesOf(validation.map(allNames)),
    candidates: test.map(({ name }) => name),
    blocks: test.map(({ country }) => country),
    queries: test.flatMap(({ others }, answer) =>
      others.map(([kind, name]) => ({ name, answer, kind })),
    ),
  };
}

interface PlaceNames {
  readonly name: string;
  readonly country: string;
  readonly others: readonly (readonly [script: string, name: string])[];
}

function namesOf(city: City, random: Random): PlaceNames | undefined {
  if (scriptOf(city.name) !== "Latin") return undefined;
  const byScript = new Map<string, string[]>();
  for (const name of city.otherNames) {
    const script = scriptOf(name);
    if (script === undefined || name === city.name) continue;
    byScript.set(script, [...(byScript.get(script) ?? []), name]);
  }
  // A place whose other names are all in Latin letters says nothing of scripts.
  if (![...byScript.keys()].some((script) => script !== "Latin")) return undefined;
  const others = Array.from(byScript, ([script, names]) => {
    return [script, names[Math.floor(random.uniform() * names.length)] as string] as const;
  });
  return { name: city.name, country: city.country, others };
}

function allNames({ name, others }: PlaceNames): string[] {
  return [name, ...others.map(([, other]) => other)];
}

/** Misspelt names of organisms; the candidates are the right names, all in one block. */
export function misspellingTask(
  names: readonly OrganismName[],
  counts: NameCounts,
  seed: number,
): NameTask {
  const right = new Map<number, string>();
  const wrong = new Map<number, string[]>();
  for (const { organism, name, kind } of names) {
    if (kind === "scientific name") right.set(organism, name);
    else wrong.set(organism, [...(wrong.get(organism) ?? []), name]);
  }
  const organisms = [...wrong.keys()].filter((organism) => right.has(organism));
  const order = new Random(seed).fork("organisms").permutation(organisms.length);
  const groups = Array.from(order, (place) => {
    const organism = organisms[place] as number;
    return [right.get(organism) as string, ...(wrong.get(organism) ?? [])];
  });
  const first = counts.test + counts.validation;
  const test = groups.slice(0, counts.test);
  return {
    train: examplesOf(groups.slice(first, first + counts.train)),
    validation: examplesOf(groups.slice(counts.test, first)),
    candidates: test.map(([name = ""]) => name),
    blocks: test.map(() => ""),
    queries: test.flatMap(([, ...others], answer) =>
      others.map((name) => ({ name, answer, kind: "misspelling" })),
    ),
  };
}

function examplesOf(groups: readonly (readonly string[])[]): LinkageExamples {
  return {
    fields: ["name"],
    records: groups.flatMap((names) => names.map((name) => [name])),
    groups: Int32Array.from(groups.flatMap((names, group) => names.map(() => group))),
    rivals: [],
  };
}
