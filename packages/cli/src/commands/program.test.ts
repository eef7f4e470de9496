import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { commands } from "../commands.ts";
import { Console } from "../console.ts";
import { parse } from "../program.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-program-"));

/** Runs a command line in this process; what it prints on standard output. */
async function run(words: readonly string[], json = true): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const call = await parse(commands, words, "0.0.0");
    await call?.command.run(call.given, call.raw, {
      console: new Console({ quiet: true, json }),
      words,
      interruptible: () => new AbortController().signal,
      fail: () => undefined,
    });
    return write.mock.calls.map(([text]) => text).join("");
  } finally {
    write.mockRestore();
  }
}

beforeAll(async () => {
  process.chdir(folder);
  const small = ["--preset", "small", "--sequences", "200", "--epochs", "2", "--batch-size", "32"];
  await run(["train", "transformer-programs", "--task", "hist", ...small, "--name", "counts"]);
}, 60_000);
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("the program is printed, run, and stands beside the weights; it says what predictions say", async () => {
  const { program, steps, labels, variables, reads } = JSON.parse(
    await run(["program", "counts", "--input", "3 1 3"]),
  );
  expect(program).toBe(readFileSync(join("runs", "counts", "program.ts"), "utf8"));
  expect(steps.map(({ name }: { readonly name: string }) => name)).toEqual([
    "head1_1",
    ...["count1_1", "count1_2", "count1_3", "count1_4"],
    ...["table1_1", "rule1_1"],
  ]);
  expect(variables.token).toEqual(["<s>", "3", "1", "3"]);
  expect(reads.head1_1.length).toBe(4);
  writeFileSync("new.csv", "sequence\n3 1 3\n");
  const { predictions } = JSON.parse(await run(["predict", "counts", "--data", "new.csv"]));
  expect(predictions[0].labels).toEqual(labels);
});

test("it is written to a file, without types where that is asked for", async () => {
  await run(["program", "counts", "--language", "javascript", "--out", "counts.js"]);
  const { run: counted } = (await import(/* @vite-ignore */ join(folder, "counts.js"))) as {
    run(tokens: readonly string[]): string[];
  };
  const { labels } = JSON.parse(await run(["program", "counts", "--input", "0 0"]));
  expect(counted(["0", "0"])).toEqual(labels);
});

test("people see the steps, what they give, and the labels", async () => {
  const shown = await run(["program", "counts", "--show", "steps", "--input", "2"], false);
  expect(shown).toContain("gives, place by place");
  expect(shown).toMatch(/token +label\n-+ +-+\n2 +\d\n$/);
  expect(shown).not.toContain("export function run");
});

test("tokens that the model does not know are refused before anything is printed", async () => {
  await expect(run(["program", "counts", "--input", "2 9"], false)).rejects.toThrow(
    /^"9" is no token that the model learnt: it knows 0, 1, 2, 3, 4, 5\.$/,
  );
});
