import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { callOf, commandsOf } from "@quire/site";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "./commands.ts";
import { loadPaper, paperIds } from "./papers.ts";
import { parse } from "./program.ts";

/** Beside what is built, so that packages are found as by a user. */
const folder = fileURLToPath(new URL("../dist/usage", import.meta.url));
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The words of a command line, quotes taken off. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

test.each(paperIds())("%s: the commands of its page are taken by the command line", async (id) => {
  for (const line of commandsOf(await loadPaper(id))) {
    const [npx, quire, ...words] = wordsOf(line);
    expect([npx, quire]).toEqual(["npx", "quire"]);
    // A command that takes the options of a run needs the run; its own options are known without.
    const known = words.some((word) => word.startsWith("runs/")) ? commands.map(plain) : commands;
    const call = await parse(known, words, "test");
    expect(call?.command.name).toBe(words[0]);
  }
});

function plain({ resolve: _, ...command }: (typeof commands)[number]) {
  return command;
}

test("the call of each page does what it says, in plain Node", async () => {
  const printed = await Promise.all(
    paperIds().map(async (id) => {
      const path = join(folder, `${id}.mjs`);
      // A type assertion is all that the call has of TypeScript.
      writeFileSync(path, callOf(await loadPaper(id)).replace("]!;", "];"));
      const { stdout } = await promisify(execFile)(process.execPath, [path]);
      return Number(stdout);
    }),
  );
  expect(printed.filter((count) => !(Number.isInteger(count) && count > 0))).toEqual([]);
});
