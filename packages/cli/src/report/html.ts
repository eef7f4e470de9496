/** A part of a report: a heading and what stands below it, as HTML. */
export interface Section {
  readonly title: string;
  readonly body: string;
}

const style = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
  table { border-collapse: collapse; display: block; overflow-x: auto; }
  th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
  td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
  .plot { background: white; border-radius: 6px; padding: .5rem; overflow-x: auto; width: fit-content; }
  .pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
  figure { margin: 0; width: 8.5rem; } figure img { width: 8rem; image-rendering: pixelated; }
  figcaption { font-size: .85rem; } .right { color: #2a7f3f; } .wrong { color: #c0392b; }
`;

/** A whole page that needs no other file and no network. */
export function page(title: string, sections: readonly Section[]): string {
  const parts = sections.map(
    ({ title: heading, body }) => `<section>\n<h2>${escaped(heading)}</h2>\n${body}\n</section>`,
  );
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>\n<style>${style}</style>\n</head>\n<body>`,
    `<h1>${escaped(title)}</h1>`,
    ...parts,
    "</body>\n</html>\n",
  ].join("\n");
}

/** A column of a table; numbers stand at the right. */
export interface HtmlColumn {
  readonly title: string;
  readonly number?: boolean;
}

/** A table of texts. */
export function htmlTable(
  columns: readonly HtmlColumn[],
  rows: readonly (readonly string[])[],
): string {
  const kind = (i: number): string => (columns[i]?.number ? ' class="number"' : "");
  const cells = (tag: "td" | "th", row: readonly string[]): string =>
    `<tr>${row.map((cell, i) => `<${tag}${kind(i)}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const titles = columns.map(({ title }) => title);
  return [
    `<table>\n<thead>${cells("th", titles)}</thead>\n<tbody>`,
    ...rows.map((row) => cells("td", row)),
    "</tbody>\n</table>",
  ].join("\n");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as HTML shows it. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
