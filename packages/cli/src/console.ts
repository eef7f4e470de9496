import { type Progress, progressBar, silent } from "./progress.ts";

/** How much a command says, and how. */
export interface ConsoleOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * What a command prints with. Results go to standard output, all else to standard error; with `json` standard
 * output gets one JSON value and nothing more.
 */
export class Console {
  readonly #options: ConsoleOptions;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  /** Prints a result for people; left out where the result is printed as JSON. */
  print(text: string): void {
    if (!this.#options.json) process.stdout.write(`${text}\n`);
  }

  /** Prints a piece of a result as it comes, without an end of line; left out where the result is printed as JSON. */
  stream(piece: string): void {
    if (!this.#options.json) process.stdout.write(piece);
  }

  /** Prints the result for programs, where that was asked for. */
  result(value: object): void {
    if (this.#options.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Says something about the way to the result. */
  note(text: string): void {
    if (!this.#options.quiet) process.stderr.write(`${text}\n`);
  }

  /** Begins to show how far something is. */
  progress(title: string): Progress {
    return this.#options.quiet ? silent : progressBar(title, process.stderr);
  }
}
