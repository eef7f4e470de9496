import { readFileSync } from "node:fs";
import { QuireError, Random } from "@quire/tensor";
import { expect, test } from "vitest";
import { largestFirst } from "./largest-first.ts";
import { drawing, type Sampling } from "./sampling.ts";

const chances = [0.05, 0.4, 0.02, 0.3, 0.03, 0.2];

/** How often each token is drawn. */
function shares(sampling: Sampling, text: readonly number[] = []): number[] {
  const draw = drawing(sampling, undefined);
  const random = new Random(5);
  const counts = chances.map(() => 0);
  const draws = 20_000;
  for (let i = 0; i < draws; i++) {
    const logits = Float32Array.from(chances, (chance) => Math.log(chance) + 3);
    const token = draw(logits, text, random);
    counts[token] = (counts[token] as number) + 1 / draws;
  }
  return counts;
}

/** Chances that add up to one. */
function normal(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}

const only = (...tokens: number[]) =>
  normal(chances.map((chance, token) => (tokens.includes(token) ? chance : 0)));

const cases: [name: string, Sampling, wanted: number[]][] = [
  ["as they are", {}, chances],
  ["sharper", { temperature: 0.5 }, normal(chances.map((chance) => chance ** 2))],
  ["flatter", { temperature: 2 }, normal(chances.map((chance) => chance ** 0.5))],
  ["the likeliest", { temperature: 0 }, only(1)],
  ["the two likeliest", { topK: 2 }, only(1, 3)],
  ["as many as there are", { topK: 100 }, chances],
  ["a share of 0.85", { topP: 0.85 }, only(1, 3, 5)],
  ["a share that the first has", { topP: 0.1 }, only(1)],
  ["a share of the three likeliest", { topK: 3, topP: 0.5 }, only(1, 3)],
  ["at least an eighth as likely", { minP: 0.125 }, only(0, 1, 3, 5)],
  ["a share, then at least so likely", { topP: 0.95, minP: 0.2 }, only(1, 3, 5)],
];

test.each(cases)("draws tokens %s", (_, sampling, wanted) => {
  shares(sampling).forEach((share, token) => {
    expect(Math.abs(share - (wanted[token] as number)), `token ${token}`).toBeLessThan(0.012);
    if (wanted[token] === 0) expect(share).toBe(0);
  });
});

interface StoredCase {
  readonly sampling: Sampling;
  readonly text: readonly number[];
  readonly logits: readonly number[];
  readonly allowed?: readonly number[];
  readonly chances: readonly number[];
}

const { cases: references } = JSON.parse(
  readFileSync(new URL("../../references/sampling.json", import.meta.url), "utf8"),
) as { readonly cases: readonly StoredCase[] };

/** Numbers evenly between 0 and 1 in place of random ones: shares are then chances to one in so many. */
class Even extends Random {
  static readonly count = 1000;
  #next = 0;

  override uniform(): number {
    return (this.#next++ + 0.5) / Even.count;
  }
}

test("each rule alone, and several together, leave the chances that other software computes", () => {
  const off: string[] = [];
  for (const { sampling, text, logits, allowed, chances: wanted } of references) {
    const draw = drawing(sampling, allowed && (() => allowed));
    const random = new Even(0);
    const counts = wanted.map(() => 0);
    for (let i = 0; i < Even.count; i++) {
      const token = draw(Float32Array.from(logits), text, random);
      counts[token] = (counts[token] as number) + 1;
    }
    counts.forEach((count, token) => {
      const chance = wanted[token] as number;
      const isNear = Math.abs(count / Even.count - chance) < 1.5 / Even.count;
      if (isNear && (chance > 0 || count === 0)) return;
      const share = `${count / Even.count}, not ${chance}`;
      off.push(`${JSON.stringify({ sampling, allowed })}: token ${token} ${share}`);
    });
  }
  expect(off).toEqual([]);
  expect(references.length).toBe(64);
});

test("a penalty makes tokens of the text less likely, once each", () => {
  const logits = chances.map((chance) => Math.log(chance) + 3);
  const penalized = logits.map((logit, token) => {
    if (token !== 1 && token !== 2) return logit;
    return logit > 0 ? logit / 1.5 : logit * 1.5;
  });
  expect(logits[2]).toBeLessThan(0);
  const wanted = normal(penalized.map(Math.exp));
  shares({ repetitionPenalty: 1.5 }, [1, 2, 1]).forEach((share, token) => {
    expect(Math.abs(share - (wanted[token] as number)), `token ${token}`).toBeLessThan(0.012);
  });
});

test("tokens come in the order of their logits, equal ones in their own", () => {
  const random = new Random(1);
  const logits = new Float32Array(500).map(() => Math.round(10 * random.uniform()));
  const tokens = Array.from(logits, (_, token) => token);
  const wanted = [...tokens].sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  expect([...largestFirst(logits, tokens)]).toEqual(wanted);
});

test("numbers outside of their range, and filters that allow nothing, are refused", () => {
  const refused = (sampling: Sampling, text: string) =>
    expect(() => drawing(sampling, undefined)).toThrow(new QuireError(text));
  refused({ temperature: -1 }, "generate: temperature must be a number from 0 up, got -1.");
  refused({ topK: 0 }, "generate: topK must be a whole number from 1 up, got 0.");
  refused({ topP: 0 }, "generate: topP must be above 0 and at most 1, got 0.");
  refused({ minP: 2 }, "generate: minP must be from 0 to 1, got 2.");
  refused({ repetitionPenalty: 0 }, "generate: repetitionPenalty must be above 0, got 0.");
  const filtered = (tokens: number[]) => () =>
    drawing(undefined, () => tokens)(new Float32Array(3), [7, 8], new Random(0));
  expect(filtered([])).toThrow(
    new QuireError(
      "generate: the filter allows no token after [7, 8]; allow one that ends the text.",
    ),
  );
  expect(filtered([1, 3])).toThrow(
    new QuireError("generate: the filter allows token 3, the vocabulary has 0 to 2."),
  );
});
