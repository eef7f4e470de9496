import { describe, expect, it } from "vitest";
import { table, wrapped } from "./table.ts";

describe("table", () => {
  it("sets columns as wide as their widest cell, numbers at the right", () => {
    const text = table(
      [{ title: "system" }, { title: "parameters", align: "right" }, { title: "note" }],
      [
        ["CCT-2/3x2", "283,723", ""],
        ["ViT", "1", "short"],
      ],
    );
    expect(text).toBe(
      [
        "system     parameters  note",
        "---------  ----------  -----",
        "CCT-2/3x2     283,723",
        "ViT                 1  short",
      ].join("\n"),
    );
  });

  it("counts wide letters as two columns", () => {
    expect(table([{ title: "class" }, { title: "n" }], [["猫と犬と鳥", "1"]])).toBe(
      ["class       n", "----------  -", "猫と犬と鳥  1"].join("\n"),
    );
  });

  it("has only its titles where there are no rows", () => {
    expect(table([{ title: "paper" }], [])).toBe("paper\n-----");
  });
});

describe("wrapped", () => {
  it("breaks between words and indents every line", () => {
    expect(wrapped("one two  three\nfour", "- ", 9)).toBe("- one two\n- three\n- four");
    expect(wrapped("unbreakable", "", 4)).toBe("unbreakable");
  });
});
