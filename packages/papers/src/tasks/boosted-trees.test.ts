import { parseDelimited } from "@quire/data";
import { Random } from "@quire/tensor";
import { expect, test } from "vitest";
import { boostedTrees } from "./boosted-trees.ts";

/** Rows whose class and number a rule gives: a product that no straight line finds. */
function made(rows: number, seed: number) {
  const random = new Random(seed);
  const lines = Array.from({ length: rows }, () => {
    const [a, b] = [random.normal(), random.normal()];
    const colour = ["red", "green", ""][random.integer(3)] as string;
    const above = colour === "red" ? "warm" : "cold";
    const kind = a * b > 0 ? above : "none";
    return [a, random.uniform() < 0.1 ? "" : b, colour, kind, a * b].join(",");
  });
  const text = `a,b,colour,kind,product\n${lines.join("\n")}\n`;
  return parseDelimited(new TextEncoder().encode(text), "made.csv");
}

test("trees find what no straight line finds, in classes and numbers, with categories and missing values", async () => {
  const [train, held] = [made(900, 1), made(300, 2)];
  const classes = await boostedTrees({ train, test: held, target: "kind", predict: "class" });
  expect(classes.scores["accuracy"]).toBeGreaterThan(0.85);
  expect(classes.scores["auc"]).toBeGreaterThan(0.9);
  expect(classes.nodes).toBeGreaterThan(50);
  const [two, other] = [train, held].map((table) =>
    table.select(table.texts("kind").flatMap((kind, row) => (kind === "warm" ? [] : [row]))),
  ) as [typeof train, typeof held];
  const binary = await boostedTrees({ train: two, test: other, target: "kind", predict: "class" });
  expect(binary.scores["auc"]).toBeGreaterThan(0.85);
  const numbers = await boostedTrees({ train, test: held, target: "product", predict: "number" });
  expect(numbers.scores["r2"]).toBeGreaterThan(0.6);
});
