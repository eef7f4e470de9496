import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quire } from "../testing/quire.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-control-"));
const short = ["--steps", "512", "--epochs", "2", "--batch-size", "16", "--unroll", "8"];

beforeAll(() => {
  process.chdir(folder);
  writeFileSync(
    "bit.mjs",
    `export function make() {
  let [bit, step] = [0, 0];
  const see = () => [step === 0 ? bit : 0.5];
  return {
    observationSpace: { kind: "box", shape: [1], low: 0, high: 1 },
    actionSpace: { kind: "discrete", count: 2, names: ["zero", "one"] },
    reset: (seed) => {
      [bit, step] = [seed % 2, 0];
      return see();
    },
    step: (action) => {
      step += 1;
      const terminated = step === 2;
      return { observation: see(), reward: terminated && action === bit ? 1 : 0, terminated };
    },
  };
}
`,
  );
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("a memory that does not reach back to the cue is told", async () => {
  const { end, notes } = await quire(
    ...["train", "gtrxl", "--env", "t-maze", "--corridor", "9", ...short],
    ...["--memory-length", "8", "--name", "short"],
  );
  expect(end).toBe("0");
  expect(notes).toContain(
    "memory: 8 steps back, too few for what stands 9 back: give it a longer --memory-length",
  );
  const two = await quire(
    ...["train", "gtrxl", "--env", "t-maze", "--corridor", "9", ...short],
    ...["--memory-length", "8", "--depth", "2", "--name", "deep"],
  );
  expect(two.notes).not.toContain("memory: ");
});

test("a run leaves an episode to look at, is measured, played, and gone on with", async () => {
  const train = ["train", "gtrxl", "--env", "t-maze", "--corridor", "1", ...short];
  const { end, notes } = await quire(...train, "--name", "maze");
  expect(end).toBe("0");
  expect(notes).toContain("environment: t-maze:length=1, 4 numbers seen, 4 actions");
  const gif = readFileSync(join("runs", "maze", "episode.gif"));
  const { pages = 0, pageHeight, format } = await sharp(gif, { animated: true }).metadata();
  expect([format, pageHeight]).toEqual(["gif", 72]);
  expect(pages).toBeGreaterThan(2);
  const report = readFileSync(join("runs", "maze", "report.html"), "utf8");
  expect(report).toContain("data:image/gif;base64,");
  expect(report).toContain("Episodes after the training");

  const measured = await quire("evaluate", "maze", "--data", "t-maze:length=1", "--json");
  const { count, metrics } = JSON.parse(measured.out);
  expect(count).toBe(512);
  expect(metrics[0].name).toBe("success");
  expect(metrics[0].interval[0]).toBeLessThan(metrics[0].value);

  const play = ["predict", "maze", "--data", "t-maze:length=1", "--episodes", "3"];
  const files = ["--out", "episodes.json", "--animation", "one.gif"];
  expect((await quire(...play, ...files)).end).toBe("0");
  const episodes = JSON.parse(readFileSync("episodes.json", "utf8"));
  expect(episodes.length).toBe(3);
  expect(episodes[0].actions.length).toBe(episodes[0].steps);
  expect(existsSync("one.gif")).toBe(true);
  expect((await quire(...play, "--out", "episodes.txt")).end).toBe(
    '2: --out takes a file that ends in .csv or .json, got "episodes.txt".',
  );
  expect((await quire("evaluate", "maze", "--data", "reach")).end).toBe(
    "2: reach shows 2 numbers and takes 4 actions; the run learnt in t-maze:length=1, with 4 and 4: choose an environment like that one.",
  );

  const weights = join("runs", "maze", "model.safetensors");
  const before = readFileSync(weights);
  rmSync(weights);
  expect((await quire("train", "--resume", "maze")).end).toBe("0");
  expect(readFileSync(weights).equals(before)).toBe(true);
}, 60_000);

test("a user's own environment is learnt in; what cannot be drawn has no animation", async () => {
  const train = ["train", "gtrxl", "--env", "bit.mjs", ...short, "--name", "bit"];
  expect((await quire(...train)).end).toBe("0");
  expect(existsSync(join("runs", "bit", "episode.gif"))).toBe(false);
  const play = ["predict", "bit", "--data", "bit.mjs", "--episodes", "2"];
  const { end, out } = await quire(...play);
  expect(end).toBe("0");
  expect(out).toMatch(/\n[0-2] of 2 solved\.\n$/);
  expect((await quire(...play, "--animation", "one.gif")).end).toBe(
    "2: bit.mjs cannot be drawn: leave --animation out, or give it a function picture().",
  );
}, 60_000);
