import { Linear, type Module, Transformer } from "@quire/nn";
import { QuireError } from "@quire/tensor";
import { expect, test } from "vitest";
import { mergeUpdates, whatLearns } from "./what-learns.ts";

function transformer(): Transformer {
  return new Transformer({ vocabulary: 10, width: 8, depth: 2, heads: 2, length: 4 });
}

function learning(model: Module): string[] {
  return model.namedParameters().map(([path]) => path);
}

test("paths of freeze hold all below them, and * any one part", () => {
  const model = transformer();
  const all = learning(model);
  whatLearns(model, { freeze: "blocks.*.attention, blocks.1" }, 0);
  const rest = all.filter((path) => !/^blocks\.(1\.|\d\.attention\.)/.test(path));
  expect(learning(model)).toEqual(rest);
  expect(rest.some((path) => path.startsWith("blocks.0."))).toBe(true);
});

test("a path that is none of the model's is refused", () => {
  const model = transformer();
  for (const freeze of ["block.0", "blocks.*.atention", "blocks.0*ttention"]) {
    expect(() => whatLearns(model, { freeze }, 0)).toThrow(QuireError);
  }
  expect(() => whatLearns(model, { freeze: "head.wait" }, 0)).toThrow(
    /^freeze: nothing matches head\.wait; there are \S+, \S+, \S+ and others\.$/,
  );
});

test("low-rank updates learn beside what is known; what is new learns in full", async () => {
  const model = transformer();
  const paths = learning(model);
  const isKnown = (path: string): boolean => !path.startsWith("blocks.1.");
  whatLearns(model, { lora: 2, isKnown }, 0);
  const linear = model
    .namedModules()
    .flatMap(([path, part]) => (part instanceof Linear ? path : []));
  const updated = linear.filter(isKnown);
  const expected = [
    ...paths.filter((path) => path.startsWith("blocks.1.")),
    ...updated.flatMap((path) => [`${path}.adapter.down`, `${path}.adapter.up`]),
  ];
  expect(updated.length).toBeGreaterThan(0);
  expect(learning(model).sort()).toEqual(expected.sort());
  await mergeUpdates(model, { lora: 2 });
  expect(learning(model)).toEqual(paths);
});
