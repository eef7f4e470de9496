import { vi } from "vitest";
import type { AnyCommand } from "../command.ts";
import { Console } from "../console.ts";

/** Runs a command in this process on one thing, with its options; what it prints as JSON. */
export async function answerOf<R>(
  given: AnyCommand,
  name: string,
  options: Record<string, unknown>,
): Promise<R> {
  const command = (await given.resolve?.([name])) ?? given;
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await command.run([name], options, {
      console: new Console({ quiet: true, json: true }),
      words: [name],
      interruptible: () => new AbortController().signal,
      fail: () => undefined,
    });
    return JSON.parse(write.mock.calls.map(([text]) => text).join("")) as R;
  } finally {
    write.mockRestore();
  }
}
