import type { Dirent } from "node:fs";
import { DataError } from "../errors.ts";
import { isImageName, refuseOtherImage } from "./image-format.ts";

/** A class by its folder's name, and its images' paths, both sorted by name. */
export interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

/** Names that a folder of already split data uses, so that its parts are not mistaken for classes. */
const parts = new Set(["train", "training", "test", "testing", "val", "valid", "validation"]);

/**
 * Lists the class folders of a data folder, and the images below each, however deep.
 *
 * @throws DataError when the path is no folder, holds no classes, a class holds no image, or an image is of a
 * format that is not read.
 */
export async function listClassFolders(path: string): Promise<ClassFolder[]> {
  const { join } = await import("node:path");
  const entries = await readDataFolder(path);
  const folders = entries.filter((entry) => entry.isFolder).map((entry) => entry.name);
  checkFolders(path, entries.length, folders, join);
  const classes: ClassFolder[] = [];
  for (const name of folders) {
    const files = await listImages(join(path, name), new Set());
    if (files.length === 0) {
      throw new DataError(
        `class folder "${join(path, name)}" holds no PNG, JPEG or WebP image: add images or delete the folder.`,
      );
    }
    classes.push({ name, files });
  }
  return classes;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

async function readDataFolder(path: string): Promise<Entry[]> {
  try {
    return await readEntries(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") {
      throw new DataError(`data folder "${path}" does not exist: check the path.`, { cause });
    }
    if (code === "ENOTDIR") {
      throw new DataError(
        `"${path}" is a file, not a folder: pass the folder that holds one folder of images for each class.`,
        { cause },
      );
    }
    throw new DataError(`data folder "${path}" cannot be read (${code}): check its permissions.`, {
      cause,
    });
  }
}

function checkFolders(
  path: string,
  entries: number,
  folders: readonly string[],
  join: (...names: string[]) => string,
): void {
  const [first] = folders;
  if (entries === 0) {
    throw new DataError(
      `data folder "${path}" is empty: put one folder of PNG or JPEG images into it for each class.`,
    );
  }
  if (first === undefined) {
    throw new DataError(
      `data folder "${path}" holds files but no folders: sort the images into one folder for each class.`,
    );
  }
  if (folders.every((name) => parts.has(name.toLowerCase()))) {
    const part = folders.find((name) => name.toLowerCase().startsWith("train")) ?? first;
    throw new DataError(
      `data folder "${path}" holds parts of a data set (${folders.join(", ")}), not classes: ` +
        `pass one of them, such as "${join(path, part)}".`,
    );
  }
  if (folders.length === 1) {
    throw new DataError(
      `data folder "${path}" holds one class only ("${first}"): add a folder for each other class.`,
    );
  }
}

/** All images below a folder; `above` holds the real paths of the folders that lead here, against loops. */
async function listImages(folder: string, above: ReadonlySet<string>): Promise<string[]> {
  const { realpath } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const real = await realpath(folder);
  if (above.has(real)) return [];
  const files: string[] = [];
  for (const { name, isFolder } of await readEntries(folder)) {
    const path = join(folder, name);
    if (isFolder) files.push(...(await listImages(path, new Set([...above, real]))));
    else if (isImageName(name)) files.push(path);
    else refuseOtherImage(path);
  }
  return files;
}

/** What a folder holds by name, links followed, without hidden entries and what archives leave behind. */
async function readEntries(folder: string): Promise<Entry[]> {
  const { readdir } = await import("node:fs/promises");
  const shown = (await readdir(folder, { withFileTypes: true })).filter(
    ({ name }) => !name.startsWith(".") && name !== "__MACOSX",
  );
  const entries = await Promise.all(
    shown.map(async (entry) => ({
      name: entry.name,
      isFolder: await leadsToFolder(folder, entry),
    })),
  );
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function leadsToFolder(folder: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const { stat } = await import("node:fs/promises");
  const { join } = await import("node:path");
  try {
    return (await stat(join(folder, entry.name))).isDirectory();
  } catch {
    return false;
  }
}
