/**
 * A process that runs turns of an experiment for another one, which starts it and judges what comes of them: see
 * `SharedTurns`.
 */
import type { TurnSharing } from "@quire/papers";
import { QuireError, setThreads } from "@quire/tensor";
import { loadExperiments } from "../papers.ts";
import { processorSeconds } from "./processor-time.ts";
import type { FromHelper, HelperTask, ToHelper } from "./turn-messages.ts";

/** What it waits for. */
let answer: ((message: ToHelper) => void) | undefined;

process.on("message", (message: ToHelper) => {
  if (message.kind === "begin") void run(message.task);
  else answer?.(message);
});
// It ends when the one that started it ends, which alone hears of Ctrl-C.
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);

function say(message: FromHelper): void {
  process.send?.(message);
}

function ask(question: FromHelper): Promise<ToHelper> {
  return new Promise((resolve) => {
    answer = resolve;
    say(question);
  });
}

async function run({ paper, claims, seeds, budget, threads }: HelperTask): Promise<void> {
  try {
    setThreads(threads);
    const experiments = await loadExperiments(paper);
    const experiment = experiments.find((one) => one.claims.join() === claims.join());
    if (!experiment) throw new Error(`${paper} has no experiment of ${claims.join(", ")}.`);
    const data = await experiment.load(budget);
    await experiment.measure({ data, seeds, budget, sharing: sharing() });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    say({ kind: "failed", message, isOwn: error instanceof QuireError });
  }
}

function sharing(): TurnSharing {
  let agreed = 0;
  return {
    agree: async <T>() => {
      const told = await ask({ kind: "agree", place: agreed++ });
      return (told.kind === "agreed" ? told.value : undefined) as T;
    },
    next: async () => {
      const told = await ask({ kind: "next" });
      return told.kind === "lot" ? told.lot : undefined;
    },
    onProgress: (lot, progress) => say({ kind: "progress", lot, progress }),
    tell: (lot, turns) => say({ kind: "told", lot, turns, processorSeconds: processorSeconds() }),
    // What comes of all turns is judged by the process that started this one, which then ends it.
    all: () => new Promise(() => undefined),
  };
}
