import { expect, test } from "vitest";
import { wordClass } from "./word-class.ts";

test.each([
  ["at", "determiner"],
  ["np-tl", "noun"],
  ["np$", "noun"],
  ["vbd", "verb"],
  ["md*", "verb"],
  ["ppss+bem", "pronoun"],
  ["wps", "pronoun"],
  ["wdt", "determiner"],
  ["wrb", "adverb"],
  ["ql", "adverb"],
  ["to", "particle"],
  ["*", "particle"],
  ["rp", "particle"],
  ["rb", "adverb"],
  ["in-tl", "adposition"],
  ["cs", "adposition"],
  ["cc", "conjunction"],
  ["cd", "number"],
  ["od", "adjective"],
  ["jjt", "adjective"],
  ["fw-nn", "other"],
  ["uh", "other"],
  [".", "punctuation"],
  ["``", "punctuation"],
] as const)("%s is of the class %s", (tag, wanted) => {
  expect(wordClass(tag)).toBe(wanted);
});
