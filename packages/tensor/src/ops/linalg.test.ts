import { expect, test } from "vitest";
import type { Tensor } from "../graph/node.ts";
import { print } from "../graph/print.ts";
import { input } from "../graph/source.ts";
import { products } from "../testing/builders/linalg.ts";
import { checkReferences } from "../testing/references.ts";
import { einsum } from "./einsum.ts";
import { dot, matmul, outer } from "./linalg.ts";

checkReferences(products);

const ofShape = (...shape: number[]) => input("x", { shape, dtype: "float32" });

/** The operations that a product is made of. */
function operationsOf(tensor: Tensor): string[] {
  return [...print(tensor).matchAll(/= (\w+)/g)]
    .map((match) => match[1] as string)
    .filter((name) => name !== "input");
}

test.each([
  [
    "ij,kj->ki",
    [
      [2, 3],
      [4, 3],
    ],
    ["matmul"],
  ],
  [
    "bij,bkj->bik",
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
    ["matmul"],
  ],
  [
    "bji,bjk->bki",
    [
      [2, 4, 3],
      [2, 4, 5],
    ],
    ["matmul"],
  ],
  [
    "bijk,jkl->bil",
    [
      [2, 2, 3, 2],
      [3, 2, 4],
    ],
    ["reshape", "reshape", "matmul", "reshape"],
  ],
  [
    "bthk,bshk->bhts",
    [
      [2, 3, 2, 4],
      [2, 5, 2, 4],
    ],
    ["transpose", "transpose", "matmul"],
  ],
  [
    "ij,ij->ij",
    [
      [2, 3],
      [2, 3],
    ],
    ["mul"],
  ],
  ["ij->i", [[2, 3]], ["sum"]],
  ["ii->i", [[3, 3]], ["reshape", "slice"]],
])("%s takes no step too many", (equation, shapes, wanted) => {
  const operands = shapes.map((shape) => ofShape(...shape));
  expect(operationsOf(einsum(equation, ...operands))).toEqual(wanted);
});

test.each<[equation: string, shapes: number[][], rule: string]>([
  ["ij,jk->ik", [[2, 3]], '"ij,jk->ik" names 2 operands, got 1.'],
  ["ij->i->j", [[2, 3]], '"ij->i->j" has more than one arrow.'],
  ["i1->i", [[2, 3]], '"i1->i" holds "1"; it may hold letters, commas, one "->" and "...".'],
  [".ij", [[2, 3]], '".ij" holds "."; it may hold letters, commas, one "->" and "...".'],
  ["...i...", [[2, 3]], '"...i..." holds more than one "...".'],
  ["ijk->i", [[2, 3]], '"ijk" names 3 axes, its operand f32[2,3] has 2.'],
  ["...ijk->i", [[2, 3]], '"...ijk" names 3 axes, its operand f32[2,3] has 2.'],
  [
    "ij,jk->ik",
    [
      [2, 3],
      [4, 5],
    ],
    "sizes of j differ: 3 and 4 in f32[2,3], f32[4,5].",
  ],
  [
    "...i,...i->...",
    [
      [2, 5],
      [3, 5],
    ],
    "sizes of an axis of the ellipsis differ: 2 and 3 in f32[2,5], f32[3,5].",
  ],
  ["ij->ik", [[2, 3]], 'k of the output is an axis of no operand in "ij->ik".'],
  ["ij->ii", [[2, 3]], 'the output of "ij->ii" names i twice.'],
])("%s of %j is refused", (equation, shapes, rule) => {
  const operands = shapes.map((shape) => ofShape(...shape));
  expect(() => einsum(equation, ...operands)).toThrow(
    expect.objectContaining({ op: "einsum", rule }),
  );
});

test("products of the wrong shapes are refused", () => {
  expect(() => matmul(ofShape(4, 8), ofShape(6, 8))).toThrow(
    /^matmul: inner sizes differ: a f32\[4,8\] has 8, b f32\[6,8\] has 6\. Did you mean transpose\(b\)\? \(at linalg\.test\.ts:\d+\)$/,
  );
  expect(() => matmul(ofShape(2, 4, 8), ofShape(3, 8, 5))).toThrow(
    /^matmul: leading sizes do not broadcast: a f32\[2,4,8\], b f32\[3,8,5\]\. \(at linalg\.test\.ts:\d+\)$/,
  );
  expect(() => matmul(ofShape(2, 4), 3)).toThrow(
    /^matmul: takes no scalars; use mul\. \(at linalg\.test\.ts:\d+\)$/,
  );
  expect(() => outer(ofShape(2), ofShape(2, 1))).toThrow(
    /^outer: takes two vectors, got a f32\[2\], b f32\[2,1\]\. \(at linalg\.test\.ts:\d+\)$/,
  );
  expect(() => dot(ofShape(2), ofShape(3))).toThrow(
    /^dot: sizes differ: a f32\[2\], b f32\[3\]\. \(at linalg\.test\.ts:\d+\)$/,
  );
});
