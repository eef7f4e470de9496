import { QuireError } from "@quire/tensor";

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
