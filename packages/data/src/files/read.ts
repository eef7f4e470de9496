import { DataError } from "../errors.ts";

const LARGEST = 2 ** 31 - 1;

/**
 * Reads a file whole.
 *
 * @param what what errors call it, such as `table`.
 * @throws DataError when it does not exist, is a folder, cannot be read, or is over 2 GiB.
 */
export async function readBytes(path: string, what: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  } catch (cause) {
    throw refusal(path, what, (cause as NodeJS.ErrnoException).code, cause);
  }
}

function refusal(path: string, what: string, code: string | undefined, cause: unknown): DataError {
  const name = `${what} "${path}"`;
  switch (code) {
    case "ENOENT":
      return new DataError(`${name} does not exist: check the path.`, { cause });
    case "ENOTDIR":
      return new DataError(`${name} does not exist: a part of its path is a file.`, { cause });
    case "EISDIR":
      return new DataError(`"${path}" is a folder: pass the path of a file.`, { cause });
    case "ERR_FS_FILE_TOO_LARGE":
      return new DataError(`${name} is over ${LARGEST} bytes: cut it into several files.`, {
        cause,
      });
    default:
      return new DataError(`${name} cannot be read (${code}): check its permissions.`, { cause });
  }
}
