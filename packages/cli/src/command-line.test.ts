import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imageTensor } from "@quire/data";
import { readImage } from "@quire/data/files";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand, type Ended, runBuilt } from "./testing/built.ts";
import { writeShapes } from "./testing/pictures.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SIZE = 32;
const tiny = ["--epochs", "1", "--batch-size", "24", "--size", String(SIZE), "--quiet"];

let folder = "";

/** Runs the built command in the test's folder. */
const run = (...words: readonly string[]): Promise<Ended> => runBuilt(folder, words);

/** 60 pictures in 3 classes, one of them broken in a copy; and folders with other mistakes. */
async function makePictures(): Promise<void> {
  await writeShapes(join(folder, "pictures"), { count: 80, size: SIZE, classes: 3 });
  cpSync(join(folder, "pictures"), join(folder, "broken"), { recursive: true });
  await truncate(join(folder, "broken", "cross", "1.png"), 100);
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "few", "a"), { recursive: true });
  cpSync(join(folder, "pictures", "circle"), join(folder, "few", "b"), { recursive: true });
  cpSync(join(folder, "pictures", "circle", "0.png"), join(folder, "few", "a", "0.png"));
  await writeFile(join(folder, "notes.txt"), "no picture");
}

beforeAll(async () => {
  spawnSync("node", [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), "quire-command-"));
  await makePictures();
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("train, predict and export", () => {
  it("leave a run whose ONNX file gives the same numbers elsewhere", async () => {
    const trained = await run("train", "cct", "--data", "pictures", ...tiny, "--json");
    expect(trained).toMatchObject({ exit: 0, err: "" });
    const summary = JSON.parse(trained.out);
    expect(summary).toMatchObject({ run: join("runs", "cct-1"), epochs: 1, stopped: false });
    expect(summary.facts.of).toBe("3 classes, colour, 32 x 32 pixels");
    expect(Object.keys(summary.metrics)).toEqual(["trainingLoss", "accuracy", "validationLoss"]);
    const files = readdirSync(join(folder, "runs", "cct-1")).sort();
    expect(files.map((name) => name.replace(/\d[\d.]*quire$/, "T"))).toEqual([
      "checkpoint",
      "config.json",
      "events.out.tfevents.T",
      "metrics.jsonl",
      "model.onnx",
      "model.safetensors",
      "report.html",
    ]);
    const exported = await run("export", "cct-1", "--out", "model.onnx", "--json");
    expect(exported.exit).toBe(0);
    expect(JSON.parse(exported.out)).toEqual({
      file: "model.onnx",
      inputs: { images: { shape: ["batch", 3, SIZE, SIZE] } },
      outputs: { logits: ["batch", 3], probabilities: ["batch", 3] },
      metadata: {
        paper: "cct",
        task: "image-classification",
        classes: '["circle","cross","square"]',
        input: "pixels / 255, channels first; the model normalises them",
      },
    });
    expect(readFileSync(join(folder, "model.onnx"))).toEqual(
      readFileSync(join(folder, "runs", "cct-1", "model.onnx")),
    );

    const paths = readdirSync(join(folder, "pictures", "square"))
      .sort()
      .slice(0, 7);
    const found = await run("predict", "runs/cct-1", "--data", "pictures/square", "--json");
    const all: { picture: string; probabilities: Record<string, number> }[] = JSON.parse(
      found.out,
    ).predictions;
    expect(all.slice(0, 7).map(({ picture }) => picture)).toEqual(
      paths.map((name) => join("pictures", "square", name)),
    );
    const expected = all.slice(0, 7).flatMap(({ probabilities }) => Object.values(probabilities));
    const session = await InferenceSession.create(join(folder, "model.onnx"));
    for (const batch of [1, 7]) {
      const given = await runBare(session, paths.slice(0, batch));
      expect(given.length).toBe(3 * batch);
      const difference = given.map((value, i) => Math.abs(value - (expected[i] as number)));
      expect(Math.max(...difference)).toBeLessThanOrEqual(1e-5);
    }
  }, 60_000);

  it("give the same run again for the same seed, and another for another", async () => {
    const options = ["--data", "pictures", ...tiny, "--json"];
    const again = await run("train", "cct", ...options, "--seed", "0", "--name", "again");
    const other = await run("train", "cct", ...options, "--seed", "6", "--name", "other");
    expect([again.exit, other.exit]).toEqual([0, 0]);
    const file = (name: string, part: string) => readFileSync(join(folder, "runs", name, part));
    for (const part of ["model.safetensors", "metrics.jsonl", "model.onnx"]) {
      expect(file("again", part).equals(file("cct-1", part))).toBe(true);
      expect(file("other", part).equals(file("cct-1", part))).toBe(false);
    }
  }, 60_000);

  it("keep what was learnt when interrupted, and say so by the exit code", async () => {
    const words = ["train", "cct", "--data", "pictures", "--size", "32", "--epochs", "90000"];
    const child = spawn("node", [builtCommand, ...words, "--name", "stopped", "--json"], {
      cwd: folder,
    });
    const ended = outputOf(child);
    await grown(join(folder, "runs", "stopped", "metrics.jsonl"));
    child.kill("SIGINT");
    const { exit, out } = await ended;
    expect(exit).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ run: join("runs", "stopped"), stopped: true });
    const predicted = await run("predict", "stopped", "--data", "pictures/circle/0.png", "--quiet");
    expect(predicted).toMatchObject({ exit: 0, err: "" });
    expect(predicted.out).toMatch(/^picture +class +probability +then\n/);
  }, 60_000);
});

async function runBare(session: InferenceSession, names: readonly string[]): Promise<number[]> {
  const size = { height: SIZE, width: SIZE, channels: 3 };
  const bytes = SIZE * SIZE * 3;
  const pixels = new Uint8Array(names.length * bytes);
  for (const [place, name] of names.entries()) {
    pixels.set(await readImage(join(folder, "pictures", "square", name), size), place * bytes);
  }
  const { data, shape } = imageTensor(pixels, size);
  const { probabilities } = await session.run({ images: new Tensor("float32", data, shape) });
  return Array.from(probabilities?.data as Float32Array);
}

function outputOf(child: ChildProcess): Promise<Ended> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ exit: code ?? -1, out, err }));
  });
}

/** Waits until a file has a line. */
async function grown(path: string): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(path, "utf8").includes("\n")) return;
    } catch {
      // It has not been made yet.
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

/** Mistakes, what is said of them in full, and the command line that makes them. */
const mistakes: readonly (readonly [sentence: string, ...words: string[]])[] = [
  ["unknown command trian; did you mean train?", "trian"],
  ['unknown command xyz; see "quire --help".', "xyz"],
  ["unknown option --vers; did you mean --version?", "--vers"],
  ["unknown option --epoch for train; did you mean --epochs?", "train", "cct", "--epoch", "3"],
  ['unknown option --x for train; see "quire train --help".', "train", "cct", "--x"],
  ['train needs a PAPER, or --resume RUN; "quire list" shows all papers.', "train"],
  ['too many arguments for list: it takes none; see "quire list --help".', ...["list", "cct"]],
  ["option --data for train needs a value: --data FOLDER.", "train", "cct", "--data"],
  [
    "train needs --data FOLDER: a folder that holds one folder of pictures for each class.",
    ...["train", "cct"],
  ],
  ["unknown paper cctt; did you mean cct?", "train", "cctt", "--data", "pictures"],
  ['unknown paper zzz; "quire list" shows all papers.', "show", "zzz"],
  [
    'unknown preset zzz for cct; "quire show cct" lists them.',
    ...["train", "cct", "--data", "pictures", "--preset", "zzz"],
  ],
  ['unknown claim zzz of cct; "quire show cct" lists them.', "reproduce", "cct", "--claim", "zzz"],
  [
    '--epochs takes a whole number from 1 to 100000, got "0".',
    ...["train", "cct", "--data", "pictures", "--epochs", "0"],
  ],
  [
    'data folder "nowhere" does not exist: check the path.',
    ...["train", "cct", "--data", "nowhere"],
  ],
  [
    '"notes.txt" is a file, not a folder: pass the folder that holds one folder of images for each class.',
    ...["train", "cct", "--data", "notes.txt"],
  ],
  [
    'data folder "empty" is empty: put one folder of PNG or JPEG images into it for each class.',
    ...["train", "cct", "--data", "empty"],
  ],
  [
    `"${join("broken", "cross", "1.png")}" is not a whole PNG, JPEG or WebP image: replace it or delete it.`,
    ...["train", "cct", "--data", "broken"],
  ],
  [
    'split: class "a" has 1 image, and a split needs at least 2 of every class: add images or leave the class out.',
    ...["train", "cct", "--data", "few"],
  ],
  [
    'cannot write "notes.txt" (a part of the path is a file): choose another place with --out.',
    ...["train", "cct", "--data", "pictures", "--out", "notes.txt"],
  ],
  [
    `run "${join("runs", "cct-1")}" exists: choose another --name, or leave it out to get the next number.`,
    ...["train", "cct", "--data", "pictures", "--name", "cct-1"],
  ],
  ['run "cct-9" does not exist; did you mean cct-1?', "predict", "cct-9", "--data", "pictures"],
  [
    '"pictures" is no run: it has no config.json; give the folder that quire train made.',
    ...["export", "pictures"],
  ],
  ["predict needs --data IMAGE|FOLDER: a picture, or a folder of pictures.", "predict", "cct-1"],
  [
    '"nowhere" does not exist: give a picture or a folder of them.',
    ...["predict", "cct-1", "--data", "nowhere"],
  ],
  [
    'folder "empty" holds no PNG, JPEG or WebP picture: give another one.',
    ...["predict", "cct-1", "--data", "empty"],
  ],
  [
    '"notes.txt" is not a whole PNG, JPEG or WebP image: replace it or delete it.',
    ...["predict", "cct-1", "--data", "notes.txt"],
  ],
  [
    `cannot write "${join("nowhere", "model.onnx")}" (its folder does not exist): choose another place with --out.`,
    ...["export", "cct-1", "--out", join("nowhere", "model.onnx")],
  ],
];

describe("a mistake", () => {
  it.concurrent.each(mistakes)("is told in one sentence: %s", async (sentence, ...words) => {
    expect(await run(...words)).toEqual({ exit: 2, out: "", err: `${sentence}\n` });
  });

  it("is told as JSON too, where that was asked for", async () => {
    const message = "unknown paper cctt; did you mean cct?";
    const { exit, out, err } = await run("show", "cctt", "--json");
    expect({ exit, err }).toEqual({ exit: 2, err: `${message}\n` });
    expect(JSON.parse(out)).toEqual({ error: message, exit: 2 });
  });

  it("in the learning rate is found by the loss", async () => {
    const options = ["--data", "pictures", ...tiny, "--learning-rate", "1e30"];
    const { exit, err } = await run("train", "cct", ...options);
    expect(exit).toBe(2);
    expect(err).toMatch(
      /^The loss is (NaN|Infinity) at step \d+: .*[Tt]ake a lower learning rate, .*\.\n$/,
    );
  });

  it("in a file of weights is found when they are loaded", async () => {
    cpSync(join(folder, "runs", "cct-1"), join(folder, "runs", "cut"), { recursive: true });
    const path = join("runs", "cut", "model.safetensors");
    await truncate(join(folder, path), 1000);
    const { exit, err } = await run("export", "cut");
    expect(exit).toBe(2);
    expect(err.startsWith(`${path}: This is not a whole safetensors file: `)).toBe(true);
    expect(err.endsWith(". Restore the file, or train the run again.\n")).toBe(true);
    expect(err.split("\n").length).toBe(2);
  });
});

describe("help", () => {
  it("lists the commands, and each command its options", async () => {
    const { exit, out } = await run("--help");
    expect(exit).toBe(0);
    for (const name of ["list", "show", "reproduce", "train", "predict", "export"]) {
      expect(out).toContain(`\n  ${name} `);
      const help = await run(name, "--help");
      expect(help).toMatchObject({ exit: 0, err: "" });
      for (const flag of ["--seed", "--json", "--quiet", "--help", "Examples:"]) {
        expect(help.out).toContain(flag);
      }
    }
  });
});
