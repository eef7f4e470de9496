import type { DType } from "../dtype.ts";
import { GraphError, QuireError } from "../errors.ts";
import { type Graph, sorted } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { type Recording, record } from "../graph/record.ts";
import type { GraphTransform } from "../graph/transform.ts";
import type { Tree } from "../graph/tree.ts";
import { Quantizer } from "../quantize/quantizer.ts";
import type { Quantization } from "../quantize/scheme.ts";
import { optimize } from "../rewrite/index.ts";
import type { TensorType } from "../shape.ts";
import { modelOf } from "./emit.ts";
import {
  byteLengthOf,
  type ExternalData,
  externalWeights,
  inlineWeight,
  type NamedWeight,
} from "./external.ts";
import {
  type FreeName,
  freeSizes,
  type Sample,
  type SizeTable,
  samplePoints,
  sizeName,
} from "./free.ts";
import { encodeModel, type GraphProto, type TensorProto } from "./proto.ts";
import { type FreeSizes, GraphWriter } from "./writer.ts";

/** An input of an exported model; a name in the shape is a size that may be any. */
export interface ExportInput {
  readonly shape: readonly (number | string)[];
  /** float32 unless said. */
  readonly dtype?: DType;
}

/** What a model is exported with. */
export interface ExportOptions {
  /** The function's arguments in their order, by the names that the file gives them. */
  readonly inputs: Readonly<Record<string, ExportInput>>;
  /** Names of the results; those of the returned record unless said. */
  readonly outputs?: readonly string[];
  /** Notes that the file carries, by name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Three values for a free size that cannot be any number, such as a multiple of the patch size. */
  readonly samples?: Readonly<Record<string, readonly [number, number, number]>>;
  /** Whether weights stand in a file of their own, or that file's name; on its own from 2 GB on. */
  readonly externalData?: boolean | string;
  /** How weights are stored; in their own dtype unless said. */
  readonly quantization?: Quantization;
  /** What is changed of the function before it is simplified. */
  readonly transform?: GraphTransform;
}

/** An ONNX file, and the file of its weights if they do not stand in it. */
export interface ExportedModel {
  readonly model: Uint8Array;
  readonly externalData?: ExternalData;
}

/** What a protobuf file can hold, less room for everything but weights. */
const MOST_INLINE_BYTES = 2 ** 31 - 2 ** 27;

const MOST_FREE = 4;

type Message = Readonly<Record<string, unknown>>;

const primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59];

/**
 * Writes a function, with the variables it reads at their present values, as an ONNX file that any ONNX Runtime
 * loads. Sizes given by name stay free: the function is traced at several of them, and what differs is computed
 * from the shapes of the inputs.
 *
 * @throws GraphError when the function assigns variables, or uses a free size in a way that a file cannot say.
 */
export async function exportOnnx(
  fn: (...inputs: Tensor[]) => Tree<Tensor>,
  options: ExportOptions,
): Promise<ExportedModel> {
  const free = freeNames(options);
  const points = samplePoints(free);
  const recordings = await prepared(
    points.map((point) => traced(fn, options, free, point)),
    options,
  );
  const [recording] = recordings as [Recording];
  const outputs = outputNames(recording, options);
  const samples = recordings.map(
    ({ graph }, i): Sample => ({ graph, values: points[i] as number[] }),
  );
  const tables = freeSizes(free, samples);
  const weights = weightsOf(recording, [...Object.keys(options.inputs), ...outputs]);
  const names = [...Object.keys(options.inputs), ...weights.map(({ name }) => name)];
  const written = [samples[0], samples.at(-1)].map((sample) => {
    const { graph } = sample as Sample;
    const table = tables[samples.indexOf(sample as Sample)] as SizeTable;
    const writer = new GraphWriter(sizesFrom(table, options));
    return writer.write(graph, names, outputs, Object.keys(options.inputs).length);
  });
  refuseFixedSizes(written as [GraphProto, GraphProto], free);
  return await withWeights(
    written[0] as GraphProto,
    usedWeights(recording.graph, weights),
    options,
  );
}

/** The recordings changed and simplified, with their weights stored as asked, the same values in all of them. */
async function prepared(
  recordings: readonly Recording[],
  { quantization, transform }: ExportOptions,
): Promise<readonly Recording[]> {
  const quantizer = quantization && new Quantizer(quantization);
  const done: Recording[] = [];
  for (const recording of recordings) {
    const changed = transform ? await transform.apply(recording) : recording;
    const simplified = { ...changed, graph: optimize(changed.graph) };
    done.push(quantizer ? await quantizer.apply(simplified) : simplified);
  }
  return done;
}

/** The free sizes in the order they are met, each with values that no fixed size has. */
function freeNames({ inputs, samples }: ExportOptions): FreeName[] {
  const sizes = Object.values(inputs).flatMap(({ shape }) => shape);
  const names = [...new Set(sizes.filter((size) => typeof size === "string"))];
  if (names.length > MOST_FREE) {
    const list = names.join(", ");
    throw new GraphError(`exportOnnx: at most ${MOST_FREE} sizes may be free, got ${list}.`);
  }
  const fresh = primes.filter((prime) => !sizes.includes(prime));
  return names.map((name) => {
    const chosen = samples?.[name] ?? (fresh.splice(0, 3) as [number, number, number]);
    if (new Set(chosen).size !== 3 || !chosen.every((size) => Number.isInteger(size) && size > 1)) {
      const rule = "must be three different whole numbers above 1";
      throw new GraphError(`exportOnnx: samples of "${name}" ${rule}, got ${chosen.join(", ")}.`);
    }
    return { name, samples: chosen };
  });
}

/** The function's graph at one choice of the free sizes. */
function traced(
  fn: (...inputs: Tensor[]) => Tree<Tensor>,
  { inputs }: ExportOptions,
  free: readonly FreeName[],
  point: readonly number[],
): Recording {
  const sizeAt = (size: number | string): number =>
    typeof size === "number"
      ? size
      : (point[free.findIndex(({ name }) => name === size)] as number);
  const types = Object.values(inputs).map(
    ({ shape, dtype = "float32" }): TensorType => ({ shape: shape.map(sizeAt), dtype }),
  );
  const recording = attempt(() => record(fn, types), free, point);
  const [written] = recording.writes;
  if (written) {
    throw new GraphError(
      `exportOnnx: the function assigns variable "${written.name}"; export what predicts, not a training step.`,
    );
  }
  return recording;
}

function attempt<R>(trace: () => R, free: readonly FreeName[], point: readonly number[]): R {
  try {
    return trace();
  } catch (error) {
    if (!(error instanceof QuireError) || free.length === 0) throw error;
    const at = free.map(({ name }, i) => `${name} = ${point[i]}`).join(", ");
    const hint = "if only some sizes are possible, give three of them as samples";
    throw new GraphError(`exportOnnx: cannot trace with ${at}, ${hint}. ${error.message}`, {
      cause: error,
    });
  }
}

function outputNames({ resultNames }: Recording, { inputs, outputs }: ExportOptions): string[] {
  const names = outputs ?? resultNames;
  if (names.length !== resultNames.length) {
    const counts = `${resultNames.length} results, ${names.length} names were given for them`;
    throw new GraphError(`exportOnnx: the function gives ${counts}.`);
  }
  const all = [...Object.keys(inputs), ...names];
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new GraphError(`exportOnnx: "${twice}" names two inputs or outputs; give other outputs.`);
  }
  return [...names];
}

/** The variables a function reads, under names that nothing else has. */
function weightsOf({ reads }: Recording, taken: readonly string[]): NamedWeight[] {
  const known = new Set(taken);
  return reads.map((variable) => {
    const base = variable.name || "weight";
    let name = base;
    for (let i = 1; known.has(name); i++) name = `${base}_${i}`;
    known.add(name);
    return { name, variable };
  });
}

function usedWeights(graph: Graph, weights: readonly NamedWeight[]): NamedWeight[] {
  const used = new Set(sorted(graph.outputs));
  const inputs = graph.inputs.slice(graph.inputs.length - weights.length);
  return weights.filter((_, i) => used.has((inputs[i] as Tensor).node));
}

/** What the writer asks of free sizes, answered for one traced graph. */
function sizesFrom(table: SizeTable, { inputs }: ExportOptions): FreeSizes {
  return {
    ofAttribute: (values) => table.get(values),
    ofValue: ({ shape }) => (table.get(shape) ?? shape).map(sizeName),
    source: (name) => {
      const [input, { shape }] = Object.entries(inputs).find(([, { shape }]) =>
        shape.includes(name),
      ) as [string, ExportInput];
      return { input, axis: shape.indexOf(name) };
    },
  };
}

/** Two traces must give one file; what differs has a traced size written into it. */
function refuseFixedSizes(
  [first, last]: readonly [GraphProto, GraphProto],
  free: readonly FreeName[],
): void {
  if (isSame(first, last)) return;
  const differing = (["initializer", "node"] as const).flatMap((part) =>
    (first[part] ?? []).filter((item, i) => !isSame(item, last[part]?.[i])),
  );
  const culprit = differing[0]?.name ?? "";
  const user = first.node?.find(({ name, input }) => name === culprit || input?.includes(culprit));
  const what = (user?.name ?? "the graph").replace(/_\d+$/, "");
  const names = free.map(({ name }) => `"${name}"`).join(", ");
  throw new GraphError(
    `exportOnnx: ${what} cannot be written with a free size (${names}); export with that size fixed.`,
  );
}

/** Whether two messages say the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    if (a.buffer === b.buffer && a.byteOffset === b.byteOffset) return a.length === b.length;
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame((a as Message)[key], (b as Message)[key]));
}

async function withWeights(
  graph: GraphProto,
  weights: readonly NamedWeight[],
  { externalData, metadata }: ExportOptions,
): Promise<ExportedModel> {
  const total = weights.reduce((sum, { variable }) => sum + byteLengthOf(variable), 0);
  const isExternal = externalData ?? total > MOST_INLINE_BYTES;
  const encoded = (initializers: NonNullable<GraphProto["initializer"]>): Uint8Array => {
    const initializer = [...(graph.initializer ?? []), ...initializers];
    return encodeModel(modelOf({ ...graph, initializer }, metadata));
  };
  if (isExternal === false) {
    const initializers: TensorProto[] = [];
    for (const weight of weights) initializers.push(await inlineWeight(weight));
    return { model: encoded(initializers) };
  }
  const location = isExternal === true ? "model.onnx.data" : isExternal;
  const { initializers, data } = await externalWeights(weights, location);
  return { model: encoded([...initializers]), externalData: data };
}
