import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { captionedShapes } from "@quire/data";
import { readTokenizer } from "@quire/data/files";
import { encodeCaptions, RecordTokenizer, TextToImageSystem } from "@quire/papers";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRun } from "../run-folder.ts";
import { quire } from "../testing/quire.ts";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "quire-drawings-"));
const tiny = ["--width", "16", "--depth", "1", "--heads", "2", "--patch", "4"];
const fast = [...tiny, "--epochs", "2", "--prior-epochs", "1", "--validation", "0.2"];

beforeAll(async () => {
  const { pictures } = captionedShapes({ size: 8, count: 24, seed: 1 });
  const raw = { width: 8, height: 8, channels: 3 as const };
  mkdirSync(join(folder, "shapes"));
  const rows = ["file,caption"];
  for (let i = 0; i < pictures.size; i++) {
    const bytes = pictures.images.subarray(i * pictures.imageBytes, (i + 1) * pictures.imageBytes);
    const path = join(folder, "shapes", `${i}.png`);
    await sharp(bytes, { raw }).png().toFile(path);
    writeFileSync(path.replace(".png", ".txt"), pictures.captions[i] as string);
    rows.push(`shapes/${i}.png,${pictures.captions[i]}`);
  }
  writeFileSync(join(folder, "captions.csv"), rows.join("\n"));
  writeFileSync(join(folder, "wanted.txt"), "a small red circle on black\n\na large blue square\n");
  writeFileSync(join(folder, "blank.txt"), " \n");
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe("a system that draws on the command line", () => {
  test("is trained, draws, is measured and leaves a file that others run", async () => {
    const data = ["--data", "shapes", "--name", "first", "--json"];
    const trained = await quire("train", "pixart-alpha", ...data, ...fast);
    expect(trained.end).toBe("0");
    const summary = JSON.parse(trained.out) as {
      readonly epochs: number;
      readonly facts: Readonly<Record<string, string>>;
    };
    expect(summary.epochs).toBe(3);
    expect(summary.facts["before"]).toBe("1 of pictures alone (epochs)");
    const report = readFileSync(join("runs", "first", "report.html"), "utf8");
    expect(report).toContain("Drawn from captions it has not seen");

    const prompt = ["--prompt", "a red circle", "--steps", "3", "--seed", "1"];
    const drawn = await quire("sample", "first", ...prompt, "--count", "3", "--json");
    expect(drawn.end).toBe("0");
    const place = join("runs", "first", "drawings");
    expect(readdirSync(place).sort()).toEqual([
      ...["1-a-red-circle.png", "2-a-red-circle.png", "3-a-red-circle.png", "grid.png"],
    ]);
    const grid = await sharp(join(place, "grid.png")).metadata();
    expect([grid.width, grid.height]).toEqual([17, 17]);
    const again = await quire("sample", "first", ...prompt, "--count", "3", "--out", "again");
    expect(again.out).toMatch(
      /^Drew 3 pictures of 8 x 8 pixels in [\d.]+ s: again\/grid\.png\.\n$/,
    );
    expect(readFileSync(join("again", "grid.png"))).toEqual(readFileSync(join(place, "grid.png")));
    const ddpm = ["--sampler", "ddpm", "--cfg", "1", "--count", "1", "--out", "ddpm"];
    expect((await quire("sample", "first", ...prompt, ...ddpm)).end).toBe("0");
    expect(existsSync(join("ddpm", "1-a-red-circle.png"))).toBe(true);

    const listed = await quire("predict", "first", "--data", "wanted.txt", "--steps", "2");
    expect(listed.end).toBe("0");
    expect(readdirSync("drawings")).toContain("2-a-large-blue-square.png");
    const measured = await quire("evaluate", "first", "--data", "captions.csv", "--json");
    const [loss] = (JSON.parse(measured.out) as { metrics: { name: string; value: number }[] })
      .metrics;
    expect(loss?.name).toBe("loss");
    expect(loss?.value).toBeLessThan(1.3);
    await expectSameElsewhere(join("runs", "first"));
  }, 60_000);

  test("goes on at another size with the weights it has", async () => {
    const from = ["--from", "first", "--data", "captions.csv", "--size", "16", "--name", "larger"];
    const trained = await quire("train", "pixart-alpha", ...from, "--epochs", "1", "--json");
    expect(trained.end).toBe("0");
    const { epochs, facts } = JSON.parse(trained.out) as {
      readonly epochs: number;
      readonly facts: Readonly<Record<string, string>>;
    };
    expect(epochs).toBe(1);
    expect(facts["of"]).toBe("16 x 16 pixels, colour");
    expect(facts["before"]).toBeUndefined();
  }, 60_000);

  test("refuses what it cannot learn from or draw", async () => {
    const train = ["train", "pixart-alpha", "--data", "shapes"];
    expect((await quire(...train, "--size", "16", "--preset", "XL-2-256")).end).toBe(
      "2: the preset XL-2-256 takes states of a text encoder and latents of an autoencoder that are not part of it: train another one, such as small.",
    );
    expect((await quire(...train, "--patch", "3")).end).toBe(
      "2: pictures of 8 x 8 pixels do not divide into patches of 3: pass a --size that is a multiple of 3.",
    );
    expect((await quire("sample", "first", "--prompt", " ")).end).toBe(
      "2: --prompt needs a value: --prompt TEXT.",
    );
    expect((await quire("sample", "first", "--prompt", "x", "--steps", "1")).end).toBe(
      "2: sampling: a solver of order 2 takes a whole number of steps from 2 up, got 1.",
    );
    expect((await quire("predict", "first", "--data", "blank.txt")).end).toBe(
      '2: "blank.txt" holds no caption: write one on each line.',
    );
    expect((await quire("predict", "first", "--data", "gone.txt")).end).toBe(
      '2: "gone.txt" cannot be read (ENOENT): give a text file of captions, one a line.',
    );
  }, 60_000);
});

/** The file says of noised pictures what the run says. */
async function expectSameElsewhere(run: string): Promise<void> {
  const { system } = await openRun(run);
  if (!(system instanceof TextToImageSystem)) throw new Error("a system that draws");
  const { model, description } = system;
  const { length } = description.target;
  const tokenizer = new RecordTokenizer(await readTokenizer(join(run, "tokenizer.json")));
  const ids = encodeCaptions(tokenizer, ["a red circle", "a blue square"], length);
  const noised = Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => Math.sin(i));
  const times = Float32Array.of(20, 700);
  type Named<T> = Readonly<Record<string, T>>;
  const own = compile(
    (x: Tensor, t: Tensor, i: Tensor) => system.exported.run(x, t, i) as Named<Tensor>,
  );
  const wanted: Named<HostTensor> = await own(
    hostTensor(noised, [2, ...model.values], "float32"),
    hostTensor(times, [2], "float32"),
    hostTensor(ids, [2, length], "int32"),
  );
  const session = await InferenceSession.create(join(run, "model.onnx"));
  const found = await session.run({
    noised: new OrtTensor("float32", noised, [2, ...model.values]),
    times: new OrtTensor("float32", times, [2]),
    ids: new OrtTensor("int32", ids, [2, length]),
  });
  await session.release();
  await system.release();
  expect(Object.keys(found).sort()).toEqual(["free", "pictures", "said", "share"]);
  for (const [name, value] of Object.entries(found)) {
    const values = Array.from(value.data as Float32Array);
    const other = wanted[name]?.toArray() ?? [];
    expect(values.length, name).toBe(other.length);
    for (const [i, v] of values.entries()) expect(v, name).toBeCloseTo(other[i] as number, 4);
  }
}
