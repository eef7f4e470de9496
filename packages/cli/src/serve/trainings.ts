import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ListedRun } from "./run-list.ts";

/** A training that this server started. */
interface Training {
  readonly name: string;
  readonly paper: string;
  readonly begun: string;
  readonly child: ChildProcess;
  isRunning: boolean;
  failure?: string;
}

/** Characters of a failing training's words that are kept. */
const MOST_WORDS = 2000;
/** Trainings at once: more would only wait for one another. */
const MOST = 2;

/** What is trained, as a page asks for it; all of it was checked. */
export interface Order {
  readonly paper: string;
  /** Path of the data. */
  readonly data: string;
  /** Further options of the command, such as `--target=price`. */
  readonly options: readonly string[];
}

/** The trainings of a server: processes of the quire command, started without a shell. */
export class Trainings {
  readonly #folder: string;
  readonly #command: readonly [string, ...string[]];
  readonly #all = new Map<string, Training>();

  /** @param command The program and its first words, such as node and the path of the command. */
  constructor(folder: string, command: readonly [string, ...string[]]) {
    this.#folder = folder;
    this.#command = command;
  }

  /** Whether there is room for another one. */
  get isFull(): boolean {
    return [...this.#all.values()].filter(({ isRunning }) => isRunning).length >= MOST;
  }

  /** Starts a training; gives the run's name. */
  start({ paper, data, options }: Order): string {
    let number = 1;
    const taken = (name: string): boolean =>
      this.#all.has(name) || existsSync(join(this.#folder, name));
    while (taken(`${paper}-${number}`)) number++;
    const name = `${paper}-${number}`;
    const place = ["--out", this.#folder, "--name", name, "--quiet"];
    this.#begin(name, paper, ["train", paper, "--data", data, ...options, ...place]);
    return name;
  }

  /** Goes on with a run. */
  resume(name: string, paper: string): void {
    this.#begin(name, paper, ["train", "--resume", join(this.#folder, name), "--quiet"]);
  }

  /** Stops a training as Ctrl-C does: it saves and ends. */
  stop(name: string): boolean {
    const training = this.#all.get(name);
    return training?.isRunning === true && training.child.kill("SIGINT");
  }

  /** How a training that was started here stands. */
  stateOf(name: string): "running" | "ended" | "failed" | undefined {
    const training = this.#all.get(name);
    if (!training) return undefined;
    if (training.isRunning) return "running";
    return training.failure === undefined ? "ended" : "failed";
  }

  /** What a failed training said. */
  failureOf(name: string): string | undefined {
    return this.#all.get(name)?.failure;
  }

  /** Trainings as they are shown before, or without, a folder of theirs. */
  begun(): ListedRun[] {
    return [...this.#all.values()].map(({ name, paper, begun, isRunning, failure }) => ({
      ...{ name, paper, begun, task: "", epochs: undefined, points: [], best: undefined },
      state: isRunning ? "training" : "failed",
      ...{ why: failure, hasReport: false, isOurs: isRunning },
    }));
  }

  /** Ends all trainings in order. */
  end(): void {
    for (const name of this.#all.keys()) this.stop(name);
  }

  #begin(name: string, paper: string, words: readonly string[]): void {
    const [program, ...first] = this.#command;
    const child = spawn(program, [...first, ...words], { stdio: ["ignore", "ignore", "pipe"] });
    const training: Training = {
      ...{ name, paper, child, isRunning: true, begun: new Date().toISOString() },
    };
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-MOST_WORDS);
    });
    child.on("error", ({ message }) => {
      training.failure = message;
      training.isRunning = false;
    });
    child.on("close", (code) => {
      training.isRunning = false;
      const isFailure = code !== 0 && code !== 130 && training.failure === undefined;
      if (isFailure) training.failure = said.trim().split("\n").at(-1) ?? `it ended with ${code}`;
    });
    this.#all.set(name, training);
  }
}
