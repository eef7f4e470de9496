import type { AttributeProto, GraphProto, NodeProto, TensorProto } from "../onnx/proto.ts";
import { decodeModel } from "../onnx/proto.ts";

/** A kernel of ONNX Runtime's WebGPU provider that is missing in part, or wrong. */
interface Gap {
  readonly type: string;
  /** What is wrong with it, as the table of conformance says it. */
  readonly why: string;
  /** Whether a node is one of those. */
  readonly isIn: (node: NodeProto, constants: ReadonlyMap<string, TensorProto>) => boolean;
}

/** What the conformance suite found; each node of these kinds runs on the processor, at the cost of copies. */
export const gpuGaps: readonly Gap[] = [
  {
    type: "MaxPool",
    why: "gives no places of the largest values, which its gradient needs",
    isIn: ({ output }) => (output?.length ?? 0) > 1,
  },
  {
    type: "SimplifiedLayerNormalization",
    why: "leaves the inverse deviation unwritten, which its gradient needs",
    isIn: ({ output }) => (output?.length ?? 0) > 1,
  },
  {
    type: "ConvTranspose",
    why: "lacks three spatial axes, and is wrong in groups",
    isIn: (node) => groupsOf(node) > 1 || spaceOf(node) > 2,
  },
  {
    type: "Conv",
    why: "lacks groups with three spatial axes",
    isIn: (node) => groupsOf(node) > 1 && spaceOf(node) > 2,
  },
  {
    type: "Slice",
    why: "is wrong where it reads a part backwards",
    isIn: ({ input }, constants) => {
      const steps = constants.get(input?.[4] ?? "")?.rawData;
      return steps !== undefined && longs(steps).some((step) => step < 0n);
    },
  },
  {
    type: "ReduceLogSumExp",
    why: "overflows, for it does not take out the largest value",
    isIn: () => true,
  },
];

function attribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute?.find((found) => found.name === name);
}

function groupsOf(node: NodeProto): number {
  return Number(attribute(node, "group")?.i ?? 1n);
}

/** How many axes of space a convolution has, as far as its attributes tell. */
function spaceOf(node: NodeProto): number {
  const known = ["kernel_shape", "strides", "dilations"].map((name) => attribute(node, name));
  return Math.max(0, ...known.map((found) => found?.ints?.length ?? 0));
}

function longs({ buffer, byteOffset, byteLength }: Uint8Array): bigint[] {
  const view = new DataView(buffer, byteOffset, byteLength);
  return Array.from({ length: byteLength / 8 }, (_, i) => view.getBigInt64(8 * i, true));
}

/** The names of a model's nodes that the GPU's kernels do not compute, or not rightly. */
export function nodesInGaps(model: Uint8Array): string[] {
  const { graph } = decodeModel(model);
  return graph ? namesIn(graph, new Map()) : [];
}

function namesIn(graph: GraphProto, around: ReadonlyMap<string, TensorProto>): string[] {
  const own = (graph.initializer ?? []).map((tensor): [string, TensorProto] => [
    tensor.name ?? "",
    tensor,
  ]);
  const constants = new Map([...around, ...own]);
  return (graph.node ?? []).flatMap((node) => {
    const bodies = (node.attribute ?? []).flatMap(({ g }) => (g ? namesIn(g, constants) : []));
    const isIn = gpuGaps.some((gap) => gap.type === node.opType && gap.isIn(node, constants));
    return isIn ? [node.name ?? "", ...bodies] : bodies;
  });
}
