import type { Entry } from "./entry.ts";

/** An entry of a BibTeX file: what is known of the paper, and no more. */
export function bibTex({
  id,
  title,
  authors,
  year,
  arXiv,
}: Pick<Entry, "id" | "title" | "authors" | "year" | "arXiv">): string {
  const fields: readonly (readonly [name: string, value: string])[] = [
    // A second pair of braces keeps capitals as they are.
    ["title", `{${escaped(title)}}`],
    ...(authors ? [["author", authors.map(escaped).join(" and ")] as const] : []),
    ["year", String(year)],
    ...(arXiv === undefined
      ? []
      : ([
          ["eprint", arXiv],
          ["archivePrefix", "arXiv"],
          ["url", `https://arxiv.org/abs/${arXiv}`],
        ] as const)),
  ];
  const lines = fields.map(([name, value]) => `  ${name} = {${value}},`);
  return [`@misc{${id},`, ...lines, "}"].join("\n");
}

/** A text in which no character means something to TeX. */
function escaped(text: string): string {
  return text.replace(/[&%$#_]/g, "\\$&");
}
