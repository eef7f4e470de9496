import type { Asked, Said } from "./worker-messages.ts";

/** The worker that papers run in, as a page sees it. */
export class PaperWorker {
  readonly #worker: Worker;
  readonly #listeners = new Set<(said: Said) => void>();

  constructor() {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Said>) => {
      for (const listener of this.#listeners) listener(data);
    });
    this.#worker.addEventListener("error", ({ message }) => {
      const said = { type: "failed", during: "run", message } as const;
      for (const listener of this.#listeners) listener(said);
    });
  }

  /** Asks something; what comes of it is told to the listeners. */
  ask(asked: Asked): void {
    this.#worker.postMessage(asked);
  }

  /** Listens; gives what ends it. */
  listen(listener: (said: Said) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the worker and all that runs in it. */
  end(): void {
    this.#worker.terminate();
  }
}
