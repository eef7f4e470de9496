import { isFloating } from "../../dtype.ts";
import { Variable } from "../../graph/variable.ts";
import { sizeOf } from "../../shape.ts";
import type { GraphProto, ModelProto, NodeProto, TensorProto } from "../proto.ts";
import { decodeTensor, type ExternalFiles } from "./decode-values.ts";
import { elementTypeOf } from "./element-types.ts";

/** Operands that are settings or tables, not weights, by operation: nothing is learnt of them. */
const settings: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  DequantizeLinear: [1, 2],
  DynamicQuantizeLSTM: [3, 4],
  MatMulNBits: [2, 3],
  OneHot: [1, 2],
  Pad: [1, 2],
  Pow: [1],
  QLinearConv: [1, 2, 4, 5, 6, 7],
  QLinearMatMul: [1, 2, 4, 5, 6, 7],
  QuantizeLinear: [1, 2],
  Range: [0, 1, 2],
  Resize: [1, 2, 3],
  RotaryEmbedding: [1, 2, 3],
  Upsample: [1],
};

/** Statistics that training by gradients leaves alone. */
const statistics: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] };

/** The graphs inside of a node. */
export function bodiesOf(node: NodeProto): GraphProto[] {
  return (node.attribute ?? []).flatMap(({ g }) => (g ? [g] : []));
}

/** A graph with all graphs inside of its nodes. */
export function graphsOf(graph: GraphProto): GraphProto[] {
  const inner = (graph.node ?? []).flatMap(bodiesOf);
  return [graph, ...inner.flatMap(graphsOf)];
}

/** Every graph of a model, those of its functions included. */
export function allGraphs({ graph = {}, functions = [] }: ModelProto): GraphProto[] {
  return [...graphsOf(graph), ...functions.flatMap(({ node = [] }) => graphsOf({ node }))];
}

/** The files beside a model that hold its weights, by the locations that it gives. */
export function locationsOf(model: ModelProto): string[] {
  const protos = allGraphs(model).flatMap(({ initializer = [], node = [] }) => [
    ...initializer,
    ...node.flatMap(({ attribute = [] }) => attribute.flatMap(({ t }) => t ?? [])),
  ]);
  const entries = protos.flatMap(({ externalData = [] }) => externalData);
  const locations = entries.filter(({ key }) => key === "location");
  return [...new Set(locations.map(({ value = "" }) => value))];
}

/** Which operands values are used as, by name: `Conv 1`. */
function usesOf(graphs: readonly GraphProto[]): Map<string, string[]> {
  const uses = new Map<string, string[]>();
  for (const node of graphs.flatMap(({ node = [] }) => node)) {
    node.input?.forEach((name, position) => {
      uses.set(name, [...(uses.get(name) ?? []), `${node.opType ?? ""} ${position}`]);
    });
  }
  return uses;
}

function isAmong(
  table: Readonly<Record<string, readonly number[]>>,
  uses: readonly string[],
): boolean {
  const places = Object.entries(table).flatMap(([type, positions]) =>
    positions.map((position) => `${type} ${position}`),
  );
  return uses.length > 0 && uses.every((use) => places.includes(use));
}

/** Floating-point constants of a graph under the names they are used by. */
function candidates({ initializer = [], node = [] }: GraphProto): [string, TensorProto][] {
  const named = initializer
    .filter(({ dims = [] }) => dims.length > 0)
    .map((proto): [string, TensorProto] => [proto.name ?? "", proto]);
  const inNodes = node.flatMap(({ opType, output, attribute = [] }): [string, TensorProto][] => {
    const proto = attribute.find(({ name }) => name === "value")?.t;
    const isTensor = opType === "Constant" && proto && sizeOf((proto.dims ?? []).map(Number)) > 1;
    return isTensor ? [[output?.[0] ?? "", proto]] : [];
  });
  return [...named, ...inNodes].filter(([, { dataType, dims = [] }]) => {
    const { dtype } = elementTypeOf(dataType);
    return dtype !== undefined && isFloating(dtype) && sizeOf(dims.map(Number)) > 0;
  });
}

/**
 * The weights of a model as variables: its floating-point initializers that have an axis, and the tensors in its
 * `Constant` nodes. Single numbers, scales and other settings stay constants.
 */
export function weightsOf(
  model: ModelProto,
  files: ExternalFiles,
): ReadonlyMap<TensorProto, Variable> {
  const graphs = allGraphs(model);
  const uses = usesOf(graphs);
  const taken = new Set<string>();
  const weights = new Map<TensorProto, Variable>();
  for (const [name, proto] of graphs.flatMap(candidates)) {
    const places = uses.get(name) ?? [];
    if (isAmong(settings, places)) continue;
    let unique = name;
    for (let i = 1; taken.has(unique); i++) unique = `${name}_${i}`;
    taken.add(unique);
    const initial = decodeTensor(proto, files);
    const trainable = !isAmong(statistics, places);
    const { shape, dtype } = initial;
    weights.set(proto, new Variable(shape, { name: unique, dtype, initial, trainable }));
  }
  return weights;
}
