import { constants, existsSync } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { writeFileAtomic } from "@quire/train/node";
import { RunError, UsageError } from "./errors.ts";

/** Codes of system errors that a user can mend by giving another path or other permissions. */
const mendable: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a file of that name is in the way",
  EISDIR: "it is a folder",
  ENOENT: "its folder does not exist",
  ENAMETOOLONG: "the name is too long",
};

/**
 * Finds out, before any work is done for it, whether a folder can be made at a path and written to.
 *
 * @throws UsageError when it cannot.
 */
export async function checkWritable(path: string): Promise<void> {
  let place = resolve(path);
  while (!existsSync(place)) place = dirname(place);
  await writing(path, async () => {
    if (!(await stat(place)).isDirectory()) throw systemError("ENOTDIR");
    await access(place, constants.W_OK);
  });
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  await writing(path, () => makeAbove(resolve(path)));
}

/** Step by step, since Node's own way does not end in folders that take none, such as /proc. */
async function makeAbove(path: string): Promise<void> {
  if (existsSync(path)) {
    if (!(await stat(path)).isDirectory()) throw systemError("ENOTDIR");
    return;
  }
  await makeAbove(dirname(path));
  await mkdir(path);
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await writing(path, () => writeFileAtomic(path, [bytes]));
}

/**
 * Does something that writes to a path.
 *
 * @throws UsageError when the path cannot be written to; RunError when the disk is full or broken.
 */
export async function writing<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why = mendable[code];
    if (why !== undefined) {
      const advice = "choose another place with --out";
      throw new UsageError(`cannot write "${path}" (${why}): ${advice}.`, { cause: error });
    }
    const reason = code === "ENOSPC" ? "the disk is full" : message;
    throw new RunError(`cannot write "${path}": ${reason}.`, { cause: error });
  }
}
