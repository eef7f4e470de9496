import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { commands } from "./commands.ts";
import { Console } from "./console.ts";
import { exitCodeOf } from "./errors.ts";
import { parse } from "./program.ts";
import { badInputs } from "./testing/bad-inputs.ts";
import { writeShapes } from "./testing/pictures.ts";

const table = fileURLToPath(new URL("../../../docs/errors.md", import.meta.url));
const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-bad-"));

/** Runs a command line in this process: its error and exit code, or nothing where it goes well. */
async function refusal(words: readonly string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const call = await parse(commands, words, "0.0.0");
    const interruptible = () => new AbortController().signal;
    const console = new Console({ quiet: true, json: false });
    await call?.command.run(call.given, call.raw, {
      console,
      words,
      interruptible,
      fail: () => undefined,
    });
    return "0, no error";
  } catch (error) {
    return `${exitCodeOf(error)}, ${(error as Error).message}`;
  } finally {
    write.mockRestore();
  }
}

async function writePictures(): Promise<void> {
  await writeShapes("pictures", { count: 60, size: 16, classes: 2 });
  cpSync("pictures", "broken", { recursive: true });
  truncateSync(join("broken", "circle", readdirSync(join("broken", "circle"))[0] as string), 60);
  cpSync("pictures", "other", { recursive: true });
  rmSync(join("other", readdirSync("other").sort().at(-1) as string), { recursive: true });
  mkdirSync(join("other", "star"));
  cpSync(join("pictures", "circle"), join("other", "star"), { recursive: true });
  mkdirSync("empty");
  mkdirSync("captioned");
  for (const name of ["a", "b"]) {
    const circles = join("pictures", "circle");
    cpSync(join(circles, readdirSync(circles)[0] as string), join("captioned", `${name}.png`));
    writeFileSync(join("captioned", `${name}.txt`), "a circle");
  }
}

function writeTables(): void {
  for (const [name, content] of Object.entries(badInputs.files)) {
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, content);
  }
}

/** A trained run, and copies of it with a damage each. */
async function writeRuns(): Promise<void> {
  const words = ["train", "cct", "--data", "pictures", "--epochs", "1", "--name", "whole"];
  expect(await refusal(words)).toBe("0, no error");
  const copy = (name: string): string => {
    cpSync(join("runs", "whole"), join("runs", name), { recursive: true });
    return join("runs", name);
  };
  writeFileSync(join(copy("no-json"), "config.json"), "{");
  writeFileSync(join(copy("old"), "config.json"), '{"format":1}');
  truncateSync(join(copy("cut"), "model.safetensors"), 1000);
  rmSync(join(copy("unfinished"), "model.safetensors"));
  const checkpoints = join(copy("checkpoint"), "checkpoint");
  const last = readdirSync(checkpoints).find((name) => name.startsWith("step-")) as string;
  truncateSync(join(checkpoints, last), 2000);
  truncateSync(join(copy("best"), "checkpoint", "best.safetensors"), 2000);
}

beforeAll(async () => {
  process.chdir(folder);
  await writePictures();
  writeTables();
  await writeRuns();
}, 120_000);
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("every bad input gets one sentence that says what to do", async () => {
  const lines: string[] = [];
  for (const [what, words] of badInputs.calls) {
    const [, exit, sentence] = /^(\d+), ([\s\S]*)$/.exec(await refusal(words)) ?? [];
    const text = (sentence as string).replaceAll("|", "\\|").replaceAll(folder, "");
    expect(text, what).not.toContain("\n");
    expect(exit, what).toBe("2");
    lines.push(
      `| ${what} | \`quire ${words.join(" ").replaceAll("|", "\\|")}\` | ${text} | ${exit} |`,
    );
  }
  expect(lines.length).toBeGreaterThanOrEqual(60);
  const head = [
    "# What bad inputs are told",
    "",
    "Written and checked by `packages/cli/src/bad-inputs.test.ts`; `npx vitest run packages/cli/src/bad-inputs.test.ts -u`",
    "writes it anew after a change that is meant.",
    "",
    "| input | call | answer | exit code |",
    "|---|---|---|---|",
  ];
  await expect(`${[...head, ...lines].join("\n")}\n`).toMatchFileSnapshot(table);
}, 120_000);
