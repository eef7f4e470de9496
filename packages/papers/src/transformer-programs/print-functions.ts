import type { PairScore, Program, RegionStep, TableStep, Value, Wanted } from "./program.ts";

/** Writes a program in TypeScript, or without types. */
export interface Syntax {
  /** A type where it is written: `: string`. */
  type(text: string): string;
}

/** TypeScript, and the JavaScript that it becomes when its types are taken away. */
export const syntaxes: Readonly<Record<"typescript" | "javascript", Syntax>> = {
  typescript: { type: (text) => text },
  javascript: { type: () => "" },
};

/** A value as it is written. */
export function literal(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The type of a variable: tokens are texts, all else is a number. */
export function typeOf(program: Pick<Program, "categorical">, variable: string): string {
  const found = program.categorical.find(({ name }) => name === variable);
  const isText = found?.values.some(({ value }) => typeof value === "string") ?? false;
  return isText ? "string" : "number";
}

/** Groups things by a key, in the order in which keys come first. */
export function grouped<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

/** The function that says which key value a query value looks for. */
export function wantedFunction(
  name: string,
  wanted: Wanted,
  {
    query,
    queryType,
    keyType,
    syntax,
  }: {
    readonly query: string;
    readonly queryType: string;
    readonly keyType: string;
    readonly syntax: Syntax;
  },
): string[] {
  const { type } = syntax;
  const found = wanted.filter(({ key }) => key !== undefined);
  const groups = [...grouped(found, ({ key }) => key as Value)];
  const given = groups.length === 0 ? "" : `${query}${type(`: ${queryType}`)}`;
  return [
    `function ${name}Wants(${given})${type(`: ${keyType} | undefined`)} {`,
    ...switched(
      query,
      groups.map(([key, rows]) => [rows.map((row) => row.query), `return ${literal(key)};`]),
      "return undefined;",
    ),
    "}",
  ];
}

/** A switch over a variable's values; several values of one outcome follow each other. */
function switched(
  variable: string,
  cases: readonly (readonly [values: readonly Value[], line: string])[],
  otherwise: string,
): string[] {
  if (cases.length === 0) return [`  ${otherwise}`];
  return [
    `  switch (${variable}) {`,
    ...cases.flatMap(([values, line]) => [
      ...values.map((value) => `    case ${literal(value)}:`),
      `      ${line}`,
    ]),
    "    default:",
    `      ${otherwise}`,
    "  }",
  ];
}

/** The scores of pairs of values, by query value and then key value. */
export function scoreTable(name: string, scores: readonly PairScore[], { type }: Syntax): string[] {
  const rows = [...grouped(scores, ({ query }) => query)].map(([query, pairs]) => {
    const cells = pairs.map(({ key, score }) => `${literal(String(key))}: ${numeral(score)}`);
    return `  ${literal(String(query))}: { ${cells.join(", ")} },`;
  });
  return [`const ${name}Scores${type(": Scores")} = {`, ...rows, "};"];
}

/** The function of a table of categorical values: by one variable, and within by the other. */
export function tableFunction(program: Program, step: TableStep, { type }: Syntax): string[] {
  const { name, reads, rows } = step;
  const given = reads.map((read) => `${read}${type(`: ${typeOf(program, read)}`)}`);
  const head = `function ${name}Of(${given.join(", ")})${type(": number")} {`;
  return [head, ...branches(reads, rows, "  "), "}"];
}

type Row = TableStep["rows"][number];

/** Statements that return a table's result: a switch over the variable whose values differ least. */
function branches(reads: readonly string[], rows: readonly Row[], indent: string): string[] {
  const results = new Set(rows.map(({ result }) => result));
  if (results.size === 1) return [`${indent}return ${[...results][0]};`];
  const options = reads.map((_, place) => switchOn(reads, rows, place, indent));
  return options.reduce((best, lines) => (lines.length < best.length ? lines : best));
}

function switchOn(
  reads: readonly string[],
  rows: readonly Row[],
  place: number,
  indent: string,
): string[] {
  const variable = reads[place] as string;
  const others = reads.filter((_, at) => at !== place);
  const byValue = [...grouped(rows, ({ keys }) => keys[place] as Value)].map(([value, own]) => {
    const inner = own.map(({ keys, result }) => ({
      keys: keys.filter((_, at) => at !== place),
      result,
    }));
    return { value, lines: branches(others, inner, `${indent}    `) };
  });
  const groups = [...grouped(byValue, ({ lines }) => lines.join("\n"))].sort(
    ([, a], [, b]) => a.length - b.length,
  );
  const last = groups.pop();
  if (groups.length === 0 || !last) return dedented(last?.[1][0]?.lines ?? []);
  return [
    `${indent}switch (${variable}) {`,
    ...groups.flatMap(([, own]) => [
      ...own.map(({ value }) => `${indent}  case ${literal(value)}:`),
      ...(own[0]?.lines ?? []),
    ]),
    `${indent}  default:`,
    ...(last[1][0]?.lines ?? []),
    `${indent}}`,
  ];
}

function dedented(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(4));
}

/** The function of a table of whole numbers: by bounds of the first, and within by bounds of the second. */
export function regionFunction(step: RegionStep, { type }: Syntax): string[] {
  const { name, reads, rows = [] } = step;
  const given = reads.map((read) => `${read}${type(": number")}`);
  const head = `function ${name}Of(${given.join(", ")})${type(": number")} {`;
  return [head, ...bounds(reads, rows, "  "), "}"];
}

function bounds(reads: readonly string[], rows: readonly Row[], indent: string): string[] {
  const results = new Set(rows.map(({ result }) => result));
  const [first, ...others] = reads;
  if (results.size === 1 || first === undefined) return [`${indent}return ${rows[0]?.result};`];
  const slices = [...grouped(rows, ({ keys }) => keys[0] as number)]
    .sort(([a], [b]) => a - b)
    .map(([value, own]) => ({ value, lines: inner(others, own, indent) }));
  const lines: string[] = [];
  for (const [at, { value, lines: own }] of slices.entries()) {
    const next = slices[at + 1];
    if (next && next.lines.join("\n") === own.join("\n")) continue;
    if (!next) return [...lines, ...(others.length > 0 ? dedentedOnce(own) : own)];
    const isShort = own.length === 1;
    const test = `${indent}if (${first} <= ${value})`;
    lines.push(...(isShort ? [`${test} ${own[0]?.trim()}`] : [`${test} {`, ...own, `${indent}}`]));
  }
  return lines;
}

function inner(others: readonly string[], rows: readonly Row[], indent: string): string[] {
  if (others.length === 0) return [`${indent}return ${rows[0]?.result};`];
  const own = rows.map(({ keys, result }) => ({ keys: keys.slice(1), result }));
  return bounds(others, own, `${indent}  `);
}

function dedentedOnce(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(2));
}

/** A number in the fewest digits that float32 holds apart. */
export function numeral(value: number): string {
  const single = Math.fround(value);
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return String(short);
  }
  return String(single);
}

/** The layers of a feed-forward module of numbers, where its table would be too long. */
export function layersFunction(step: RegionStep, { type }: Syntax): string[] {
  const { name, reads, layers } = step;
  if (!layers) return [];
  const list = (values: readonly number[]): string => `[${values.map(numeral).join(", ")}]`;
  const matrix = (rows: readonly (readonly number[])[]): string[] =>
    rows.map((row) => `    ${list(row)},`);
  const given = reads.map((_, place) => `read${place + 1}${type(": number")}`);
  return [
    `const ${name}Layers${type(": Layers")} = {`,
    "  inputs: [",
    ...matrix(layers.inputs),
    "  ],",
    `  inputBias: ${list(layers.inputBias)},`,
    "  outputs: [",
    ...matrix(layers.outputs),
    "  ],",
    `  outputBias: ${list(layers.outputBias)},`,
    "};",
    "",
    `function ${name}Of(${given.join(", ")})${type(": number")} {`,
    `  return decide(${name}Layers, [${reads.map((_, place) => `read${place + 1}`).join(", ")}]);`,
    "}",
  ];
}
