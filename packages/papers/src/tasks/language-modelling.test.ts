import { DataError, parseTokenizer, type TextCorpus, textCorpus } from "@quire/data";
import { countParameters, Llama } from "@quire/nn";
import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { crossEntropy, Generator } from "@quire/train";
import { describe, expect, test } from "vitest";
import { END_OF_TEXT, encoded, languageData, type TokenizerKind } from "./language-data.ts";
import { LanguageModelSystem } from "./language-model.ts";
import {
  describeLanguageModel,
  languageRecipeFor,
  planLanguageTraining,
  trainLanguageModel,
} from "./language-training.ts";
import { windowBatches } from "./language-windows.ts";

const lines = ["The cat sat on the mat.\n", "A dog ran to the house, öffne das Tor!\n", "\n"];
const corpus = textCorpus(
  Array.from({ length: 12 }, (_, i) => ({
    name: `${i}.txt`,
    text: `Text ${i}.\n${lines.join("")}${lines[i % 2]}`.repeat(4),
  })),
  "texts",
);

function dataOf(tokenizer: TokenizerKind, from: TextCorpus = corpus) {
  return languageData(from, { tokenizer, vocabulary: 300, validation: 0.25, seed: 1 });
}

const recipe = { epochs: 3, batchSize: 8, learningRate: 1e-2, warmUp: 0, weightDecay: 0 };

function systemFor(data: ReturnType<typeof dataOf>, context = 16) {
  const size = { width: 16, depth: 1, heads: 2, feedForward: 32 };
  const description = describeLanguageModel({ paper: "test", options: size, data, context });
  const model = new Llama({ ...size, vocabulary: description.target.vocabulary });
  return new LanguageModelSystem(model, description, data.tokenizer);
}

describe("texts as data", () => {
  test.each(["bpe", "byte", "character"] as const)("%s: texts come back whole", (kind) => {
    const { tokenizer, train } = dataOf(kind);
    const text = corpus.documents[0]?.text ?? "";
    expect(tokenizer.decode(encoded(tokenizer, [text]).tokens)).toBe(text);
    expect(train.tokens.length).toBeGreaterThan(100);
    expect(Math.max(...train.tokens)).toBeLessThan(tokenizer.size);
  });

  test("whole texts are kept apart, as the seed says; a single one is cut at its end", () => {
    const { tokenizer, train, validation } = dataOf("bpe");
    const end = tokenizer.idOf(END_OF_TEXT) as number;
    const count = (tokens: Int32Array): number => tokens.filter((id) => id === end).length;
    expect([count(train.tokens), count(validation.tokens)]).toEqual([9, 3]);
    const text = "one two three four five six seven eight nine ten";
    const single = dataOf("byte", textCorpus([{ name: "a", text }], "a"));
    const parts = [single.train, single.validation].map(({ tokens }) =>
      single.tokenizer.decode(tokens),
    );
    expect(parts).toEqual(["one two three four five six seven eight ", "nine ten"]);
    expect([single.train.bytes, single.validation.bytes]).toEqual([40, 8]);
  });

  test("a corpus too short to be cut is refused", () => {
    const short = textCorpus([{ name: "a", text: "word" }], "a");
    expect(() => dataOf("byte", short)).not.toThrow();
    expect(() => dataOf("byte", textCorpus([{ name: "a", text: "w" }], "a"))).toThrow(
      new DataError(
        "the text is too short to keep part of it apart: give more text, or another share for validation.",
      ),
    );
    expect(() => systemFor(dataOf("byte", short))).toThrow(
      new DataError(
        "the text is too short: it has 1 tokens to learn from or to measure on; give more text.",
      ),
    );
  });

  test("an epoch's windows cover the stream once, from a place of its own, and go on from any batch", () => {
    const stream = { tokens: Int32Array.from({ length: 45 }, (_, i) => i), bytes: 45 };
    const options = { batchSize: 2, context: 5, seed: 3, epoch: 0, start: 0 };
    const batches = [...windowBatches(stream, options)];
    expect(batches.length).toBe(4);
    for (const { ids, next } of batches) {
      expect(next.toArray()).toEqual(ids.toArray().map((id) => id + 1));
    }
    const starts = (epoch: number): number[] =>
      [...windowBatches(stream, { ...options, epoch })].flatMap(({ ids }) => [
        ids.toArray()[0] as number,
        ids.toArray()[5] as number,
      ]);
    expect(new Set(starts(0).map((at) => at % 5)).size).toBe(1);
    expect(new Set(starts(0)).size).toBe(8);
    expect(starts(1)).not.toEqual(starts(0));
    expect([...windowBatches(stream, { ...options, start: 2 })]).toEqual(batches.slice(2));
  });

  test("a recipe shows about ten million tokens, at most as often as the paper's", () => {
    const of = (length: number) => ({
      ...dataOf("byte"),
      train: { tokens: new Int32Array(length), bytes: length },
    });
    const epochs = (length: number): number =>
      languageRecipeFor({ ...recipe, epochs: 10 }, of(length)).epochs;
    expect([epochs(1000), epochs(2_000_000), epochs(50_000_000)]).toEqual([10, 5, 1]);
  });
});

describe("a language model", () => {
  test("learns, and measures what the loss of a whole pass is", async () => {
    const data = dataOf("bpe");
    const system = systemFor(data);
    const { points } = await trainLanguageModel(system, { data, recipe, seed: 1 });
    const losses = points.map(({ values }) => values["validationLoss"] as number);
    expect(losses[2]).toBeLessThan(0.8 * (losses[0] as number));
    const { tokens, bytes } = data.validation;
    const found = await system.evaluate(data.validation);
    let sum = 0;
    const run = compile((ids: Tensor, next: Tensor) =>
      crossEntropy(system.model.forward(ids), next, { reduction: "sum" }),
    );
    for (let at = 0; at < tokens.length - 1; at += 16) {
      const [ids, next] = [tokens.slice(at, at + 16), tokens.slice(at + 1, at + 17)];
      const kept = ids.slice(0, next.length);
      const shape = [1, next.length];
      sum += (await run(hostTensor(kept, shape, "int32"), hostTensor(next, shape, "int32"))).item();
    }
    expect(found.tokens).toBe(tokens.length - 1);
    expect(found.loss).toBeCloseTo(sum / (tokens.length - 1), 4);
    expect(found.perplexity).toBeCloseTo(Math.exp(found.loss), 4);
    expect(found.bitsPerByte).toBeCloseTo(sum / Math.LN2 / bytes, 4);
    await system.release();
  });

  test("writes the same text for a seed, and gives characters whole", async () => {
    const data = dataOf("byte");
    const system = systemFor(data);
    const plan = planLanguageTraining(system, { data, recipe, seed: 1 });
    for await (const _ of plan.training.run({ epochs: 1, batches: plan.batches })) break;
    const write = async (seed: number): Promise<string[]> => {
      const pieces: string[] = [];
      const options = { tokens: 20, sampling: { temperature: 1 }, seed };
      for await (const { text } of system.continue("ö", options)) pieces.push(text);
      return pieces;
    };
    const first = await write(1);
    expect(first.length).toBe(20);
    const generated = await new Generator(system.model).generate(
      [[...data.tokenizer.encode("ö")]],
      { tokens: 20, sampling: { temperature: 1 }, seed: 1 },
    );
    expect(first.join("")).toBe(data.tokenizer.decode(generated[0]?.tokens ?? []));
    expect(await write(1)).toEqual(first);
    expect(await write(2)).not.toEqual(first);
    await expect(system.continue("", { tokens: 1 }).next()).rejects.toThrow(
      /^there is nothing to go on from: give a prompt of at least one character\.$/,
    );
    await system.release();
  });

  test("its tokenizer stands beside its weights", () => {
    const data = dataOf("bpe");
    const system = systemFor(data);
    const again = parseTokenizer(system.files["tokenizer.json"] as string);
    const text = "The cat öffne";
    expect([...again.encode(text)]).toEqual([...data.tokenizer.encode(text)]);
    expect(again.idOf(END_OF_TEXT)).toBe(data.tokenizer.idOf(END_OF_TEXT));
    expect(countParameters(system.model)).toBeGreaterThan(0);
  });
});
