import { GraphError } from "../errors.ts";
import type { TensorType } from "../shape.ts";
import type { Graph } from "./graph.ts";
import { Tensor } from "./node.ts";
import { input, variableInput } from "./source.ts";
import { type Trace, withTrace } from "./trace.ts";
import { leavesOf, mapTree, type Tree } from "./tree.ts";
import { Variable } from "./variable.ts";

/** What a trace left: a graph whose inputs are arguments then variables, and whose outputs are results then updates. */
export interface Recording {
  readonly graph: Graph;
  /** Names of the arguments' leaves, in the order of the graph's first inputs. */
  readonly argumentNames: readonly string[];
  /** Variables read, in the order of the graph's inputs after the arguments. */
  readonly reads: readonly Variable[];
  /** Names of the results' leaves, in the order of the graph's first outputs. */
  readonly resultNames: readonly string[];
  /** What the function returned. */
  readonly result: Tree<Tensor>;
  /** Variables assigned, in the order of the graph's outputs after the results. */
  readonly writes: readonly Variable[];
}

/** What a traced function may return. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only assigns variables returns nothing
export type Returned = Tree<Tensor> | undefined | void;

class Recorder implements Trace {
  readonly sources = new Map<Variable, Tensor>();
  readonly written = new Map<Variable, Tensor>();

  read(variable: Variable): Tensor {
    return this.written.get(variable) ?? this.#open(variable);
  }

  write(variable: Variable, value: Tensor): void {
    this.written.set(variable, value);
  }

  source(variable: Variable): Tensor | undefined {
    return this.sources.get(variable);
  }

  #open(variable: Variable): Tensor {
    const known = this.sources.get(variable);
    if (known) return known;
    const tensor = variableInput(variable);
    this.sources.set(variable, tensor);
    return tensor;
  }
}

function isType(value: unknown): value is TensorType {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
}

function isResult(value: unknown): value is Tensor | Variable {
  if (value instanceof Tensor || value instanceof Variable) return true;
  if (typeof value === "object" && value !== null && !("then" in value)) return false;
  throw new GraphError(
    `a traced function must return tensors, in arrays or records if you like; it returned ${kindOf(value)}.`,
  );
}

function kindOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return "a promise";
  return value === undefined || value === null ? String(value) : `a ${typeof value}`;
}

/** Leaves of arguments are called without the argument's position where that is clear: `images`, not `0.images`. */
function argumentNamesOf(paths: readonly (readonly string[])[]): string[] {
  const short = paths.map((path) => (path.length > 1 ? path.slice(1) : path).join("."));
  return new Set(short).size === short.length ? short : paths.map((path) => path.join("."));
}

/** How a leaf is called: the keys and positions of its path, `loss`, `0`, `batch.images`. */
function leafName(path: readonly string[], fallback: string): string {
  return path.length === 0 ? fallback : path.join(".");
}

/**
 * Runs a function once on recipes of the given types and keeps the graph it builds.
 *
 * @throws GraphError when it returns something else than tensors.
 */
export function record<A extends readonly Tree<Tensor>[]>(
  fn: (...args: A) => Returned,
  types: readonly Tree<TensorType>[],
): Recording {
  const recorder = new Recorder();
  const leaves = leavesOf<TensorType>(types, isType);
  const argumentNames = argumentNamesOf(leaves.map(({ path }) => path));
  const inputs = leaves.map(({ leaf }, i) => input(argumentNames[i] as string, leaf));
  const queue = [...inputs];
  const args = types.map((tree) => mapTree(tree, isType, () => queue.shift() as Tensor));
  return withTrace(recorder, () => {
    const returned = fn(...(args as unknown as A)) ?? {};
    const result = mapTree<Tensor | Variable, Tensor>(returned, isResult, (leaf) =>
      leaf instanceof Variable ? leaf.tensor : leaf,
    );
    const results = leavesOf(result, (value): value is Tensor => value instanceof Tensor);
    return {
      graph: {
        inputs: [...inputs, ...recorder.sources.values()],
        outputs: [...results.map(({ leaf }) => leaf), ...recorder.written.values()],
      },
      argumentNames,
      reads: [...recorder.sources.keys()],
      resultNames: results.map(({ path }) => leafName(path, "result")),
      result,
      writes: [...recorder.written.keys()],
    };
  });
}
