import { QuireError } from "@quire/tensor";

/** A file of a run that could not be written; what stood before stands. */
export class StorageError extends QuireError {
  override readonly name: string = "StorageError";
  /** The system's code, such as ENOSPC. */
  readonly code: string;

  constructor(message: string, options: { readonly cause: unknown; readonly code: string }) {
    super(message, { cause: options.cause });
    this.code = options.code;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file",
  ENOENT: "the folder is not there any more",
  EFBIG: "the file would be too large",
};

/**
 * Does something that writes to a run's folder.
 *
 * @param last Finds the checkpoint that stands whatever happens.
 * @throws StorageError when the system refuses.
 */
export async function stored<T>(
  folder: string,
  last: () => Promise<string | undefined>,
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof QuireError) throw error;
    const path = await last().catch(() => undefined);
    const kept =
      path === undefined
        ? "There is no checkpoint yet."
        : `The checkpoint ${path} stands: make room or mend the folder, then go on from it.`;
    const why = reasons[code] ?? message;
    throw new StorageError(`Cannot write to "${folder}" (${why}). ${kept}`, {
      cause: error,
      code,
    });
  }
}
