import type { SettingTable } from "@quire/papers";
import { expect, test } from "vitest";
import { assigned, readAssignments } from "./overrides.ts";

const tree = {
  recipe: { epochs: 3, augment: { crop: 2 }, name: "paper" },
  model: { width: 48, kernels: [3, 3] },
};
const settings: SettingTable = {
  "recipe.epochs": { kind: "whole", summary: "Epochs", from: 1 },
  "recipe.clipNorm": { kind: "number", summary: "Norm", above: 0 },
  "model.bias": { kind: "switch", summary: "Whether there is a bias" },
};

function set(...lines: string[]) {
  return assigned(tree, readAssignments(lines.join("\n"), "--set"), settings);
}

test("values are set wherever they stand, and what is not there yet where a setting tells of it", () => {
  expect(
    set("recipe.augment.crop=4", "model.kernels=[5,1]", "recipe.name=other", "model.bias=true"),
  ).toEqual({
    recipe: { epochs: 3, augment: { crop: 4 }, name: "other" },
    model: { width: 48, kernels: [5, 1], bias: true },
  });
  expect(set("recipe.clipNorm=0.5").recipe).toEqual({ ...tree.recipe, clipNorm: 0.5 });
  expect(tree.recipe.augment.crop).toBe(2);
});

test.each([
  ["recipe.epoch=4", "--set: there is no recipe.epoch; did you mean recipe.epochs?"],
  ["nothing=4", "--set: there is no nothing; there are model, recipe."],
  [
    "model.tokenizer.kernel=4",
    "--set: there is no model.tokenizer; there are model.bias, model.kernels, model.width.",
  ],
  ["model.width=wide", '--set: model.width takes a value such as 48; got "wide".'],
  ["model.kernels=3", '--set: model.kernels takes a value such as [3,3]; got "3".'],
  ["recipe.epochs=0", 'recipe.epochs takes a whole number from 1, got "0".'],
  ["recipe.clipNorm=0", 'recipe.clipNorm takes a number above 0, got "0".'],
  ["model.bias=yes", 'model.bias takes true or false, got "yes".'],
  ["width", '--set takes PATH=VALUE, such as recipe.weightDecay=0.1; got "width".'],
])("%s is refused", (line, message) => {
  expect(() => set(line)).toThrow(message);
});
