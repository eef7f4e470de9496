/** Runs every checker. */
export {};
