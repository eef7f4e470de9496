import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { graphSearch } from "../node/graph-search.ts";
import { exactSearch, recallOf, rowsOf, type Vectors } from "./neighbours.ts";

/** Rows of length 1 around a few centres, as names that are alike have them. */
function drawn(rows: number, width: number, seed: number, centres = 40): Vectors {
  const random = new Random(seed);
  const around = new Random(99);
  const middle = Float32Array.from({ length: centres * width }, () => around.normal());
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const centre = Math.floor(random.uniform() * centres) * width;
    let square = 0;
    for (let i = 0; i < width; i++) {
      const value = (middle[centre + i] as number) + random.normal();
      values[row * width + i] = value;
      square += value * value;
    }
    for (let i = 0; i < width; i++) values[row * width + i]! /= Math.sqrt(square);
  }
  return { values, width };
}

function byHand(base: Vectors, queries: Vectors, k: number): number[] {
  const { width } = base;
  return Array.from({ length: rowsOf(queries) }, (_, query) => {
    const scores = Array.from({ length: rowsOf(base) }, (_, place) => {
      let score = 0;
      for (let i = 0; i < width; i++) {
        score += base.values[place * width + i]! * queries.values[query * width + i]!;
      }
      return { place, score };
    });
    return scores
      .sort((a, b) => b.score - a.score)
      .slice(0, k)
      .map(({ place }) => place);
  }).flat();
}

describe("exact search", () => {
  test("finds what comparing all by hand finds, in order", async () => {
    const [base, queries] = [drawn(300, 8, 1), drawn(20, 8, 2)];
    const { places, scores } = await exactSearch(base, queries, { k: 5 });
    expect([...places]).toEqual(byHand(base, queries, 5));
    expect([...scores]).toEqual(
      [...scores].map((score, i) => (i % 5 === 0 ? score : Math.min(score, scores[i - 1]!))),
    );
  });

  test("in compiled blocks it finds the same as row by row", async () => {
    const [base, queries] = [drawn(70_000, 4, 3, 4000), drawn(600, 4, 4, 4000)];
    const shares: number[] = [];
    const whole = await exactSearch(base, queries, {
      k: 3,
      onProgress: (share) => shares.push(share),
    });
    expect(shares.at(-1)).toBe(1);
    for (const query of [0, 511, 512, 599]) {
      const one = { values: queries.values.slice(query * 4, query * 4 + 4), width: 4 };
      const { scores } = await exactSearch(base, one, { k: 3 });
      const found = [...whole.scores.subarray(query * 3, query * 3 + 3)];
      expect(found.map((score) => score.toFixed(5))).toEqual([...scores].map((s) => s.toFixed(5)));
      expect(new Set(whole.places.subarray(query * 3, query * 3 + 3)).size).toBe(3);
    }
  });

  test("fewer rows than asked for leave -1, and none is found in nothing", async () => {
    const one = { values: Float32Array.of(1, 0), width: 2 };
    const { places, scores } = await exactSearch(one, one, { k: 2 });
    expect([...places, ...scores]).toEqual([0, -1, 1, Number.NEGATIVE_INFINITY]);
    const none = { values: new Float32Array(0), width: 2 };
    expect([...(await exactSearch(none, one, { k: 1 })).places]).toEqual([-1]);
  });

  test("vectors of two models and a k that is none are refused", async () => {
    const [two, three] = [drawn(3, 2, 1), drawn(3, 3, 1)];
    await expect(exactSearch(two, three, { k: 1 })).rejects.toThrow(
      /^search: vectors of 3 numbers cannot be looked for among vectors of 2; use one model for both\.$/,
    );
    await expect(exactSearch(two, two, { k: 0 })).rejects.toThrow(
      /^search: k must be a whole number from 1, got 0\.$/,
    );
  });
});

describe("search along a graph", () => {
  test("finds nearly all, measures which share, and gives cosines", async () => {
    const [base, queries] = [drawn(4000, 16, 5), drawn(300, 16, 6)];
    const recalls: number[] = [];
    const search = graphSearch({ onRecall: (recall) => recalls.push(recall) });
    const found = await search(base, queries, { k: 5 });
    const exact = await exactSearch(base, queries, { k: 5 });
    expect(recallOf(found, exact)).toBeGreaterThan(0.97);
    expect(recalls[0]).toBeCloseTo(recallOf(found, exact), 6);
    found.places.forEach((place, i) => {
      if (place === exact.places[i]) expect(found.scores[i]).toBeCloseTo(exact.scores[i]!, 4);
    });
  });

  test("fewer rows than asked for leave -1", async () => {
    const base = drawn(3, 4, 7);
    const { places } = await graphSearch()(base, base, { k: 5 });
    expect([...places.subarray(0, 5)].filter((place) => place >= 0).length).toBe(3);
    expect([...places.subarray(3, 5)]).toEqual([-1, -1]);
  });
});

test("recall is the share of the exact neighbours that were found", () => {
  const of = (...places: number[]) => ({
    k: 2,
    places: Int32Array.from(places),
    scores: new Float32Array(4),
  });
  expect(recallOf(of(1, 2, 3, 4), of(2, 9, 4, 3))).toBe(0.75);
});
