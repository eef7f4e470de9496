import { vi } from "vitest";
import { commands } from "../commands.ts";
import { Console } from "../console.ts";
import { exitCodeOf } from "../errors.ts";
import { parse } from "../program.ts";

/** What a command line came to. */
export interface Said {
  /** The exit code, and the error's text where there is one: "0", "2: unknown command trian; ...". */
  readonly end: string;
  readonly out: string;
  readonly notes: string;
}

/** Runs a command line in this process. */
export async function quire(...words: readonly string[]): Promise<Said> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const said = (end: string): Said => {
    const [printed, notes] = [out, err].map(({ mock }) =>
      mock.calls.map(([text]) => String(text)).join(""),
    ) as [string, string];
    return { end, out: printed, notes };
  };
  try {
    const call = await parse(commands, words, "0.0.0");
    const interruptible = () => new AbortController().signal;
    const console = new Console({ quiet: false, json: words.includes("--json") });
    const context = { console, words, interruptible, fail: () => undefined };
    await call?.command.run(call.given, call.raw, context);
    return said("0");
  } catch (error) {
    return said(`${exitCodeOf(error)}: ${(error as Error).message}`);
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
