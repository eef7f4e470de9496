import type { Syntax } from "./print-functions.ts";
import type { Program } from "./program.ts";

/** The few functions that a program is written with: only those that it calls. */
export function libraryText(program: Program, syntax: Syntax): string[] {
  const { type } = syntax;
  const { steps } = program;
  const causal = program.target.causal;
  const copies = steps.flatMap((step) => (step.kind === "copy" ? [step.match] : []));
  const prefers = (what: string): boolean =>
    copies.some((match) => "preference" in match && match.preference === what);
  const learns = copies.some((match) => "preference" in match && Array.isArray(match.preference));
  const parts: readonly (readonly [boolean, readonly string[]])[] = [
    [
      steps.some(({ kind }) => kind === "sum") || copies.some((match) => "wanted" in match),
      matching(syntax, causal),
    ],
    [steps.some(({ kind }) => kind === "copy"), copied(syntax)],
    [steps.some(({ kind }) => kind === "sum"), totals(syntax)],
    [steps.some((step) => "reads" in step && step.reads.length > 0), at(syntax)],
    [prefers("nearest"), nearest(syntax)],
    [prefers("first"), first(syntax)],
    [learns, preferred(syntax)],
    [copies.some((match) => "scores" in match), highest(syntax, causal)],
    [steps.some((step) => step.kind === "regions" && step.layers), decide(program, syntax)],
  ];
  return parts
    .flatMap(([isCalled, lines]) => (isCalled ? [...lines, ""] : []))
    .map((line) => (type("x") === "" ? line.replace(/<[TV]>(?=\()/g, "") : line));
}

const matching = ({ type }: Syntax, causal: boolean): string[] => [
  `/** The places whose key is what each place looks for${causal ? ", up to its own" : ""}. */`,
  `function matching<T>(keys${type(": readonly T[]")}, wanted${type(": readonly (T | undefined)[]")})${type(": number[][]")} {`,
  `  return wanted.map((${causal ? "value, place" : "value"}) =>`,
  `    keys.flatMap((key, other) => (key === value${causal ? " && other <= place" : ""} ? [other] : [])),`,
  "  );",
  "}",
];

const copied = ({ type }: Syntax): string[] => [
  "/** The values at the places given. */",
  `function copied<T>(values${type(": readonly T[]")}, places${type(": readonly number[]")})${type(": T[]")} {`,
  `  return places.map((place) => values[place]${type(" as T")});`,
  "}",
];

const totals = ({ type }: Syntax): string[] => [
  "/** The sum of a number over the places that match. */",
  `function totals(values${type(": readonly number[]")}, matches${type(": readonly (readonly number[])[]")})${type(": number[]")} {`,
  "  return matches.map((places) => places.reduce((sum, place) => sum + (values[place] ?? 0), 0));",
  "}",
];

const at = ({ type }: Syntax): string[] => [
  "/** The value at a place. */",
  `function at<T>(values${type(": readonly T[]")}, place${type(": number")})${type(": T")} {`,
  `  return values[place]${type(" as T")};`,
  "}",
];

const nearest = ({ type }: Syntax): string[] => [
  "/** Of the places that match the nearest, the earlier of two, itself last; the first of all where none does. */",
  `function nearest(matches${type(": readonly (readonly number[])[]")})${type(": number[]")} {`,
  "  return matches.map((places, own) => {",
  "    const others = places.filter((place) => place !== own);",
  "    if (others.length === 0) return places[0] ?? 0;",
  "    return others.reduce((best, place) => (Math.abs(place - own) < Math.abs(best - own) ? place : best));",
  "  });",
  "}",
];

const first = ({ type }: Syntax): string[] => [
  "/** Of the places that match the first; the first of all where none does. */",
  `function first(matches${type(": readonly (readonly number[])[]")})${type(": number[]")} {`,
  "  return matches.map((places) => places[0] ?? 0);",
  "}",
];

const preferred = ({ type }: Syntax): string[] => [
  "/** Of the places that match the one whose distance is preferred; the first of all where none does. */",
  `function preferred(matches${type(": readonly (readonly number[])[]")}, bias${type(": readonly number[]")})${type(": number[]")} {`,
  "  return matches.map((places, own) => {",
  `    const worth = (place${type(": number")})${type(": number")} => bias[(place - own + bias.length) % bias.length] ?? 0;`,
  "    return places.reduce((best, place) => (worth(place) > worth(best) ? place : best), places[0] ?? 0);",
  "  });",
  "}",
];

const highest = ({ type }: Syntax, causal: boolean): string[] =>
  [
    "/** The place of the highest score for each place, the first among equals. */",
    `function highest(keys${type(": readonly unknown[]")}, queries${type(": readonly unknown[]")}, scores${type(": Scores")})${type(": number[]")} {`,
    "  return queries.map((query, own) => {",
    `    const score = (place${type(": number")})${type(": number")} => scores[String(query)]?.[String(keys[place])] ?? 0;`,
    `    const places = [...keys.keys()]${causal ? ".filter((place) => place <= own)" : ""};`,
    "    return places.reduce((best, place) => (score(place) > score(best) ? place : best), 0);",
    "  });",
    "}",
  ].map((line) => (causal ? line : line.replace("(query, own)", "(query)")));

function decide(program: Program, { type }: Syntax): string[] {
  const isGelu = program.steps.some(
    (step) => step.kind === "regions" && step.layers?.activation === "gelu",
  );
  return [
    ...(isGelu ? gelu({ type }) : []),
    "/** What two layers say for numbers: the place of the largest output. */",
    `function decide(layers${type(": Layers")}, numbers${type(": readonly number[]")})${type(": number")} {`,
    `  const product = (row${type(": readonly number[]")}, values${type(": readonly number[]")})${type(": number")} =>`,
    "    row.reduce((sum, weight, i) => sum + weight * (values[i] ?? 0), 0);",
    "  const hidden = layers.inputs.map((row, i) => {",
    "    const sum = product(row, numbers) + (layers.inputBias[i] ?? 0);",
    `    return ${isGelu ? "gelu(sum)" : "Math.max(0, sum)"};`,
    "  });",
    "  const outputs = layers.outputs.map((row, i) => product(row, hidden) + (layers.outputBias[i] ?? 0));",
    "  return outputs.indexOf(Math.max(...outputs));",
    "}",
  ];
}

const gelu = ({ type }: Syntax): string[] => [
  "/** x times the normal distribution's share below it, by a series that converges wherever it is not 0 or 1. */",
  `function gelu(x${type(": number")})${type(": number")} {`,
  "  if (Math.abs(x) > 6) return Math.max(0, x);",
  "  let term = x / Math.sqrt(2 * Math.PI);",
  "  let sum = term;",
  "  for (let n = 1; n < 200; n++) {",
  "    term *= (-x * x * (2 * n - 1)) / (2 * n * (2 * n + 1));",
  "    sum += term;",
  "  }",
  "  return x * (0.5 + sum);",
  "}",
  "",
];
