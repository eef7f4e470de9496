import { describe, expect, test } from "vitest";
import { parseTable } from "../tables/parse-table.ts";
import { parseConll } from "./conll.ts";
import { labelledSequences, sequenceData, taggedSequences } from "./labelled-sequences.ts";

const columns = { sequence: "words", labels: "tags" };

async function tableOf(...rows: readonly string[]) {
  const bytes = new TextEncoder().encode(["words,tags", ...rows].join("\n"));
  return await parseTable(bytes, "rows.csv", { kinds: { words: "category", tags: "category" } });
}

describe("labelled sequences", () => {
  test("each token has a label", async () => {
    const data = labelledSequences(await tableOf("3 1  2,c a b", "1,a"), columns);
    expect(data.kind).toBe("tagging");
    expect(data.sequences).toEqual([
      { tokens: ["3", "1", "2"], labels: ["c", "a", "b"] },
      { tokens: ["1"], labels: ["a"] },
    ]);
    expect(data.describe()).toBe("2 sequences of 4 tokens with a label each; labels: a, b, c");
  });

  test("one label a row is one of the sequence, unless it is said that tokens are tagged", async () => {
    const table = await tableOf("good and cheap,+", "bad,-");
    const data = labelledSequences(table, columns);
    expect(data.kind).toBe("classification");
    expect(data.describe()).toBe("2 sequences of 4 tokens with a label a sequence; labels: +, -");
    expect(() => labelledSequences(table, { ...columns, kind: "tagging" })).toThrow(
      /^rows\.csv, line 2, column "tags": it holds 1 label for 3 tokens: give each token one, with spaces between them\.$/,
    );
  });

  test("rows whose labels do not fit, and data without a difference, are refused", async () => {
    const wrong = await tableOf("a b,x y", "a b,x");
    expect(() => labelledSequences(wrong, columns)).toThrow(
      /^rows\.csv, line 3, column "tags": it holds 1 label for 2 tokens: give each token one, with spaces between them\.$/,
    );
    expect(() => labelledSequences(wrong, { ...columns, kind: "classification" })).toThrow(
      /^rows\.csv, line 2, column "tags": it holds 2 labels: give each sequence one, or tag each token in every row\.$/,
    );
    const same = await tableOf("a b,x x", "a,x");
    expect(() => labelledSequences(same, columns)).toThrow(
      /^all labels are "x": there is nothing to tell apart; give sequences with different labels\.$/,
    );
    expect(() => sequenceData([], "tagging")).toThrow(/^all labels are "": there is nothing/);
  });

  test("CoNLL becomes tagged sequences", () => {
    const bytes = new TextEncoder().encode("Rome B-LOC\nfell O\n\nYes O\n");
    expect(taggedSequences(parseConll(bytes, "tags.conll")).sequences).toEqual([
      { tokens: ["Rome", "fell"], labels: ["B-LOC", "O"] },
      { tokens: ["Yes"], labels: ["O"] },
    ]);
  });
});
