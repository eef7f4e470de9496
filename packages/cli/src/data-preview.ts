import { existsSync, readdirSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Dataset } from "@quire/data";
import {
  imageFolder,
  readConll,
  readIcons,
  readSequences,
  readSquad,
  readTextCorpus,
} from "@quire/data/files";
import type { Console } from "./console.ts";
import { UsageError } from "./errors.ts";
import { count } from "./numbers.ts";
import { table } from "./table.ts";

/** What data that are no table can be. */
export const dataKinds = [
  "table",
  "pictures",
  "text",
  "conll",
  "squad",
  "sequences",
  "icons",
] as const;
export type DataKind = (typeof dataKinds)[number];

/** Pixels a side that pictures are looked at in. */
const LARGEST_SIDE = 64;

/** Endings of names, and what such files hold. */
const endings: readonly (readonly [ending: RegExp, kind: DataKind])[] = [
  [/\.(png|jpe?g|jfif|webp)$/i, "pictures"],
  [/\.(txt|md)$/i, "text"],
  [/\.(conll|conllu|iob|iob2|bio)$/i, "conll"],
  [/\.(fa|fasta|fna|faa|smi|smiles)$/i, "sequences"],
  [/\.svg$/i, "icons"],
];

/**
 * What a file or a folder holds, by the endings of names: in a folder by the first name that tells.
 *
 * @throws UsageError when no name in a folder tells.
 */
export function kindOf(path: string): DataKind {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  if (!isFolder) return kindOfName(path) ?? "table";
  const found = readdirSync(path, { recursive: true, encoding: "utf8" })
    .sort()
    .map(kindOfName)
    .find((kind) => kind !== undefined);
  if (found !== undefined) return found;
  throw new UsageError(
    `folder "${path}" holds no pictures, texts or SVG files: give another one, or a file.`,
  );
}

function kindOfName(name: string): DataKind | undefined {
  return endings.find(([ending]) => ending.test(name))?.[1];
}

/** What is known of data that are no table. */
export interface Preview {
  readonly kind: DataKind;
  /** One sentence or a few. */
  readonly text: string;
  /** Pictures of each class. */
  readonly classes?: Readonly<Record<string, number>>;
}

const readers: Readonly<
  Record<Exclude<DataKind, "table" | "pictures">, (path: string) => Promise<{ describe(): string }>>
> = {
  text: readTextCorpus,
  conll: (path) => readConll(path),
  squad: readSquad,
  sequences: readSequences,
  icons: readIcons,
};

/** Reads data as a task would, and says what they are. */
export async function previewOf(
  path: string,
  kind: Exclude<DataKind, "table">,
  console: Console,
): Promise<Preview> {
  if (kind === "pictures") return await picturesPreview(path, console);
  return { kind, text: `${basename(path)}: ${(await readers[kind](path)).describe()}` };
}

async function picturesPreview(path: string, console: Console): Promise<Preview> {
  const progress = console.progress("reading");
  const found = await imageFolder(path, {
    largest: LARGEST_SIDE,
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2, `${total} pictures`),
  }).finally(progress.finish);
  const classes = countsOf(found);
  const columns = [{ title: "class" }, { title: "pictures", align: "right" } as const];
  const rows = Object.entries(classes).map(([name, number]) => [name, count(number)]);
  const { size, height, width, channels } = found;
  const kind = channels === 1 ? "grey" : "colour";
  const head = `${basename(path)}: ${count(size)} pictures of ${rows.length} classes, ${kind}, ${height} x ${width} pixels unless --size says otherwise`;
  return { kind: "pictures", text: `${head}\n\n${table(columns, rows)}`, classes };
}

function countsOf({ labels, classes }: Dataset): Record<string, number> {
  const counts = Object.fromEntries(classes.map((name) => [name, 0]));
  for (const label of labels) {
    const name = classes[label] as string;
    counts[name] = (counts[name] as number) + 1;
  }
  return counts;
}
