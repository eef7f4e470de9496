import { expect, test } from "vitest";
import { Lattice } from "./lattice.ts";
import { codesOf, PieceTrie } from "./piece-trie.ts";

const pieces = ["a", "b", "ab", "ba", "bab", "🙂", "a🙂"];
const scores = Float64Array.from([0.3, 0.2, 0.15, 0.1, 0.05, 0.12, 0.08], Math.log);

/** Every way to cut a word into pieces, by trying all of them. */
function cuts(word: string): number[][] {
  if (word === "") return [[]];
  return pieces.flatMap((piece, id) =>
    word.startsWith(piece) ? cuts(word.slice(piece.length)).map((rest) => [id, ...rest]) : [],
  );
}

const scoreOf = (cut: readonly number[]) =>
  cut.reduce((sum, id) => sum + (scores[id] as number), 0);

test.each(["a", "bab", "ababab", "baba🙂b"])("expects of %s what all its cuts sum to", (word) => {
  const lattice = new Lattice();
  lattice.fill(codesOf(word), new PieceTrie(pieces));
  const all = cuts(word);
  const total = all.reduce((sum, cut) => sum + Math.exp(scoreOf(cut)), 0);
  const wanted = pieces.map((_, id) =>
    all.reduce((sum, cut) => {
      const uses = cut.filter((each) => each === id).length;
      return sum + (3 * uses * Math.exp(scoreOf(cut))) / total;
    }, 0),
  );
  const expected = new Float64Array(pieces.length);
  expect(lattice.expect(scores, expected, 3)).toBeCloseTo(Math.log(total), 12);
  expected.forEach((value, id) => {
    expect(value).toBeCloseTo(wanted[id] as number, 12);
  });
  const best = all.reduce((one, two) => (scoreOf(two) > scoreOf(one) ? two : one));
  expect(lattice.best(scores)).toEqual(best);
  const others = all.filter((cut) => !cut.includes(best[0] as number));
  const second = others.sort((one, two) => scoreOf(two) - scoreOf(one))[0];
  expect(lattice.best(scores, best[0])).toEqual(second);
});

test("a word with an unknown character has no cut", () => {
  const lattice = new Lattice();
  lattice.fill(codesOf("axb"), new PieceTrie(pieces));
  expect(lattice.best(scores)).toBeUndefined();
  expect(lattice.expect(scores, new Float64Array(pieces.length), 1)).toBe(Number.NEGATIVE_INFINITY);
});
