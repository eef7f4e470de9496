interface Environment {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

/** Writes a line about what the engine does, if the environment variable QUIRE_LOG is set. */
export function log(line: () => string): void {
  const { process } = globalThis as Environment;
  // biome-ignore lint/suspicious/noConsole: the only way to say something in Node and in a browser
  if (process?.env?.["QUIRE_LOG"]) console.error(`quire: ${line()}`);
}
