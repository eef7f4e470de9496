import { describe, expect, it } from "vitest";
import {
  choice,
  flag,
  flagOf,
  number,
  readValues,
  required,
  text,
  whole,
  wholes,
  withDefault,
} from "./option.ts";

const table = {
  data: required(text("FOLDER", "Where the pictures are")),
  batchSize: whole("Pictures a step", { from: 1, to: 64 }),
  learningRate: number("The rate", { above: 0 }),
  share: number("A share", { above: 0, to: 0.9 }),
  kind: withDefault(choice("What kind", ["paper", "none"]), "paper"),
  seeds: wholes("Seeds"),
  quick: flag("Whether to hurry"),
};

function read(given: Record<string, unknown>) {
  return readValues(table, { data: "pictures", ...given }, "train");
}

describe("readValues", () => {
  it("reads each option by its kind and fills in what was left out", () => {
    expect(read({})).toEqual({
      data: "pictures",
      batchSize: undefined,
      learningRate: undefined,
      share: undefined,
      kind: "paper",
      seeds: undefined,
      quick: false,
    });
    expect(
      read({
        ...{ batchSize: "8", learningRate: "3e-4", share: ".5", kind: "none" },
        ...{ seeds: "3,0,12", quick: true },
      }),
    ).toEqual({
      ...{ data: "pictures", batchSize: 8, learningRate: 3e-4, share: 0.5, kind: "none" },
      ...{ seeds: [3, 0, 12], quick: true },
    });
  });

  it.each([
    [{ batchSize: "0" }, '--batch-size takes a whole number from 1 to 64, got "0".'],
    [{ batchSize: "1e1" }, '--batch-size takes a whole number from 1 to 64, got "1e1".'],
    [{ learningRate: "0" }, '--learning-rate takes a number above 0, got "0".'],
    [{ learningRate: "Infinity" }, '--learning-rate takes a number above 0, got "Infinity".'],
    [{ learningRate: " " }, '--learning-rate takes a number above 0, got " ".'],
    [{ share: "0.95" }, '--share takes a number above 0 up to 0.9, got "0.95".'],
    [{ kind: "pape" }, '--kind does not know "pape"; did you mean paper?'],
    [{ kind: "x" }, '--kind does not know "x"; use paper or none.'],
    [
      { seeds: "1,1" },
      '--seeds takes different whole numbers with commas between them, such as 1,2,3; got "1,1".',
    ],
    [{ data: undefined }, "train needs --data FOLDER: where the pictures are."],
    [{ data: "" }, "--data needs a value: --data FOLDER."],
  ])("refuses %j", (given, sentence) => {
    expect(() => read(given)).toThrow(expect.objectContaining({ message: sentence }));
  });
});

describe("flagOf", () => {
  it("writes names in camel case with dashes", () => {
    expect(flagOf("batchSize")).toBe("--batch-size");
  });
});
