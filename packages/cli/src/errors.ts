import { QuireError } from "@quire/tensor";
import { StorageError } from "@quire/train/node";

/** A mistake in how the command was called: one sentence that says what to do. */
export class UsageError extends QuireError {
  override readonly name: string = "UsageError";
}

/** Something outside of Quire that went wrong while it ran, such as a full disk: not the user's mistake. */
export class RunError extends Error {
  override readonly name: string = "RunError";
}

/** The user ended the command before it was done. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";
}

/** Exit codes: what the shell is told. */
export const exitCodes = { done: 0, failed: 1, mistaken: 2, interrupted: 130 } as const;

/** Codes of a system that is full, which is no mistake of the user's. */
const full = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What the shell is told of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof StorageError && full.has(error.code)) return exitCodes.failed;
  return error instanceof QuireError ? exitCodes.mistaken : exitCodes.failed;
}
