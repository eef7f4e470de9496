import { expect, test } from "vitest";
import { parseDelimited } from "./delimited.ts";
import { delimitedText } from "./delimited-text.ts";

test("what is written is read again, with quotes where they are needed and nothing where nothing is", () => {
  const rows = [
    ['a "b", c', 0.1, true],
    ["two\nlines", Number.NaN, false],
    [undefined, -3, true],
  ];
  const text = delimitedText(["name, of it", "number", "flag"], rows);
  expect(text).toBe(
    '"name, of it",number,flag\n"a ""b"", c",0.1,true\n"two\nlines",,false\n,-3,true\n',
  );
  const table = parseDelimited(new TextEncoder().encode(text), "a.csv");
  expect(table.texts("name, of it")).toEqual(['a "b", c', "two\nlines", undefined]);
  expect([...table.numbers("number")]).toEqual([0.1, Number.NaN, -3]);
});
