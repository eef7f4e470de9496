import { readFileSync } from "node:fs";
import { QuireError } from "@quire/tensor";
import { commands } from "./commands.ts";
import { Console } from "./console.ts";
import { exitCodeOf, exitCodes, Interrupted, RunError } from "./errors.ts";
import { isSilentProcess } from "./processes.ts";
import { parse } from "./program.ts";

/** Runs a command line and says how the process is to end. */
async function main(words: readonly string[]): Promise<number> {
  const json = words.includes("--json");
  const control = interruption();
  let hasFailed = false;
  const fail = (): void => {
    hasFailed = true;
  };
  try {
    const call = await parse(commands, words, versionOf());
    if (!call) return exitCodes.done;
    const console = new Console({ json, quiet: words.includes("--quiet") || isSilentProcess() });
    const { interruptible } = control;
    await call.command.run(call.given, call.raw, { console, words, interruptible, fail });
    if (control.interrupted()) return exitCodes.interrupted;
    return hasFailed ? exitCodes.failed : exitCodes.done;
  } catch (error) {
    return report(error, json, control.interrupted());
  }
}

function versionOf(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

interface Interruption {
  readonly interruptible: () => AbortSignal;
  readonly interrupted: () => boolean;
}

/** Ctrl-C ends a command in order where it can do that, and at once otherwise, or when it comes again. */
function interruption(): Interruption {
  const controller = new AbortController();
  let orderly = false;
  const stop = (): void => {
    if (!orderly || controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Interrupted("Interrupted before there was a result."));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    interruptible: () => {
      orderly = true;
      return controller.signal;
    },
    interrupted: () => controller.signal.aborted,
  };
}

/** Prints an error as its kind asks for, and gives the exit code. */
function report(error: unknown, json: boolean, interrupted: boolean): number {
  const exit = interrupted ? exitCodes.interrupted : exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const isOwn = error instanceof QuireError || error instanceof RunError;
  const fault =
    `Quire failed: ${message}\nThis is a fault of Quire: please report it, with what ` +
    "QUIRE_DEBUG=1 shows.";
  process.stderr.write(`${isOwn || exit === exitCodes.interrupted ? message : fault}\n`);
  if (process.env["QUIRE_DEBUG"] === "1" && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ error: message, exit }, null, 2)}\n`);
  return exit;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
