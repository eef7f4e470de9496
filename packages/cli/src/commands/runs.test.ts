import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { AnyCommand } from "../command.ts";
import { commands } from "../commands.ts";
import { Console } from "../console.ts";
import { completions } from "./completion.ts";
import { reportCommand } from "./report.ts";
import { runsCommand } from "./runs.ts";

const out = mkdtempSync(join(tmpdir(), "quire-runs-"));
afterAll(() => rmSync(out, { recursive: true }));

const metrics = [{ name: "accuracy", as: "share", better: "higher" }] as const;

/** A run as quire train leaves it, without a model. */
function makeRun(name: string, seed: number, accuracies: readonly number[], ended = true): string {
  const folder = join(out, name);
  mkdirSync(folder);
  const training = {
    ...{ data: "pictures", fingerprint: name, options: {}, preset: "small", extras: {} },
    ...{
      recipe: { epochs: 3, learningRate: 0.01 * seed },
      seed,
      keep: 1,
      weights: "best",
      metrics,
    },
  };
  const model = {
    task: "image-classification",
    paper: "cct",
    preset: "small",
    options: {},
    target: {},
  };
  const written = `2026-01-0${seed}T10:00:00.000Z`;
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({ format: 2, model, training, written }),
  );
  const lines = accuracies.map((accuracy, i) => `${JSON.stringify({ epoch: i + 1, accuracy })}\n`);
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""));
  if (ended) writeFileSync(join(folder, "model.safetensors"), "");
  return folder;
}

const [first, second, third] = [
  makeRun("a", 1, [0.5, 0.8, 0.7]),
  makeRun("b", 2, [0.4, 0.6]),
  makeRun("c", 3, [0.9], false),
] as const;
mkdirSync(join(out, "broken"));
writeFileSync(join(out, "broken", "config.json"), "{");

async function run(
  command: AnyCommand,
  given: string[],
  raw: Record<string, unknown>,
  json = false,
) {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const interruptible = () => new AbortController().signal;
  const console = new Console({ quiet: true, json });
  try {
    await command.run(given, raw, { console, words: [], interruptible, fail: () => undefined });
    return write.mock.calls.map(([text]) => text).join("");
  } finally {
    write.mockRestore();
  }
}

test("runs are listed, the newest first, with their state and best epoch", async () => {
  expect(await run(runsCommand, [], { out })).toBe(
    [
      `run${" ".repeat(first.length - 3)}  paper  preset  begun             epochs  state        best`,
      `${"-".repeat(first.length)}  -----  ------  ----------------  ------  -----------  ---------------`,
      `${third}  cct    small   2026-01-03 10:00  1 of 3  unfinished   accuracy 90.0 %`,
      `${second}  cct    small   2026-01-02 10:00  2 of 3  ended early  accuracy 60.0 %`,
      `${first}  cct    small   2026-01-01 10:00  3 of 3  done         accuracy 80.0 %`,
      "",
    ].join("\n"),
  );
  const { runs, damaged } = JSON.parse(await run(runsCommand, [], { out }, true));
  expect(runs[2]).toEqual({
    ...{ run: first, paper: "cct", preset: "small", task: "image-classification" },
    ...{ begun: "2026-01-01T10:00:00.000Z", epochs: 3, state: "done" },
    best: { metric: "accuracy", value: 0.8, epoch: 2 },
  });
  const path = join(out, "broken", "config.json");
  expect(damaged).toEqual([
    {
      folder: join(out, "broken"),
      why: `"${path}" is damaged: it is no JSON; train the run again.`,
    },
  ]);
});

test("a folder without runs says so", async () => {
  const none = join(out, "none");
  expect(await run(runsCommand, [], { out: none })).toBe(
    `No runs in "${none}" yet: quire train makes them.\n`,
  );
});

test("runs are compared by what differs", async () => {
  const found = JSON.parse(
    await run(runsCommand, [], { out, compare: `${first},${second}` }, true),
  );
  expect(found.differences).toEqual({ "recipe.learningRate": ["0.01", "0.02"], seed: ["1", "2"] });
  expect(found.last).toEqual([{ accuracy: 0.7 }, { accuracy: 0.6 }]);
  await expect(run(runsCommand, [], { out, compare: first })).rejects.toThrow(
    "--compare takes two runs or more: --compare cct-1,cct-2.",
  );
});

test("a page sets runs side by side", async () => {
  const page = join(out, "page.html");
  await run(reportCommand, [`${first},${second}`], { out: page });
  const html = readFileSync(page, "utf8");
  expect(html).toContain("<td>recipe.learningRate</td><td>0.01</td><td>0.02</td>");
  expect(html.match(/<svg/g)?.length).toBe(1);
  await expect(run(reportCommand, [","], { out: page })).rejects.toThrow(
    "report needs runs: quire report cct-1,cct-2.",
  );
});

test("runs are deleted only when that is said twice", async () => {
  await expect(run(runsCommand, [], { out, delete: third })).rejects.toThrow(
    `this deletes ${third} for good: add --yes to do it.`,
  );
  expect(existsSync(third)).toBe(true);
  await run(runsCommand, [], { out, delete: third, yes: true });
  expect(existsSync(third)).toBe(false);
  await expect(run(runsCommand, [], { out, delete: out, yes: true })).rejects.toThrow(
    `"${out}" is no run: it has no config.json; give the folder that quire train made.`,
  );
});

test("words are completed: commands, papers, and a paper's own options", async () => {
  expect(await completions(commands, ["ev"])).toEqual(["evaluate"]);
  expect(await completions(commands, ["show", "cc"])).toEqual(["cct"]);
  expect(await completions(commands, ["train", "cct", "--label"])).toEqual(["--label-smoothing"]);
  expect(await completions(commands, ["train", "informer", "--hor"])).toEqual(["--horizon"]);
  expect(await completions(commands, ["nothing", ""])).toEqual([]);
  await expect(
    run(commands.find(({ name }) => name === "completion") as AnyCommand, ["csh"], {}),
  ).rejects.toThrow('completion knows bash, zsh, fish, not "csh".');
});
