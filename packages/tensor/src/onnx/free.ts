import { GraphError } from "../errors.ts";
import { type Graph, sorted } from "../graph/graph.ts";
import type { AttributeValue, Node, Tensor } from "../graph/node.ts";
import { HostTensor } from "../host.ts";
import { typeText } from "../shape.ts";
import type { NamedSize } from "./values.ts";
import type { FreeSize, FreeTerm } from "./writer.ts";

/** A free size and the three values that it was traced at: two to find how sizes follow it, one to make sure. */
export interface FreeName {
  readonly name: string;
  readonly samples: readonly [number, number, number];
}

/** A graph and what the free sizes were when it was traced. */
export interface Sample {
  readonly graph: Graph;
  readonly values: readonly number[];
}

/** For every array of sizes in a graph, what it stands for. */
export type SizeTable = ReadonlyMap<readonly number[], readonly FreeSize[]>;

/** What free sizes are at each trace: every pairing of the first two samples, then the third of all. */
export function samplePoints(free: readonly FreeName[]): number[][] {
  const corners = Array.from({ length: 2 ** free.length }, (_, corner) =>
    free.map(({ samples }, i) => samples[(corner >> i) & 1] as number),
  );
  return free.length === 0 ? corners : [...corners, free.map(({ samples }) => samples[2])];
}

/**
 * Follows the same graph at several sizes, and finds for each array of sizes how it follows the free ones: as a
 * sum of products of them. Gives one table for each sample.
 *
 * @throws GraphError when the graphs differ otherwise, or a size follows the free ones in another way.
 */
export function freeSizes(free: readonly FreeName[], samples: readonly Sample[]): SizeTable[] {
  const fitter = new Fitter(free, samples);
  fitter.graphs(samples.map(({ graph }) => graph));
  return fitter.tables;
}

/** A size as declared types show it. */
export function sizeName(size: FreeSize): NamedSize {
  if (typeof size === "number") return size;
  const terms = size.terms.map(({ factor, names }) =>
    [...(factor === 1 && names.length > 0 ? [] : [factor]), ...names].join("*"),
  );
  const sum = terms.join(" + ");
  return size.divisor === 1 ? sum : `(${sum})/${size.divisor}`;
}

class Fitter {
  readonly tables: Map<readonly number[], readonly FreeSize[]>[];
  readonly #free: readonly FreeName[];
  readonly #samples: readonly Sample[];

  constructor(free: readonly FreeName[], samples: readonly Sample[]) {
    this.#free = free;
    this.#samples = samples;
    this.tables = samples.map(() => new Map());
  }

  graphs(graphs: readonly Graph[]): void {
    const orders = graphs.map(({ outputs }) => sorted(outputs));
    const positions = orders.map((order) => new Map(order.map((node, i) => [node, i] as const)));
    const [first] = orders as [Node[]];
    first.forEach((_, i) => {
      this.#nodes(
        orders.map((order) => order[i]),
        positions,
      );
    });
    const ends = graphs.map(({ outputs }, s) => wiring(outputs, positions[s]));
    this.#same(
      ends,
      orders.map((order) => order.length),
      "the results",
    );
    graphs[0]?.inputs.forEach((input, i) => {
      const shapes = graphs.map(({ inputs }) => (inputs[i] as Tensor).shape);
      this.#sizes(shapes, `input "${String(input.node.attributes["name"])}"`);
    });
  }

  #nodes(
    nodes: readonly (Node | undefined)[],
    positions: readonly ReadonlyMap<Node, number>[],
  ): void {
    const names = nodes.map((node) => (node ? whereabouts(node) : "nothing"));
    const wires = nodes.map((node, s) => wiring(node?.inputs ?? [], positions[s]));
    const forms = nodes.map((node) => Object.keys(node?.attributes ?? {}).join());
    this.#same(names, wires, names[0] as string, forms);
    const known = nodes as readonly Node[];
    const [first] = known as [Node];
    for (const name of Object.keys(first.attributes)) {
      const values = known.map((node) => node.attributes[name]);
      this.#attribute(values, `attribute "${name}" of ${names[0]}`);
    }
    first.outputs.forEach((_, i) => {
      const shapes = known.map((node) => (node.outputs[i] as Tensor).shape);
      this.#sizes(shapes, `the shape of ${names[0]}`);
    });
  }

  /** Refuses graphs that are made of other nodes. */
  #same(...described: readonly (readonly unknown[] | string)[]): void {
    const what = described.find((part) => typeof part === "string") as string;
    for (const part of described) {
      if (typeof part === "string") continue;
      const other = part.findIndex((value) => value !== part[0]);
      if (other < 0) continue;
      throw new GraphError(
        `exportOnnx: ${what} is computed another way at ${this.#at(other)} than at ${this.#at(0)}; ` +
          "use the same operations whatever the free sizes are.",
      );
    }
  }

  #attribute(values: readonly AttributeValue[], what: string): void {
    const [first] = values;
    if (isNumbers(first)) {
      this.#sizes(values as readonly (readonly number[])[], what);
    } else if (isGraph(first)) {
      this.graphs(values as readonly Graph[]);
    } else {
      const other = values.findIndex((value) => !isEqual(value, first));
      if (other >= 0) this.#refuse(what, values.map(valueText), other);
    }
  }

  #sizes(arrays: readonly (readonly number[])[], what: string): void {
    const [first] = arrays as [readonly number[]];
    const texts = arrays.map((array) => `[${array.join(",")}]`);
    const longer = arrays.findIndex(({ length }) => length !== first.length);
    if (longer >= 0) this.#refuse(what, texts, longer);
    const sizes = first.map((_, axis) => {
      const values = arrays.map((array) => array[axis] as number);
      const size = fitted(this.#free, values);
      const last = values.length - 1;
      if (sizeAt(size, this.#free, this.#samples[last]?.values ?? []) !== values[last]) {
        this.#refuse(what, texts, last);
      }
      return size;
    });
    if (sizes.every((size) => typeof size === "number")) return;
    arrays.forEach((array, s) => {
      this.tables[s]?.set(array, sizes);
    });
  }

  #refuse(what: string, texts: readonly string[], other: number): never {
    throw new GraphError(
      `exportOnnx: ${what} follows the free sizes in a way that a file cannot say: ` +
        `${texts[0]} at ${this.#at(0)}, ${texts[other]} at ${this.#at(other)}. ` +
        "Make it by operations on the inputs, or export with that size fixed.",
    );
  }

  #at(sample: number): string {
    const { values } = this.#samples[sample] as Sample;
    return this.#free.map(({ name }, i) => `${name} = ${values[i]}`).join(", ");
  }
}

/** Which nodes and outputs tensors come from, by the nodes' positions. */
function wiring(tensors: readonly Tensor[], positions?: ReadonlyMap<Node, number>): string {
  return tensors.map(({ node, index }) => `${positions?.get(node)}.${index}`).join();
}

/** An operation as messages name it: `matmul in blocks.0`. */
function whereabouts({ spec, path }: Node): string {
  return path === "" ? spec.name : `${spec.name} in ${path}`;
}

function isNumbers(value: AttributeValue): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function isGraph(value: AttributeValue): value is Graph {
  return typeof value === "object" && "outputs" in value && "inputs" in value;
}

function isEqual(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  if (a instanceof HostTensor && b instanceof HostTensor) {
    return typeText(a) === typeText(b) && a.data.every((value, i) => Object.is(value, b.data[i]));
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.join() === b.join();
  return Object.is(a, b);
}

function valueText(value: AttributeValue): string {
  if (!(value instanceof HostTensor)) return String(value);
  return value.data.length === 1 ? String(value.data[0]) : typeText(value);
}

/**
 * The multilinear polynomial through the values at the corners of the first two samples. All numbers stay whole:
 * slopes are kept multiplied by the distances of the samples, which make up the divisor.
 */
function fitted(free: readonly FreeName[], values: readonly number[]): FreeSize {
  const corners = values.slice(0, 2 ** free.length);
  let divisor = 1;
  free.forEach(({ samples: [low, high] }, i) => {
    corners.forEach((atLow, corner) => {
      if (corner & (1 << i)) return;
      const slope = (corners[corner | (1 << i)] as number) - atLow;
      corners[corner] = atLow * (high - low) - slope * low;
      corners[corner | (1 << i)] = slope;
    });
    divisor *= high - low;
  });
  // Samples may fall, which must not turn the signs of both around.
  const common = Math.sign(divisor) * corners.reduce(greatestCommonDivisor, divisor);
  const terms = corners.flatMap((factor, corner): FreeTerm[] => {
    const names = free.flatMap(({ name }, i) => (corner & (1 << i) ? [name] : []));
    return factor === 0 ? [] : [{ factor: factor / common, names }];
  });
  const isFree = terms.some(({ names }) => names.length > 0);
  return isFree ? { terms, divisor: divisor / common } : (values[0] as number);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}

function sizeAt(size: FreeSize, free: readonly FreeName[], values: readonly number[]): number {
  if (typeof size === "number") return size;
  const at = (name: string): number =>
    values[free.findIndex((other) => other.name === name)] as number;
  const total = size.terms.reduce(
    (sum, { factor, names }) => sum + names.reduce((product, name) => product * at(name), factor),
    0,
  );
  return total / size.divisor;
}
