import { describeStep } from "./describe-step.ts";
import { libraryText } from "./library-text.ts";
import {
  grouped,
  layersFunction,
  literal,
  numeral,
  regionFunction,
  type Syntax,
  scoreTable,
  syntaxes,
  tableFunction,
  typeOf,
  wantedFunction,
} from "./print-functions.ts";
import type { CopyStep, Program, Step, SumStep } from "./program.ts";

/** Columns of a line of words. */
const COLUMNS = 96;

/** Writes a program as a module that needs no other, and exports `run`. */
export function printProgram(program: Program, language: keyof typeof syntaxes): string {
  const syntax = syntaxes[language];
  return [
    ...header(program),
    ...typesText(program, syntax),
    ...tracing(program, syntax),
    ...running(program, syntax),
    ...program.steps.flatMap((step) => [...functionOf(program, step, syntax), ""]),
    ...tokensText(program, syntax),
    ...libraryText(program, syntax),
    ...scoring(program, syntax),
    ...weightsText(program, syntax),
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()
    .concat("\n");
}

/** A comment of one line: what tokens are called must not end it, for what follows would be run. */
function comment(text: string): string {
  return `// ${text.replace(/[\r\n\u2028\u2029]+/g, " ")}`;
}

function header({ labels, tokens, target }: Program): string[] {
  const some = (names: readonly string[]): string =>
    names.length > 12 ? `${names.slice(0, 12).join(" ")} ... (${names.length})` : names.join(" ");
  const what = target.kind === "tagging" ? "each token" : "the whole sequence";
  return [
    comment(
      `A program that a transformer learnt: it says of ${what} one of these labels: ${some(labels)}.`,
    ),
    comment(`It knows these tokens: ${some(tokens)}.`),
    "",
  ];
}

function typesText({ steps }: Program, { type }: Syntax): string[] {
  const scores = steps.some((step) => step.kind === "copy" && "scores" in step.match);
  const layers = steps.some((step) => step.kind === "regions" && step.layers);
  const types = [
    "/** Labels; the value of each variable at each place; the places that each head reads at each place. */",
    "export interface Trace {",
    "  readonly labels: readonly string[];",
    "  readonly variables: Variables;",
    "  readonly reads: Readonly<Record<string, readonly (readonly number[])[]>>;",
    "}",
    "",
    "type Variables = Readonly<Record<string, readonly (string | number)[]>>;",
    ...(scores
      ? ["type Scores = Readonly<Record<string, Readonly<Record<string, number>>>>;"]
      : []),
    ...(layers
      ? [
          "",
          "interface Layers {",
          "  readonly inputs: readonly (readonly number[])[];",
          "  readonly inputBias: readonly number[];",
          "  readonly outputs: readonly (readonly number[])[];",
          "  readonly outputBias: readonly number[];",
          "}",
        ]
      : []),
    "",
  ];
  return type("x") === "" ? [] : types;
}

function tracing(program: Program, syntax: Syntax): string[] {
  const { type } = syntax;
  const names = [...program.categorical, ...program.numerical].map(({ name }) => name);
  const heads = program.steps.filter(({ kind }) => kind === "copy" || kind === "sum");
  const reads = heads.map(({ kind, name }) =>
    kind === "copy" ? `${name}: ${name}Places.map((place) => [place])` : `${name}: ${name}Places`,
  );
  return [
    "/** Runs the program, and keeps what each step did. */",
    `export function trace(sequence${type(": readonly string[]")})${type(": Trace")} {`,
    ...beginning(program, syntax),
    ...program.steps.flatMap((step) => callOf(program, step)),
    "",
    `  const variables = { ${names.join(", ")} };`,
    "  const labels = labelled(variables);",
    `  return { labels, variables, reads: { ${reads.join(", ")} } };`.replace("{  }", "{}"),
    "}",
    "",
  ].map((line) => wrapped(line));
}

/** A list within braces that is too long for a line stands one a line; a comment is left, whatever its tokens are. */
function wrapped(line: string): string {
  if (line.length <= 100 || !line.includes("{ ") || line.trimStart().startsWith("//")) return line;
  const [, start = "", inside = "", end = ""] = /^(.*?\{ )(.*)( \}.*)$/.exec(line) ?? [];
  if (start === "" || inside.includes("{")) return splitReads(line);
  const items = inside.split(", ").map((item) => `    ${item},`);
  return [`${start.trimEnd()}`, ...items, `  ${end.trim()}`].join("\n");
}

function splitReads(line: string): string {
  const found = /^ {2}return \{ labels, variables, reads: \{ (.*) \} \};$/.exec(line);
  if (!found) return line;
  const items = (found[1] as string).split(/, (?=\w+:)/).map((item) => `    ${item},`);
  return ["  const reads = {", ...items, "  };", "  return { labels, variables, reads };"].join(
    "\n",
  );
}

function beginning(program: Program, { type }: Syntax): string[] {
  const { ends, classes, numbers, numerical, tokens } = program;
  const end = ends ? ', "</s>"' : "";
  const isOpen = tokens.includes("<unk>");
  const given = isOpen ? "...sequence.map(known)" : "...sequence";
  const ones = numbers.length > 0 ? [] : numerical.filter(({ whole }) => whole?.[0] === 1);
  return [
    `  const token${type(": readonly string[]")} = ["<s>", ${given}${end}];`,
    "  const position = token.map((_, place) => place);",
    ...ones.map(({ name }) => `  const ${name} = token.map(() => 1);`),
    ...[...classes, ...numbers].map(
      ({ name }) => `  const ${name} = token.map((word) => ${name}Of.get(word) ?? 0);`,
    ),
  ];
}

/** The lines that run a step, and say what it does. */
function callOf(program: Program, step: Step): string[] {
  const { name } = step;
  const about = ["", `  ${comment(describeStep(program, step))}`];
  if (step.kind === "copy") return [...about, ...copyCall(step)];
  if (step.kind === "sum") {
    const { key, query, value } = step;
    return [
      ...about,
      `  const ${name}Places = matching(${key}, ${query}.map(${name}Wants));`,
      `  const ${name} = totals(${value}, ${name}Places);`,
    ];
  }
  const given = step.reads.map((read) => `at(${read}, place)`);
  const place = given.length === 0 ? "" : "place";
  return [
    ...about,
    `  const ${name} = position.map((${place}) => ${name}Of(${given.join(", ")}));`,
  ];
}

function copyCall({ name, query, key, value, match }: CopyStep): string[] {
  const copy = `  const ${name} = copied(${value}, ${name}Places);`;
  if ("scores" in match) {
    return [`  const ${name}Places = highest(${key}, ${query}, ${name}Scores);`, copy];
  }
  const matches = `matching(${key}, ${query}.map(${name}Wants))`;
  const { preference } = match;
  const places =
    typeof preference === "string"
      ? `${preference}(${matches})`
      : `preferred(${matches}, ${name}Bias)`;
  return [`  const ${name}Places = ${places};`, copy];
}

function functionOf(program: Program, step: Step, syntax: Syntax): string[] {
  switch (step.kind) {
    case "table":
      return tableFunction(program, step, syntax);
    case "regions":
      return step.rows ? regionFunction(step, syntax) : layersFunction(step, syntax);
    case "sum":
      return wants(program, step, step.wanted, syntax);
    case "copy": {
      const { match, name } = step;
      if ("scores" in match) return scoreTable(name, match.scores, syntax);
      const { preference, wanted } = match;
      const bias =
        typeof preference === "string"
          ? []
          : [
              `const ${name}Bias${syntax.type(": readonly number[]")} = [${preference.map(numeral).join(", ")}];`,
              "",
            ];
      return [...bias, ...wants(program, step, wanted, syntax)];
    }
  }
}

function wants(
  program: Program,
  { name, query, key }: CopyStep | SumStep,
  wanted: SumStep["wanted"],
  syntax: Syntax,
): string[] {
  const [queryType, keyType] = [typeOf(program, query), typeOf(program, key)];
  return wantedFunction(name, wanted, { query, queryType, keyType, syntax });
}

function running({ target }: Program, { type }: Syntax): string[] {
  const of =
    target.kind === "tagging" ? "The label of each token" : "The label of a sequence, in a list";
  return [
    `/** ${of}. */`,
    `export function run(sequence${type(": readonly string[]")})${type(": readonly string[]")} {`,
    "  return trace(sequence).labels;",
    "}",
    "",
  ];
}

/** What is known of tokens: which there are, and the class of each. */
function tokensText({ tokens, classes, numbers }: Program, { type }: Syntax): string[] {
  const isOpen = tokens.includes("<unk>");
  const known = isOpen
    ? [
        `const vocabulary = new Set(${wordsText(tokens)});`,
        "",
        "/** A token that the program knows. */",
        `function known(token${type(": string")})${type(": string")} {`,
        '  return vocabulary.has(token) ? token : "<unk>";',
        "}",
        "",
      ]
    : [];
  const tables = classes.flatMap(({ name, of }) => {
    const groups = [...grouped([...tokens.keys()], (place) => of[place] as number)];
    const rows = groups
      .sort(([a], [b]) => a - b)
      .map(
        ([value, places]) =>
          `  [${value}, ${wordsText(places.map((place) => tokens[place] as string))}],`,
      );
    return [
      `/** The tokens of each value of ${name}. */`,
      `const ${name}Of = new Map(`,
      `  (${["[", ...rows, "]"].join("\n  ")}${type(" as const")}).flatMap(([value, words]) =>`,
      `    words.map((word)${type(": [string, number]")} => [word, value]),`,
      "  ),",
      ");",
      "",
    ];
  });
  const learnt = numbers.flatMap(({ name, of }) => [
    `const ${name}Of = new Map${type("<string, number>")}([`,
    ...tokens.map((token, place) => `  [${literal(token)}, ${numeral(of[place] as number)}],`),
    "]);",
    "",
  ]);
  return [...known, ...tables, ...learnt];
}

/** Words as a list: written out where they are few, else as lines that are split. */
function wordsText(words: readonly string[]): string {
  const plain = `[${words.map(literal).join(", ")}]`;
  if (plain.length <= COLUMNS) return plain;
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  lines.push(line);
  return ["[", ...lines.map((each) => `    ${literal(each)},`), '  ].join(" ").split(" ")'].join(
    "\n",
  );
}

function scoring({ target, ends }: Program, { type }: Syntax): string[] {
  const numbers = type(": number[]");
  const whole = target.kind === "classification";
  return [
    "/** What all variables together count for each label at a place. */",
    `function scoresAt(variables${type(": Variables")}, place${type(": number")})${numbers} {`,
    "  const scores = labelNames.map(() => 0);",
    `  const count = (row${type(": readonly number[] | undefined")}, times${type(": number")}) =>`,
    "    row?.forEach((weight, label) => {",
    "      scores[label] = (scores[label] ?? 0) + times * weight;",
    "    });",
    "  for (const [name, rows] of Object.entries(valueWeights)) {",
    "    count(rows.get(variables[name]?.[place] ?? 0), 1);",
    "  }",
    "  for (const [name, row] of Object.entries(numberWeights)) {",
    "    count(row, Number(variables[name]?.[place] ?? 0));",
    "  }",
    "  return scores;",
    "}",
    "",
    `function best(scores${type(": readonly number[]")})${type(": string")} {`,
    `  return labelNames[scores.indexOf(Math.max(...scores))] ?? "";`,
    "}",
    "",
    ...(whole
      ? [
          "/** The label of the sum over all places. */",
          `function labelled(variables${type(": Variables")})${type(": string[]")} {`,
          "  const all = (variables.position ?? []).map((place) => scoresAt(variables, Number(place)));",
          "  const sum = (label) => all.reduce((total, scores) => total + (scores[label] ?? 0), 0);".replace(
            "(label)",
            `(label${type(": number")})`,
          ),
          "  return [best(labelNames.map((_, label) => sum(label)))];",
          "}",
        ]
      : [
          "/** The labels of all places but those that the program adds. */",
          `function labelled(variables${type(": Variables")})${type(": string[]")} {`,
          `  const places = (variables.position ?? []).slice(1${ends ? ", -1" : ""});`,
          "  return places.map((place) => best(scoresAt(variables, Number(place))));",
          "}",
        ]),
    "",
  ];
}

function weightsText({ labels, weights, categorical }: Program, { type }: Syntax): string[] {
  const isValue = (name: string): boolean => categorical.some((variable) => variable.name === name);
  const row = (values: readonly number[]): string => `[${values.map(numeral).join(", ")}]`;
  const valued = weights.filter(({ variable }) => isValue(variable));
  const counted = weights.filter(({ variable }) => !isValue(variable));
  return [
    `const labelNames = [${labels.map(literal).join(", ")}];`,
    "",
    "/** What each value counts for each label, in their order. */",
    `const valueWeights${type(": Readonly<Record<string, ReadonlyMap<string | number, readonly number[]>>>")} = {`,
    ...valued.flatMap(({ variable, rows }) => [
      `  ${variable}: new Map${type("<string | number, readonly number[]>")}([`,
      ...rows.map(({ value = 0, weights: own }) => `    [${literal(value)}, ${row(own)}],`),
      "  ]),",
    ]),
    "};",
    "",
    "/** What one of each number counts for each label. */",
    `const numberWeights${type(": Readonly<Record<string, readonly number[]>>")} = {`,
    ...counted.map(({ variable, rows }) => `  ${variable}: ${row(rows[0]?.weights ?? [])},`),
    "};",
  ];
}
