import { CaptionedPictures } from "../captioned-pictures.ts";
import { DataError } from "../errors.ts";
import type { Table } from "../tables/table.ts";
import { type ImageFolderOptions, readImages } from "./image-files.ts";
import { isImageFile } from "./image-format.ts";
import { listFiles } from "./list-files.ts";
import { readTable } from "./read-table.ts";

/** Columns of a table of captions; found by their usual names where they are not given. */
export interface CaptionColumns {
  readonly file?: string;
  readonly caption?: string;
}

/** What columns are usually called. */
const usual = {
  file: ["file", "file_name", "filename", "image", "picture", "path"],
  caption: ["caption", "text", "prompt", "description"],
} as const;

/** A picture's path, and what it shows. */
interface Captioned {
  readonly path: string;
  readonly caption: string;
}

/**
 * Reads pictures with captions: a folder of PNG, JPEG or WebP pictures, each with a text file of the same name beside it
 * whose first line tells what it shows; or a table of files, from its own folder on, and captions.
 *
 * @throws DataError when nothing is there, a picture has no caption, or a picture cannot be used; the sentence names it.
 */
export async function readCaptionedPictures(
  path: string,
  { columns = {}, ...options }: ImageFolderOptions & { readonly columns?: CaptionColumns } = {},
): Promise<CaptionedPictures> {
  const found = (await isFolder(path))
    ? await captionedFiles(path)
    : await captionedRows(path, columns);
  const read = await readImages(
    found.map((one) => one.path),
    options,
  );
  return new CaptionedPictures({ ...read, captions: found.map(({ caption }) => caption) });
}

async function isFolder(path: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  const found = await stat(path).catch((cause: unknown) => {
    throw new DataError(
      `"${path}" does not exist: give a folder of pictures with captions, or a table of them.`,
      { cause },
    );
  });
  return found.isDirectory();
}

async function captionedFiles(folder: string): Promise<Captioned[]> {
  const pictures = await listFiles(folder, isImageFile);
  if (pictures.length === 0) {
    throw new DataError(
      `folder "${folder}" holds no PNG, JPEG or WebP picture: give one of pictures, each with a .txt file of its caption.`,
    );
  }
  const found: Captioned[] = [];
  let [missing, first] = [0, ""];
  for (const path of pictures) {
    const caption = await captionBeside(path);
    if (caption !== undefined) found.push({ path, caption });
    else {
      first ||= path;
      missing += 1;
    }
  }
  if (missing === 0) return found;
  const count = missing === 1 ? "" : ` (and ${missing - 1} more)`;
  throw new DataError(
    `"${first}"${count} has no caption: put a text file "${textName(first)}" beside it, or give a table of files and captions.`,
  );
}

function textName(picture: string): string {
  return picture.replace(/\.[^.]+$/, ".txt");
}

/** The first line that is not blank of the text beside a picture. */
async function captionBeside(picture: string): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  const name = textName(picture);
  const text = await readFile(name, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new DataError(`"${name}" cannot be read (${error.code}): check its permissions.`, {
      cause: error,
    });
  });
  return text
    ?.replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== "");
}

async function captionedRows(path: string, columns: CaptionColumns): Promise<Captioned[]> {
  const { existsSync } = await import("node:fs");
  const { dirname, join } = await import("node:path");
  const table = await readTable(path);
  const [file, caption] = [
    columnOf(table, "file", columns.file),
    columnOf(table, "caption", columns.caption),
  ];
  const captions = table.completeTexts(caption);
  return table.completeTexts(file).map((name, row) => {
    const own = join(dirname(path), name);
    if (!existsSync(own)) {
      throw table.wrongValue(
        row,
        file,
        `there is no picture "${own}": paths begin at the table's folder.`,
      );
    }
    const text = (captions[row] as string).trim();
    if (text === "")
      throw table.wrongValue(row, caption, "the caption is empty: say what is shown.");
    return { path: own, caption: text };
  });
}

function columnOf(table: Table, what: keyof typeof usual, given: string | undefined): string {
  if (given !== undefined) return table.column(given).name;
  const found = usual[what].find((name) => table.has(name));
  if (found !== undefined) return found;
  throw new DataError(
    `${table.name} has no column of ${what}s: name it by --${what}-column, or call it ${usual[what].join(", ")}.`,
  );
}
