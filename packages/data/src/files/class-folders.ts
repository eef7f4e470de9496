import { DataError } from "../errors.ts";
import { isImageFile } from "./image-format.ts";
import { type Entry, listFiles, readEntries } from "./list-files.ts";

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
    const files = await listFiles(join(path, name), isImageFile);
    if (files.length === 0) {
      throw new DataError(
        `class folder "${join(path, name)}" holds no PNG, JPEG or WebP image: add images or delete the folder.`,
      );
    }
    classes.push({ name, files });
  }
  return classes;
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
