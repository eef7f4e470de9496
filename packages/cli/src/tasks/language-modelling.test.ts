import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTokenizer } from "@quire/data/files";
import { Random } from "@quire/tensor";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, runBuilt } from "../testing/built.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const small = ["--preset", "tiny", "--width", "32", "--vocabulary", "300", "--context", "32"];
const fast = [...small, "--epochs", "4", "--learning-rate", "0.01", "--quiet"];

let folder = "";

/** Runs the built command in the test's folder. */
const run = (...words: readonly string[]): Promise<Ended> => runBuilt(folder, words);

/** Sentences of a few words. */
function text(sentences: number, seed: number): string {
  const random = new Random(seed);
  const names = ["the cat", "a dog", "Zoë", "the king"];
  const one = (): string => names[random.integer(4)] as string;
  return Array.from({ length: sentences }, () => `${one()} sees ${one()}.\n`).join("");
}

beforeAll(() => {
  spawnSync("node", [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), "quire-texts-"));
  mkdirSync(join(folder, "texts"));
  for (let i = 0; i < 6; i++) writeFileSync(join(folder, "texts", `${i}.txt`), text(100, i));
  writeFileSync(join(folder, "new.txt"), text(30, 9));
  mkdirSync(join(folder, "mixed"));
  writeFileSync(join(folder, "mixed", "gaps.txt"), "the cat [MASK] a dog, [MASK] king\n");
  writeFileSync(join(folder, "mixed", "new.txt"), text(30, 9));
  writeFileSync(join(folder, "empty.txt"), " \n");
  writeFileSync(join(folder, "letter.txt"), "w");
  mkdirSync(join(folder, "nothing"));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("a language model on the command line", () => {
  it("is trained on a folder of texts, measured, and writes on", async () => {
    const trained = await run("train", "lightning-attention", "--data", "texts", ...fast, "--json");
    expect(trained).toMatchObject({ exit: 0, err: "" });
    const name = join("runs", "lightning-attention-1");
    const summary = JSON.parse(trained.out);
    expect(summary.run).toBe(name);
    expect(Object.keys(summary.metrics)).toEqual([
      "trainingLoss",
      "validationLoss",
      "perplexity",
      "bitsPerByte",
    ]);
    expect(readdirSync(join(folder, name))).toContain("tokenizer.json");
    expect(readFileSync(join(folder, name, "report.html"), "utf8")).toContain(
      "How it goes on from beginnings it has not seen",
    );

    const measured = await run("evaluate", name, "--data", "new.txt", "--json");
    const [loss, perplexity] = JSON.parse(measured.out).metrics;
    expect(loss.value).toBeLessThan(2.5);
    expect(perplexity.value).toBeCloseTo(Math.exp(loss.value), 5);
    expect(loss.interval[0]).toBeLessThan(loss.value);
    const said = await run("predict", name, "--data", "new.txt");
    expect(said.out).toMatch(/text +tokens +perplexity +bits per byte\n[ -]+\nnew\.txt +\d/);

    const words = ["generate", name, "--prompt", "Zoë sees", "--tokens", "12", "--quiet"];
    const [written, again, other] = [
      await run(...words),
      await run(...words, "--json"),
      await run(...words, "--seed", "1", "--temperature", "2"),
    ];
    expect(written).toMatchObject({ exit: 0, err: "" });
    const { text: continued, tokens, reason } = JSON.parse(again.out);
    expect(written.out).toBe(`Zoë sees${continued}\n`);
    expect([tokens, reason]).toEqual([12, "length"]);
    expect(other.out).not.toBe(written.out);
    await expectSameElsewhere(join(folder, name));
  }, 60_000);

  it("fills gaps, where it is trained to", async () => {
    const tiny = ["--width", "32", "--depth", "1", "--heads", "2", "--vocabulary", "300"];
    const how = ["--preset", "bert-small", ...tiny, "--context", "24", "--epochs", "2"];
    const given = ["--data", "texts", ...how, "--name", "filler", "--quiet", "--json"];
    const trained = await run("train", "megatron-lm", ...given);
    expect(trained).toMatchObject({ exit: 0, err: "" });
    const name = join("runs", "filler");
    const summary = JSON.parse(trained.out);
    expect(Object.keys(summary.metrics)).toEqual([
      ...["trainingLoss", "validationLoss", "perplexity", "gapAccuracy", "orderAccuracy"],
    ]);
    expect(readFileSync(join(folder, name, "report.html"), "utf8")).toContain(
      "What it puts into gaps of texts it has not seen",
    );

    const measured = JSON.parse((await run("evaluate", name, "--data", "new.txt", "--json")).out);
    expect(measured.metrics.map((one: { name: string }) => one.name)).toEqual([
      ...["loss", "perplexity", "gapAccuracy", "orderAccuracy"],
    ]);
    const said = await run("predict", name, "--data", "mixed");
    expect(said.out).toMatch(
      /^text +gap +fillings, the likeliest first\n[ -]+\ngaps\.txt +1 +"[^%]+%(, "[^%]+%){4}\ngaps\.txt +2 /,
    );
    expect(said.out).toMatch(/\ntext +gaps +perplexity +filled rightly\n[ -]+\nnew\.txt +\d/);
    expect(await run("generate", name)).toEqual({
      ...{ exit: 2, out: "" },
      err: `run "${name}" fills gaps and writes no text on: write [MASK] into a text, and use quire predict.\n`,
    });
    const session = await InferenceSession.create(join(folder, name, "model.onnx"));
    const text = new Tensor("int32", new Int32Array(14), [2, 7]);
    const { logits } = await session.run({ ids: text, sentences: text });
    await session.release();
    expect(logits?.dims.slice(0, 2)).toEqual([2, 7]);
  }, 60_000);

  it("refuses what it cannot learn from or go on with", async () => {
    const train = ["train", "lightning-attention", "--quiet", "--data"];
    expect(await run(...train, "empty.txt")).toEqual({
      ...{ exit: 2, out: "" },
      err: "empty.txt is empty: give it text to learn from.\n",
    });
    expect((await run(...train, "letter.txt")).err).toBe(
      "the text is too short to keep part of it apart: give more text, or another share for validation.\n",
    );
    expect((await run(...train, "nothing")).err).toBe(
      'folder "nothing" holds no text file (.txt or .md): add some.\n',
    );
    expect((await run(...train, "texts", "--heads", "5")).err).toBe(
      "the width 128 does not divide into 5 heads; change one of them.\n",
    );
    expect((await run(...train, "texts", "--tokenizer", "words")).err).toMatch(
      /^--tokenizer .*bpe.*character/,
    );
    expect((await run(...train, "texts", "--objective", "masked")).err).toBe(
      "--objective masked: lightning-attention reads from left to right and fills no gaps; take a BERT, such as megatron-lm --preset bert-small.\n",
    );
    expect((await run("generate", "nowhere")).err).toMatch(/^run "nowhere" does not exist/);
  }, 60_000);
});

/** The file gives, for a text of any length, what the run foretells: the loss of both is the same. */
async function expectSameElsewhere(run: string): Promise<void> {
  const tokenizer = await readTokenizer(join(run, "tokenizer.json"));
  const ids = tokenizer.encode("the cat sees Zoë.\n", { special: false });
  const session = await InferenceSession.create(join(run, "model.onnx"));
  const feed = { ids: new Tensor("int32", ids, [1, ids.length]) };
  const logits = (await session.run(feed))["logits"];
  await session.release();
  expect(logits?.dims).toEqual([1, ids.length, tokenizer.size]);
}
