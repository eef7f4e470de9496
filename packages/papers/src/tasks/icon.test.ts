import {
  type CaptionedIcon,
  DataError,
  ICON_MARKS,
  IconCoding,
  iconMarks,
  shapeIcons,
} from "@quire/data";
import { describe, expect, test } from "vitest";
import { build } from "../iconshop/model.ts";
import { batchOf, iconBatches } from "./icon-batches.ts";
import { captionCoding, knownWords } from "./icon-captions.ts";
import {
  cutOut,
  type IconDataOptions,
  iconExamples,
  iconLearningData,
  putBack,
} from "./icon-data.ts";
import { IconDrawer } from "./icon-system.ts";
import { describeIconModel, iconRecipeFor, trainIconDrawer } from "./icon-training.ts";

const given: IconDataOptions = {
  ...{ grid: 8, scheme: "point", length: 96, mostWords: 50 },
  ...{ longestCaption: 4, validation: 0.25, seed: 1 },
};
const icons = shapeIcons({ count: 40, seed: 1 });
const options = { width: 16, depth: 1, heads: 2, feedForward: 32, dropout: 0 };
const recipe = {
  ...{ epochs: 2, batchSize: 8, learningRate: 1e-2, warmUp: 0, weightDecay: 0 },
};

function drawerOf(data = iconLearningData(icons, given)) {
  const description = describeIconModel({ paper: "iconshop", options, data });
  return new IconDrawer(build(options, description.target), description);
}

describe("captions", () => {
  const coding = captionCoding([["b", "a"], ["a", "c", "a"], ["d"]], { most: 3, longest: 2 });

  test("the most frequent words are known, sorted after the one that fills up", () => {
    expect(coding).toEqual({ words: ["<pad>", "a", "b", "c"], captionLength: 2 });
  });

  test("words that are not known, and too many, are refused", () => {
    const many = { words: ["<pad>", "arrow", "star"], captionLength: 3 };
    expect(knownWords(many, "Star-Arrow")).toEqual(["star", "arrow"]);
    expect(() => knownWords(many, "arow")).toThrow(
      /^"arow" is no word of the captions that the model learnt; did you mean "arrow"\?$/,
    );
    expect(() => knownWords(many, "elephant")).toThrow(
      /^"elephant" is no word of the captions that the model learnt: it knows arrow, star\.$/,
    );
    expect(() => knownWords(coding, "a b c")).toThrow(
      /^a caption of 3 words is longer than the 2 that the model reads: shorten it\.$/,
    );
  });
});

describe("data", () => {
  test("part of the icons is kept apart, and icons that are too long are left out", () => {
    const data = iconLearningData(icons, { ...given, length: 40 });
    expect(data.train.length + data.validation.length + data.tooLong).toBe(40);
    expect(data.tooLong).toBeGreaterThan(0);
    expect(Math.max(...data.train.map(({ tokens }) => tokens.length))).toBeLessThanOrEqual(37);
    expect(data.validation.length).toBe(Math.round((40 - data.tooLong) / 4));
    const [first] = data.train;
    const made = icons.find(({ icon }) => icon.name === first?.name) as CaptionedIcon;
    expect(Array.from(first?.captions[0] ?? [], (word) => data.words[word])).toEqual(
      [...(made.captions[0] as string[]), "<pad>", "<pad>"].slice(0, data.captionLength),
    );
    expect(iconExamples([made], data)).toEqual([first]);
  });

  test("nothing that fits is refused", () => {
    expect(() => iconLearningData(icons, { ...given, length: 10 })).toThrow(
      new DataError(
        "40 of 40 icons have more than 7 tokens: give more icons, a longer --length or a coarser --grid.",
      ),
    );
    expect(() => iconLearningData(icons.slice(0, 1), given)).toThrow(
      new DataError("a single icon is too few to keep part of them apart: give more."),
    );
  });

  test("a span that was cut out comes back to its place", () => {
    const tokens = [3, 10, 10, 4, 11, 4, 12, 4, 10, 0];
    const { mask, endOfMask } = iconMarks;
    const cut = cutOut(tokens, [3, 5]);
    expect(cut).toEqual([3, 10, 10, mask, 4, 12, 4, 10, 0, mask, 4, 11, endOfMask]);
    expect(putBack(cut)).toEqual(tokens);
    for (let from = 0; from < tokens.length; from++) {
      expect(putBack(cutOut(tokens, [from, tokens.length]))).toEqual(tokens);
    }
    expect(putBack(tokens)).toEqual(tokens);
  });

  test("a batch holds the start, a caption and an icon, each token before the one that follows", () => {
    const shape = { ...given, captionLength: 2, words: ["<pad>", "a", "b"], length: 6 };
    const { ids, words, tokens } = batchOf([[Int32Array.of(2, 0), [3, 7, 8, 0]]], shape);
    const { size } = new IconCoding(shape);
    expect(ids.toArray()).toEqual([size + 3, size + 2, size, 3, 7, 8, 0, 0]);
    expect(words.toArray()).toEqual([2, 0]);
    expect(tokens.toArray()).toEqual([3, 7, 8, 0, -1, -1]);
  });

  test("an epoch shows each icon once, in an order of its own, and goes on from any batch", () => {
    const data = iconLearningData(icons, given);
    const whole = { cut: 0, shift: 0, size: 5, seed: 3, epoch: 0, start: 0 };
    const batches = [...iconBatches(data.train, data, whole)];
    expect(batches.length).toBe(6);
    const shown = batches.flatMap(({ tokens }) => {
      const [, length = 0] = tokens.shape;
      const all = tokens.toArray();
      return Array.from({ length: 5 }, (_, row) => {
        return all
          .slice(row * length, (row + 1) * length)
          .filter((token) => token >= 0)
          .join();
      });
    });
    expect(shown.sort()).toEqual(data.train.map(({ tokens }) => tokens.join()).sort());
    const varied = { ...whole, cut: 0.5, shift: 1 };
    const all = [...iconBatches(data.train, data, varied)];
    expect([...iconBatches(data.train, data, { ...varied, start: 4 })]).toEqual(all.slice(4));
    expect([...iconBatches(data.train, data, { ...varied, epoch: 1 })]).not.toEqual(all);
  });

  test("what is cut out are whole commands, and the token that ends an icon is none of them", () => {
    const data = iconLearningData(icons, given);
    const { mask, endOfMask, end } = iconMarks;
    const spans = new Set<number>();
    const every = { cut: 1, shift: 0, size: 5, seed: 3, epoch: 0, start: 0 };
    for (const { ids, words } of iconBatches(data.train, data, every)) {
      const [rows = 0, width = 0] = ids.shape;
      const first = 1 + (words.shape[1] as number);
      for (let row = 0; row < rows; row++) {
        const all = ids.toArray().slice(row * width + first, (row + 1) * width);
        const [from, again] = [all.indexOf(mask), all.lastIndexOf(mask)];
        // The last token of the longest row is only foretold.
        const close = all.indexOf(endOfMask, again);
        expect([iconMarks.move, iconMarks.line, iconMarks.curve]).toContain(all[again + 1]);
        expect(all[from + 1] as number).toBeLessThan(ICON_MARKS);
        expect(all[again - 1]).toBe(end);
        if (close >= 0) spans.add(close - again);
      }
    }
    expect(spans.size).toBeGreaterThan(4);
  });

  test("batches are of few lengths, and most of their places count", () => {
    const data = iconLearningData(shapeIcons({ count: 800, seed: 1 }), { ...given, grid: 32 });
    const plain = { cut: 0.5, shift: 0, size: 16, seed: 3, epoch: 0, start: 0 };
    const all = [...iconBatches(data.train, data, plain)].map(({ tokens }) => tokens);
    expect(new Set(all.map(({ shape }) => shape[1])).size).toBeLessThanOrEqual(8);
    const values = all.flatMap((tokens) => tokens.toArray());
    expect(values.filter((token) => token >= 0).length / values.length).toBeGreaterThan(0.7);
  });

  test("a recipe shows about a hundred thousand icons, in eight batches an epoch or more", () => {
    const of = (count: number) => iconRecipeFor({ ...recipe, epochs: 100, batchSize: 32 }, count);
    expect(of(20)).toMatchObject({ batchSize: 4, epochs: 100 });
    expect(of(7000)).toMatchObject({ batchSize: 32, epochs: 14 });
  });
});

describe("a drawer", () => {
  test("learns, draws the same for a seed, and well formed where that is asked for", async () => {
    const data = iconLearningData(icons, given);
    const system = drawerOf(data);
    await trainIconDrawer(system, { data, recipe, seed: 1 });
    const { tokenLoss, iconLoss, losses, counts } = await system.evaluate(data.validation);
    expect(tokenLoss).toBeLessThan(0.9 * Math.log(system.coding.size));
    expect(iconLoss).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / losses.length, 5);
    expect(counts).toEqual(data.validation.map(({ tokens }) => tokens.length));
    const captions = [
      ["small", "star"],
      ["large", "disc"],
    ];
    const first = await system.draw(captions, { seed: 4, sampling: { temperature: 1 } });
    expect(await system.draw(captions, { seed: 4, sampling: { temperature: 1 } })).toEqual(first);
    const others = await system.draw(captions, { seed: 5, sampling: { temperature: 1 } });
    expect(others).not.toEqual(first);
    const whole = await system.draw(captions, { sampling: { temperature: 1 }, wellFormed: true });
    expect(whole.map(({ problem }) => problem)).toEqual([undefined, undefined]);
    const lengths = data.train.map(({ tokens: { length } }) => length);
    const shortest = lengths.indexOf(Math.min(...lengths));
    const tokens = data.train[shortest]?.tokens ?? [];
    const begun = tokens.slice(0, 5);
    const [next] = await system.goOn([{ caption: ["star"], begun }], { wellFormed: true });
    expect(next?.tokens.slice(0, 5)).toEqual(begun);
    expect(next?.problem).toBe(undefined);
    const filled = await system.fill(
      [[], tokens.slice(0, -1)].map((before) => ({ caption: ["star"], before, after: tokens })),
      { wellFormed: true },
    );
    expect(filled.map(({ problem }) => problem)).toEqual([undefined, undefined]);
    expect(filled[0]?.tokens.slice(-tokens.length)).toEqual(tokens);
    const long = Array.from({ length: 96 }, () => 7);
    await expect(system.goOn([{ caption: ["star"], begun: long }])).rejects.toThrow(
      /^96 tokens leave nothing to draw of the 96 that the model reads: begin with less\.$/,
    );
    await system.release();
  });

  test("between two captions the ends are what they draw themselves", async () => {
    const data = iconLearningData(icons, given);
    const system = drawerOf(data);
    await trainIconDrawer(system, { data, recipe, seed: 1 });
    const ends = [
      ["small", "star"],
      ["large", "disc"],
    ] as const;
    const sampling = { temperature: 0 };
    const way = await system.between(ends, 3, { sampling });
    const [from, to] = await system.draw(ends, { sampling });
    expect([way[0], way[2]]).toEqual([from, to]);
    await expect(system.between(ends, 33)).rejects.toThrow(
      /^33 captions are more than the 32 that fit between two\.$/,
    );
    await system.release();
  });
});
