import cliProgress from "cli-progress";
import { duration } from "./numbers.ts";

/** Shows how far something is. */
export interface Progress {
  /** The share that is done, 0 to 1, and a few words on it. */
  update(share: number, note?: string): void;
  /** Takes the bar off the terminal. */
  finish(): void;
}

/** A progress that shows nothing. */
export const silent: Progress = { update: () => undefined, finish: () => undefined };

/** Milliseconds between two lines where the output is no terminal; the first one comes as late. */
const LINE_EVERY = 5000;
/** A line comes when so much longer has passed than at the line before, so that long logs stay short. */
const LINE_GROWTH = 1.1;

/** Draws a bar with the time left; where the stream is no terminal, writes a line now and then. */
export function progressBar(title: string, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY
    ? drawnBar(title, stream)
    : loggedProgress(title, (line) => stream.write(line));
}

function drawnBar(title: string, stream: NodeJS.WriteStream): Progress {
  const started = performance.now();
  const bar = new cliProgress.SingleBar({
    stream,
    format: `${title} {bar} {percentage} %{words}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    gracefulExit: false,
  });
  bar.start(1000, 0, { words: "" });
  return {
    update: (share, note = "") => {
      bar.update(Math.floor(1000 * share), { words: wordsOn(started, share, note) });
    },
    finish: () => bar.stop(),
  };
}

/** Writes a line every five seconds at most, and ever more seldom. */
export function loggedProgress(title: string, write: (line: string) => void): Progress {
  const started = performance.now();
  let next = LINE_EVERY;
  return {
    update: (share, note = "") => {
      const passed = performance.now() - started;
      if (passed < next) return;
      next = Math.max(passed + LINE_EVERY, passed * LINE_GROWTH);
      write(`${title} ${Math.floor(100 * share)} %${wordsOn(started, share, note)}\n`);
    },
    finish: () => undefined,
  };
}

function wordsOn(started: number, share: number, note: string): string {
  const rest = timeLeft((performance.now() - started) / 1000, share);
  return [rest, note].map((words) => (words === "" ? "" : `, ${words}`)).join("");
}

/** How long the rest will take if it goes on as so far; nothing while that is a guess. */
export function timeLeft(seconds: number, share: number): string {
  if (seconds < 1 || share <= 0.01 || share >= 1) return "";
  return `${duration((seconds / share) * (1 - share))} left`;
}
