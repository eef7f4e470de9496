import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type ExperimentProgress, Lots, type ToldTurn, type TurnSharing } from "@quire/papers";
import { QuireError, setThreads } from "@quire/tensor";
import type { FromHelper, HelperTask, ToHelper } from "./turn-messages.ts";

/** Starts a process that helps; another one in tests. */
export type StartHelper = () => ChildProcess;

/** What turns are shared for. */
export interface SharedTurnsOptions {
  readonly task: HelperTask;
  /** Processes in all, with this one. */
  readonly processes: number;
  readonly onProgress: (progress: ExperimentProgress) => void;
  readonly start?: StartHelper;
}

/**
 * The turns of an experiment's comparison, shared by processes each with threads of its own: small models are no faster on
 * two cores than on one. Nothing is started before the experiment compares, so that one that only takes times has all cores.
 */
export class SharedTurns implements TurnSharing {
  readonly #options: SharedTurnsOptions;
  readonly #helpers = new Map<ChildProcess, number>();
  readonly #agreed: unknown[] = [];
  readonly #failure = new AbortController();
  #lots: Lots | undefined;
  #isComplete: (() => void) | undefined;

  constructor(options: SharedTurnsOptions) {
    this.#options = options;
  }

  /** Comes when a process that helps fails, with the reason. */
  get signal(): AbortSignal {
    return this.#failure.signal;
  }

  /** Processes that ran turns; one where the experiment compared nothing. */
  get processes(): number {
    return 1 + this.#helpers.size;
  }

  /** Seconds that the others had of all cores. */
  get processorSeconds(): number {
    return [...this.#helpers.values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  async agree<T>(make: () => Promise<T>): Promise<T> {
    setThreads(this.#options.task.threads);
    const value = await make();
    this.#agreed.push(value);
    return value;
  }

  next(count: number): Promise<number | undefined> {
    this.#lots ??= this.#begin(count);
    return Promise.resolve(this.#lots.take());
  }

  onProgress(lot: number, progress: ExperimentProgress): void {
    this.#lots?.onProgress(lot, progress);
  }

  tell(lot: number, turns: readonly ToldTurn[]): void {
    this.#lots?.tell(lot, turns);
    if (this.#lots?.all()) this.#isComplete?.();
  }

  async all(): Promise<readonly (readonly ToldTurn[])[]> {
    await new Promise<void>((resolve, reject) => {
      this.#isComplete = resolve;
      this.signal.addEventListener("abort", () => reject(this.signal.reason));
      this.signal.throwIfAborted();
      if (this.#lots?.all()) resolve();
    });
    return this.#lots?.all() ?? [];
  }

  /** Ends the others, whatever they are at, and leaves the cores to this process again. */
  end(): void {
    for (const helper of this.#helpers.keys()) {
      // What is still on its way to it finds nobody.
      helper.removeAllListeners().on("error", () => undefined);
      helper.kill("SIGKILL");
    }
    setThreads(undefined);
  }

  #begin(count: number): Lots {
    const { task, processes, onProgress, start = startHelper } = this.#options;
    setThreads(task.threads);
    for (let i = 1; i < Math.min(processes, count); i++) {
      const helper = start();
      this.#helpers.set(helper, 0);
      helper.on("message", (message: FromHelper) => this.#hear(helper, message));
      helper.on("error", (error) => this.#failure.abort(error));
      helper.on("exit", (code, signal) => this.#failure.abort(endedEarly(code, signal)));
      tell(helper, { kind: "begin", task });
    }
    return new Lots(count, onProgress);
  }

  #hear(helper: ChildProcess, message: FromHelper): void {
    if (message.kind === "agree") {
      tell(helper, { kind: "agreed", value: this.#agreed[message.place] });
    } else if (message.kind === "next") {
      const lot = this.#lots?.take();
      tell(helper, { kind: "lot", ...(lot !== undefined && { lot }) });
    } else if (message.kind === "progress") {
      this.onProgress(message.lot, message.progress);
    } else if (message.kind === "told") {
      this.#helpers.set(helper, message.processorSeconds);
      this.tell(message.lot, message.turns);
    } else {
      const { isOwn, message: why } = message;
      this.#failure.abort(isOwn ? new QuireError(why) : new Error(why));
    }
  }
}

function tell(helper: ChildProcess, message: ToHelper): void {
  helper.send(message);
}

function endedEarly(code: number | null, signal: string | null): QuireError {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return new QuireError(
    `A process that shared the trainings ended ${how}: where memory is short, take fewer of them, as with --jobs 1.`,
  );
}

function startHelper(): ChildProcess {
  const own = fileURLToPath(import.meta.url);
  const path = fileURLToPath(new URL(`./turn-helper${extname(own)}`, import.meta.url));
  return fork(path, {
    env: { ...process.env, QUIRE_DEVICE: "cpu" },
    ...{ serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] },
  });
}
