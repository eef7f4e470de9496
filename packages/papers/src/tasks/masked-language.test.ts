import { DataError, parseTokenizer, textCorpus } from "@quire/data";
import {
  type BlockInputs,
  Embedding,
  Encoder,
  inference,
  initialize,
  LearnedPositions,
  Linear,
  type Mode,
  Module,
} from "@quire/nn";
import { add, argmax, compile, type HostTensor, type Tensor } from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import { describe, expect, test } from "vitest";
import { answer } from "../answer.ts";
import { followPlan } from "../follow-plan.ts";
import { languageData } from "./language-data.ts";
import type { MaskedLanguageNetwork } from "./language-target.ts";
import { describeLanguageModel } from "./language-training.ts";
import { GAP, MaskedLanguageSystem } from "./masked-language-model.ts";
import { planMaskedTraining } from "./masked-training.ts";
import {
  GAPS,
  type MaskedBatch,
  type MaskedWindowOptions,
  marksOf,
  maskedBatchAt,
  maskedBatches,
} from "./masked-windows.ts";

const recipe = { epochs: 5, batchSize: 16, learningRate: 1e-2, warmUp: 0, weightDecay: 0 };
const TOKENS = 100;
const stream = { tokens: Int32Array.from({ length: 95 }, (_, i) => i), bytes: 95 };
const pair: MaskedWindowOptions = { context: 23, tokens: TOKENS, isPair: true, seed: 4 };

/** A small encoder that reads both ways, of stretches or of plain windows. */
class Reader extends Module implements MaskedLanguageNetwork {
  readonly objective = "masked";
  readonly readsPairs: boolean;
  readonly tokens: Embedding;
  readonly sentences: Embedding;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;
  readonly head: Linear;

  constructor(vocabulary: number, context: number, readsPairs = false) {
    super();
    const width = 32;
    this.readsPairs = readsPairs;
    this.tokens = new Embedding({ count: vocabulary, width });
    this.sentences = new Embedding({ count: 2, width });
    this.positions = new LearnedPositions({ length: context, width });
    this.encoder = new Encoder({ depth: 1, block: { width, attention: { heads: 2 } } });
    this.head = new Linear({ in: width, out: vocabulary });
  }

  forward(
    ids: Tensor,
    sentences: Tensor,
    mode: Mode = inference,
    inputs: BlockInputs = {},
  ): Tensor {
    const x = add(this.tokens.forward(ids), this.sentences.forward(sentences));
    return this.head.forward(this.encoder.forward(this.positions.forward(x), mode, inputs));
  }
}

function rowsOf({ ids, labels, gaps, sentences, order }: MaskedBatch) {
  const [count, length] = ids.shape as [number, number];
  const row = (tensor: HostTensor, i: number) =>
    tensor
      .toArray()
      .slice(i * length, (i + 1) * length)
      .map(Number);
  return Array.from({ length: count }, (_, i) => ({
    ...{ ids: row(ids, i), labels: row(labels, i), gaps: row(gaps, i) },
    ...{ sentences: row(sentences, i), order: order.toArray()[i] },
  }));
}

describe("windows with gaps", () => {
  test("two stretches that follow one another stand between marks, in half of the windows the wrong way round", () => {
    const places = Array.from({ length: 200 }, (_, i) => i % 75);
    const { first, end } = marksOf(TOKENS);
    let [wrong, at] = [0, 0];
    const long = { ...stream, tokens: Int32Array.from({ length: 500 }, (_, i) => i % TOKENS) };
    for (const row of rowsOf(
      maskedBatchAt(
        long.tokens,
        places.map((p, i) => p + i),
        pair,
      ),
    )) {
      const start = (places[at] as number) + at++;
      const middle = row.labels.indexOf(end);
      const [one, two] = [row.labels.slice(1, middle), row.labels.slice(middle + 1, -1)];
      expect([row.labels[0], row.labels.at(-1)]).toEqual([first, end]);
      expect(Math.min(one.length, two.length)).toBeGreaterThan(0);
      const text = row.order === 1 ? [...two, ...one] : [...one, ...two];
      expect(text).toEqual([...long.tokens.subarray(start, start + 20)]);
      expect(row.sentences).toEqual(row.labels.map((_, i) => Number(i > middle)));
      wrong += Number(row.order);
    }
    expect(Math.abs(wrong / 200 - 0.5)).toBeLessThan(0.12);
  });

  test("15 % are gaps; of these 80 % are hidden, 10 % show another token, and marks stay", () => {
    const { gap } = marksOf(TOKENS);
    const tokens = new Int32Array(18_000).fill(7);
    const places = Array.from({ length: 300 }, (_, i) => 60 * i);
    const plain = { context: 60, tokens: TOKENS, isPair: false, seed: 2 };
    const rows = rowsOf(maskedBatchAt(tokens, places, plain));
    let [hidden, other, same, changed] = [0, 0, 0, 0];
    expect(new Set(rows.map(({ gaps }) => gaps.filter(Boolean).length))).toEqual(
      new Set([Math.round(GAPS * 60)]),
    );
    expect(new Set(rows.flatMap(({ labels }) => labels))).toEqual(new Set([7]));
    for (const { ids, gaps } of rows) {
      ids.forEach((id, i) => {
        if (!gaps[i]) changed += Number(id !== 7);
        else if (id === gap) hidden++;
        else if (id === 7) same++;
        else other++;
      });
    }
    const all = hidden + other + same;
    expect(changed).toBe(0);
    expect(hidden / all).toBeCloseTo(0.8, 1);
    expect(other / all).toBeCloseTo(0.1, 1);
    const marked = rowsOf(maskedBatchAt(stream.tokens, [0, 9, 30], pair));
    for (const { labels, gaps } of marked) {
      expect(labels.filter((id, i) => id >= TOKENS && gaps[i])).toEqual([]);
      expect(gaps.filter(Boolean).length).toBe(3);
    }
  });

  test("an epoch covers the stream once, with gaps of its own, and goes on from any batch", () => {
    const options = { ...pair, batchSize: 2, epoch: 0, start: 0 };
    const batches = [...maskedBatches(stream, options)];
    expect(batches.length).toBe(2);
    const seen = batches
      .flatMap(rowsOf)
      .flatMap(({ labels }) => labels.filter((id) => id < TOKENS));
    expect(new Set(seen).size).toBe(80);
    expect([...maskedBatches(stream, { ...options, start: 1 })]).toEqual(batches.slice(1));
    expect([...maskedBatches(stream, options)]).toEqual(batches);
    const [next] = maskedBatches(stream, { ...options, epoch: 1 });
    expect(next?.gaps.toArray()).not.toEqual(batches[0]?.gaps.toArray());
  });
});

/** Long runs of letters: what stands around a gap says what stands in it. */
const text = Array.from({ length: 100 }, (_, i) => "abcdefgh".charAt((5 * i) % 8).repeat(60)).join(
  "",
);
const corpus = textCorpus([{ name: "a", text }], "a");
const data = languageData(corpus, {
  ...{ tokenizer: "character", vocabulary: 300, validation: 0.2, seed: 1 },
});

function systemFor(context: number, readsPairs = false) {
  const what = { paper: "test", options: {}, data, context, objective: "masked" } as const;
  const description = describeLanguageModel(what);
  const { vocabulary } = description.target;
  const model = new Reader(vocabulary, description.target.context, readsPairs);
  return new MaskedLanguageSystem(model, description, data.tokenizer);
}

describe("a model that fills gaps", () => {
  test("learns what stands in them, and says it of a user's text", async () => {
    const system = systemFor(12);
    expect(system.description.target).toEqual({
      ...{ vocabulary: data.tokenizer.size + 3, context: 12, objective: "masked" },
    });
    const plan = planMaskedTraining(system, { data, recipe, seed: 1 });
    expect(plan.metrics.map(({ name }) => name)).toEqual([
      "validationLoss",
      "perplexity",
      "gapAccuracy",
    ]);
    const before = await system.evaluate(data.validation);
    expect(before.gapAccuracy).toBeLessThan(0.4);
    const { points } = await followPlan(plan);
    expect(points.at(-1)?.values["gapAccuracy"]).toBeGreaterThan(0.9);
    const [[best, second] = []] = await system.fill(`ddd${GAP}dddd`);
    expect(best?.text).toBe("d");
    expect(best?.probability).toBeGreaterThan(second?.probability as number);
    const both = await system.fill(`d${GAP}ddd${GAP}d`, 3);
    expect(both.map(([first]) => first?.text)).toEqual(["d", "d"]);
    expect(both.map((fillings) => fillings.length)).toEqual([3, 3]);
    const bytes = new TextEncoder().encode(`dd${GAP}dd\n`);
    const [said] = await answer(system, { kind: "file", name: "a.txt", bytes });
    expect(said).toMatchObject({ title: "What it puts into the gaps" });
    expect((said as { text: string }).text).toMatch(/^gap 1: d \d+\.\d %, /);
    await expect(system.fill("ddd")).rejects.toThrow(
      "the text has no gap to fill: write [MASK] where one is.",
    );
    await expect(system.fill(`${"d".repeat(12)}${GAP}`)).rejects.toThrow(
      "the text has 13 tokens, and the model reads 12 at a time: give a shorter one.",
    );
    await system.release();
  }, 20_000);

  test("is measured on the same gaps every time, by their loss", async () => {
    const system = systemFor(20, true);
    initialize(system.model, 3);
    const found = await system.evaluate(data.validation);
    expect(await system.evaluate(data.validation)).toEqual(found);
    const content = 17;
    const count = Math.floor(data.validation.tokens.length / content);
    const places = Array.from({ length: count }, (_, i) => i * content);
    const batch = maskedBatchAt(data.validation.tokens, places, { ...system.windows, seed: 0 });
    const run = compile((ids: Tensor, sentences: Tensor, labels: Tensor) => {
      const logits = system.model.forward(ids, sentences);
      return [crossEntropy(logits, labels, { reduction: "none" }), argmax(logits)];
    });
    const [losses, guesses] = await run(batch.ids, batch.sentences, batch.labels);
    const gaps = batch.gaps.toArray().flatMap((gap, place) => (gap ? [place] : []));
    const of = (tensor: HostTensor | undefined) => gaps.map((place) => Number(tensor?.data[place]));
    const loss = of(losses).reduce((sum, one) => sum + one, 0) / gaps.length;
    const labels = of(batch.labels);
    const right = of(guesses).filter((guess, i) => guess === labels[i]).length;
    expect(found.gaps).toBe(gaps.length);
    expect(found.loss).toBeCloseTo(loss, 5);
    expect(found.perplexity).toBeCloseTo(Math.exp(loss), 4);
    expect(found.gapAccuracy).toBeCloseTo(right / gaps.length, 6);
    expect(found.orderAccuracy).toBeUndefined();
    const whole = found.windows.reduce((sum, one) => sum + one.loss, 0) / found.windows.length;
    expect(whole).toBeCloseTo(found.loss, 5);
    await system.release();
  });

  test("its tokenizer stands beside its weights, and a text too short is refused", () => {
    const again = parseTokenizer(systemFor(24).files["tokenizer.json"] as string);
    expect(again.size).toBe(data.tokenizer.size);
    const short = { tokens: Int32Array.from([1, 2, 3, 4]), bytes: 4 };
    const what = { paper: "test", options: {}, context: 20, objective: "masked" } as const;
    expect(() => describeLanguageModel({ ...what, data: { ...data, validation: short } })).toThrow(
      new DataError(
        "the text is too short: it has 4 tokens to learn from or to measure on; give more text.",
      ),
    );
  });
});
