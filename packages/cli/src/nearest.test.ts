import { describe, expect, it } from "vitest";
import { nearest, suggestion } from "./nearest.ts";

describe("nearest", () => {
  it.each([
    ["--epoch", "--epochs"],
    ["--vers", "--version"],
    ["CCT", "cct"],
    ["trian", "train"],
  ])("takes %s for %s", (word, meant) => {
    expect(nearest(word, ["--epochs", "--seed", "--version", "cct", "train", "t2t-vit"])).toBe(
      meant,
    );
  });

  it("does not guess when more than two letters in five differ", () => {
    expect(nearest("xyz", ["cct", "train"])).toBeUndefined();
    expect(nearest("cct", [])).toBeUndefined();
  });
});

describe("suggestion", () => {
  it("ends a sentence with the word that was meant, or with what to do", () => {
    expect(suggestion("smal", ["small", "large"], "look.")).toBe("; did you mean small?");
    expect(suggestion("huge", ["small", "large"], "look.")).toBe("; look.");
  });
});
