import { DataError, type LinkageRecord, NgramIndex, type Table } from "@quire/data";
import { plain } from "./record-tokenizer.ts";

/** Records, and which of them are the same thing: those of one group; or their classes. */
export interface LinkageExamples {
  /** Names of the records' columns. */
  readonly fields: readonly string[];
  readonly records: readonly LinkageRecord[];
  /** Each record's group, or its class, from 0 on. */
  readonly groups: Int32Array;
  /** Pairs of groups that were said to differ. */
  readonly rivals: readonly (readonly [number, number])[];
  /** The classes' names, where the groups are classes. */
  readonly classes?: readonly string[];
}

/** Which columns of a table hold what is learnt from. */
export type ExampleColumns =
  | {
      readonly kind: "pairs";
      readonly left: readonly string[];
      readonly right: readonly string[];
      /** 1, true, yes or same for pairs that are the same; all are unless said. */
      readonly label?: string;
    }
  | { readonly kind: "groups"; readonly fields: readonly string[]; readonly group: string }
  | { readonly kind: "classes"; readonly fields: readonly string[]; readonly label: string };

/**
 * Reads examples from a table: pairs of records, groups of them, or records with classes.
 *
 * @throws DataError when columns do not fit, a label is none, or nothing is left to learn from.
 */
export function linkageExamples(table: Table, columns: ExampleColumns): LinkageExamples {
  if (columns.kind === "pairs") return fromPairs(table, columns);
  const records = recordsOf(table, columns.fields);
  if (columns.kind === "groups") {
    const groups = numbered(table.completeTexts(columns.group));
    return checked(table.name, { fields: columns.fields, records, groups, rivals: [] });
  }
  const labels = table.completeTexts(columns.label);
  const classes = [...new Set(labels)].sort();
  if (classes.length < 2) {
    throw new DataError(
      `${table.name}, column "${columns.label}": it holds one class, "${classes[0] ?? ""}": give records of two or more.`,
    );
  }
  const groups = Int32Array.from(labels, (label) => classes.indexOf(label));
  return { fields: columns.fields, records, groups, rivals: [], classes };
}

/** The records of a table's columns; what is missing is empty. */
export function recordsOf(table: Table, fields: readonly string[]): LinkageRecord[] {
  const texts = fields.map((name) => table.texts(name));
  return Array.from({ length: table.rows }, (_, row) => texts.map((column) => column[row] ?? ""));
}

const labels: Readonly<Record<string, boolean>> = {
  ...{ "1": true, true: true, yes: true, same: true, match: true },
  ...{ "0": false, false: false, no: false, different: false, "no match": false },
};

/** Whether each pair of a table is the same. @throws DataError for a label that is none. */
export function pairLabels(table: Table, label: string): boolean[] {
  return table.completeTexts(label).map((text, row) => {
    const same = labels[text.toLowerCase()];
    if (same !== undefined) return same;
    throw table.wrongValue(
      row,
      label,
      `"${text}" says neither that the pair is the same nor that it differs: write 1 or 0.`,
    );
  });
}

/** Pairs that are the same make groups, each with all that it is joined to. */
function fromPairs(
  table: Table,
  { left, right, label }: Extract<ExampleColumns, { kind: "pairs" }>,
): LinkageExamples {
  if (left.length !== right.length) {
    throw new DataError(
      `${table.name}: ${left.length} columns on the left and ${right.length} on the right: name as many of both.`,
    );
  }
  const same = label === undefined ? undefined : pairLabels(table, label);
  const sides = [recordsOf(table, left), recordsOf(table, right)] as const;
  const places = new Map<string, number>();
  const records: LinkageRecord[] = [];
  const placeOf = (record: LinkageRecord): number => {
    const key = JSON.stringify(record);
    const known = places.get(key);
    if (known !== undefined) return known;
    records.push(record);
    places.set(key, records.length - 1);
    return records.length - 1;
  };
  const pairs = sides[0].map(
    (record, row) => [placeOf(record), placeOf(sides[1][row] as LinkageRecord)] as const,
  );
  const joined = new Groups(records.length);
  for (const [row, [a, b]] of pairs.entries()) if (same?.[row] ?? true) joined.join(a, b);
  const groups = numbered(records.map((_, i) => String(joined.of(i))));
  const rivals = pairs.flatMap(([a, b], row) => {
    const [first, second] = [groups[a] as number, groups[b] as number];
    return (same?.[row] ?? true) || first === second ? [] : [[first, second] as const];
  });
  return checked(table.name, { fields: left, records, groups, rivals });
}

function checked(name: string, examples: LinkageExamples): LinkageExamples {
  const { groups } = examples;
  const several = groups.length > new Set(groups).size;
  if (several && new Set(groups).size > 1) return examples;
  const what = several ? "all records are the same" : "no two records are the same";
  throw new DataError(
    `${name}: ${what}, so that nothing can be learnt: give records of several groups, some of them with two or more.`,
  );
}

function numbered(names: readonly string[]): Int32Array {
  const places = new Map<string, number>();
  for (const name of names) if (!places.has(name)) places.set(name, places.size);
  return Int32Array.from(names, (name) => places.get(name) as number);
}

/** Things that are joined to groups, and which group each is in (Tarjan 1975). */
export class Groups {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The group of a thing: one of its things, the same for all of them. */
  of(thing: number): number {
    let root = thing;
    while (this.#parents[root] !== root) root = this.#parents[root] as number;
    for (let i = thing; i !== root; ) {
      const next = this.#parents[i] as number;
      this.#parents[i] = root;
      i = next;
    }
    return root;
  }

  /** Makes one group of the groups of two things. */
  join(a: number, b: number): void {
    const [first, second] = [this.of(a), this.of(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }
}

/** Groups that look alike to each: those of the most similar texts of others by their n-grams. */
export function alikeGroups(examples: LinkageExamples, each = 5): number[][] {
  const texts = examples.records.map((record) => plain(record.join(" ")));
  const index = new NgramIndex(texts, { from: 3, to: 3 });
  const rivals = Array.from(
    { length: Math.max(-1, ...examples.groups) + 1 },
    () => new Set<number>(),
  );
  for (const [a, b] of examples.rivals) {
    rivals[a]?.add(b);
    rivals[b]?.add(a);
  }
  for (const [place, text] of texts.entries()) {
    const own = examples.groups[place] as number;
    for (const match of index.nearest(text, each + 3)) {
      const other = examples.groups[match.place] as number;
      if (other !== own && (rivals[own]?.size ?? 0) < each) rivals[own]?.add(other);
    }
  }
  return rivals.map((set) => [...set]);
}
