import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createCssVariablesTheme, createHighlighter } from "shiki";

/** A note, where there is one, and the code that it stands at. */
export interface NotedCode {
  readonly note: string;
  /** The code as HTML, coloured by custom properties. */
  readonly code: string;
}

/** A source file of a paper. */
export interface NotedFile {
  readonly name: string;
  readonly lines: number;
  readonly rows: readonly NotedCode[];
}

const theme = createCssVariablesTheme({ variablePrefix: "--code-", fontStyle: false });

/** Colours TypeScript. */
export type Highlighter = (code: string) => string;

/** Makes what colours TypeScript; it is loaded once for all papers. */
export async function makeHighlighter(): Promise<Highlighter> {
  const highlighter = await createHighlighter({ langs: ["typescript"], themes: [theme] });
  return (code) => highlighter.codeToHtml(code, { lang: "typescript", theme: "css-variables" });
}

/** A paper's sources that hold notes, the model first; tests are left out. */
export function notedFiles(folder: string, highlight: Highlighter): NotedFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }))
    .filter(({ name, text }) => name === "model.ts" || /^\s*\/\/\/ /m.test(text))
    .sort((a, b) => Number(b.name === "model.ts") - Number(a.name === "model.ts"))
    .map(({ name, text }) => ({
      ...{ name, lines: text.split("\n").length - 1 },
      rows: notedCode(text).map(({ note, code }) => ({ note, code: highlight(code) })),
    }));
}

/** Parts a source at its `///` notes: each stands beside the code that follows it. Imports are left out. */
export function notedCode(source: string): { note: string; code: string }[] {
  const rows: { note: string[]; code: string[] }[] = [{ note: [], code: [] }];
  const body = source.replace(/^import [^;]*;\n/gm, "");
  for (const line of body.trimEnd().split("\n")) {
    const note = /^\s*\/\/\/ ?(.*)$/.exec(line)?.[1];
    const last = rows.at(-1) as { note: string[]; code: string[] };
    if (note === undefined) last.code.push(line);
    else if (last.code.length === 0) last.note.push(note);
    else rows.push({ note: [note], code: [] });
  }
  return rows
    .map(({ note, code }) => ({ note: note.join(" "), code: trimmed(code) }))
    .filter(({ note, code }) => note !== "" || code !== "");
}

/** Code without empty lines at its ends. */
function trimmed(lines: readonly string[]): string {
  return lines.join("\n").replace(/^\n+|\s+$/g, "");
}
