import { isDeepStrictEqual } from "node:util";

/** Milliseconds between two looks at the runs. */
const EVERY = 500;

/** Looks at something while anyone listens, once for all, and tells of changes. */
export class Live<T> {
  readonly #look: () => T;
  readonly #listeners = new Set<(now: T) => void>();
  #last: T | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => T) {
    this.#look = look;
  }

  /** Tells at once and after every change; gives what ends it. */
  listen(listener: (now: T) => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tell(), EVERY);
    this.#last ??= this.#look();
    listener(this.#last);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#last = undefined;
    };
  }

  #tell(): void {
    const now = this.#look();
    if (isDeepStrictEqual(now, this.#last)) return;
    this.#last = now;
    for (const listener of this.#listeners) listener(now);
  }
}
