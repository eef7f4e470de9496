import { type CompileOptions, compile } from "./compile.ts";
import { sorted } from "./graph/graph.ts";
import { Tensor } from "./graph/node.ts";
import { leavesOf, type Tree } from "./graph/tree.ts";
import type { Variable } from "./graph/variable.ts";
import type { HostTensor } from "./host.ts";
import { concat } from "./ops/join.ts";
import { reshape } from "./ops/movement.ts";
import { max, min } from "./ops/reduce.ts";
import { weightProduct } from "./quantize/products.ts";
import type { Ranges } from "./quantize/scheme.ts";

/** What a function is called with, again and again. */
export type Examples = Iterable<readonly HostTensor[]> | AsyncIterable<readonly HostTensor[]>;

/**
 * Runs a function on examples and notes between which values the inputs of each weight stand, for
 * `int8({ ranges })`. An example is the list of the function's arguments.
 */
export async function calibrate(
  fn: (...args: Tensor[]) => Tree<Tensor>,
  examples: Examples,
  options: CompileOptions = {},
): Promise<Ranges> {
  let weights: readonly Variable[] = [];
  const watch = compile((...args: Tensor[]) => {
    const results = leavesOf(fn(...args), (value): value is Tensor => value instanceof Tensor);
    const nodes = sorted(results.map(({ leaf }) => leaf));
    const products = nodes.flatMap((node) => weightProduct(node) ?? []);
    weights = products.map(({ weight }) => weight);
    return concat(products.flatMap(({ x }) => [reshape(min(x), [1]), reshape(max(x), [1])]));
  }, options);
  const ranges = new Map<Variable, readonly [number, number]>();
  for await (const example of examples) {
    const ends = (await watch(...example)).toArray();
    weights.forEach((weight, i) => {
      const [low, high] = ends.slice(2 * i, 2 * i + 2) as [number, number];
      const [least, largest] = ranges.get(weight) ?? [low, high];
      ranges.set(weight, [Math.min(least, low), Math.max(largest, high)]);
    });
  }
  await watch.release();
  return ranges;
}
