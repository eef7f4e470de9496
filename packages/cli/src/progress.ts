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

/** Milliseconds between two lines where the output is no terminal. */
const LINE_EVERY = 5000;

/** Draws a bar with the time left; where the stream is no terminal, writes a line now and then. */
export function progressBar(title: string, stream: NodeJS.WriteStream): Progress {
  const started = performance.now();
  const bar = new cliProgress.SingleBar({
    stream,
    format: `${title} {bar} {percentage} %{rest}{note}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    noTTYOutput: true,
    notTTYSchedule: LINE_EVERY,
    gracefulExit: false,
  });
  bar.start(1000, 0, { rest: "", note: "" });
  return {
    update: (share, note = "") => {
      const rest = timeLeft((performance.now() - started) / 1000, share);
      bar.update(Math.floor(1000 * share), {
        rest: rest === "" ? "" : `, ${rest}`,
        note: note === "" ? "" : `, ${note}`,
      });
    },
    finish: () => bar.stop(),
  };
}

/** How long the rest will take if it goes on as so far; nothing while that is a guess. */
export function timeLeft(seconds: number, share: number): string {
  if (seconds < 1 || share <= 0.01 || share >= 1) return "";
  return `${duration((seconds / share) * (1 - share))} left`;
}
