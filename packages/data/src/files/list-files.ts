import type { Dirent } from "node:fs";
import { DataError } from "../errors.ts";

/** What a folder holds: a name, and whether it is a folder's. */
export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** The paths of all files below a folder, however deep, that are accepted by their path; sorted by name. */
export function listFiles(folder: string, accept: (path: string) => boolean): Promise<string[]> {
  return listBelow(folder, accept, new Set());
}

/** `above` holds the real paths of the folders that lead here, against loops. */
async function listBelow(
  folder: string,
  accept: (path: string) => boolean,
  above: ReadonlySet<string>,
): Promise<string[]> {
  const { realpath } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const real = await realpath(folder);
  if (above.has(real)) return [];
  const files: string[] = [];
  for (const { name, isFolder } of await readEntries(folder)) {
    const path = join(folder, name);
    if (isFolder) files.push(...(await listBelow(path, accept, new Set([...above, real]))));
    else if (accept(path)) files.push(path);
  }
  return files;
}

/** What a folder holds, sorted by name, links followed, without hidden entries and what archives leave behind. */
export async function readEntries(folder: string): Promise<Entry[]> {
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

/**
 * The accepted files of a path that is a file or a folder of files.
 *
 * @param what what the files are, such as `text files (.txt)`.
 * @throws DataError when the path does not exist or a folder holds no such file.
 */
export async function filesAt(
  path: string,
  accept: (path: string) => boolean,
  what: string,
): Promise<string[]> {
  const { stat } = await import("node:fs/promises");
  const found = await stat(path).catch((cause: unknown) => {
    throw new DataError(`"${path}" does not exist: check the path.`, { cause });
  });
  if (!found.isDirectory()) return [path];
  const files = await listFiles(path, accept);
  if (files.length > 0) return files;
  throw new DataError(`folder "${path}" holds no ${what}: add some.`);
}

/**
 * The paths of files in two folders that belong together by their names without ending, in order of name.
 *
 * @throws DataError naming the first file that stands alone, or a name that comes twice in a folder.
 */
export async function pairFiles(
  first: readonly string[],
  second: readonly string[],
  folders: readonly [string, string],
): Promise<(readonly [name: string, first: string, second: string])[]> {
  const { relative } = await import("node:path");
  const [ones, twos] = [first, second].map((paths, side) =>
    byStem(paths.map((path) => [stem(relative(folders[side] as string, path)), path] as const)),
  ) as [Map<string, string>, Map<string, string>];
  for (const [own, other, folder] of [
    [ones, twos, folders[1]],
    [twos, ones, folders[0]],
  ] as const) {
    for (const [name, path] of own) {
      if (other.has(name)) continue;
      throw new DataError(
        `"${path}" has no partner called "${name}" in "${folder}": add it, or delete the file.`,
      );
    }
  }
  return [...ones].map(([name, path]) => [name, path, twos.get(name) as string] as const);
}

function stem(path: string): string {
  return path.replaceAll("\\", "/").replace(/\.nii\.gz$|\.[^./]+$/i, "");
}

function byStem(paths: readonly (readonly [string, string])[]): Map<string, string> {
  const stems = new Map<string, string>();
  for (const [name, path] of paths) {
    const before = stems.get(name);
    if (before !== undefined) {
      throw new DataError(`"${before}" and "${path}" have the same name: delete one of them.`);
    }
    stems.set(name, path);
  }
  return stems;
}
