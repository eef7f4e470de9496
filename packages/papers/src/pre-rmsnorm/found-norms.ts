import { constantValue, type Node, type Tensor } from "@quire/tensor";

/** Which mean a norm takes away, and whether its vectors come without their last value. */
export type NormKind = "pre-ln" | "pre-rmsnorm" | "pre-crmsnorm";

/** A normalisation of the last axis in a graph, as one node or spelt out. */
export interface FoundNorm {
  readonly kind: NormKind;
  readonly output: Tensor;
  /** What it normalises, `[..., D]`, or `[..., D - 1]` where it is compressed. */
  readonly x: Tensor;
  /** `[D]`, where they belong to the node. */
  readonly scale: Tensor | undefined;
  readonly shift: Tensor | undefined;
  readonly epsilon: number;
}

/** The normalisations among nodes. */
export function foundNorms(nodes: readonly Node[]): FoundNorm[] {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.flatMap((node) => oneNode(node, read) ?? speltOut(node) ?? compressed(node) ?? []);
}

function oneNode(
  { spec, inputs, outputs, attributes }: Node,
  read: ReadonlySet<Tensor>,
): FoundNorm | undefined {
  if (spec.name !== "layerNorm" && spec.name !== "rmsNorm") return undefined;
  const [output, ...statistics] = outputs as readonly [Tensor, ...Tensor[]];
  // Who asks for the mean wants to know it: without it there would be nothing to tell.
  if (statistics.some((tensor) => read.has(tensor))) return undefined;
  const [x, scale, shift] = inputs as readonly [Tensor, Tensor, Tensor?];
  const kind = spec.name === "layerNorm" ? "pre-ln" : "pre-rmsnorm";
  return { kind, output, x, scale, shift, epsilon: attributes["epsilon"] as number };
}

/** `x / sqrt((sum(x²) + sum(x)²) / D + epsilon)` of D - 1 values, as this paper's files have it. */
function compressed(node: Node): FoundNorm | undefined {
  if (node.spec.name !== "div") return undefined;
  const [x, root] = node.inputs as readonly [Tensor, Tensor];
  const guarded = withConstant(inside(root, "sqrt"), "add");
  const scaled = withConstant(guarded?.tensor, "mul") ?? withConstant(guarded?.tensor, "div");
  const [squares, square] = (scaled && operands(scaled.tensor, "add")) ?? [];
  const [last, again] = (square && operands(square, "mul")) ?? [];
  if (!guarded || !scaled || !squares || !last || last !== again) return undefined;
  const isSum = (tensor: Tensor): boolean => tensor.node.spec.name === "sum" && isOverLast(tensor);
  if (!isSum(squares) || !isSum(last) || last.node.inputs[0] !== x) return undefined;
  if (!isSquareOf(squares.node.inputs[0] as Tensor, x)) return undefined;
  const width = (x.shape.at(-1) as number) + 1;
  const factor = scaled.value;
  if (Math.abs(factor - width) > 1e-3 && Math.abs(factor * width - 1) > 1e-3) return undefined;
  const output = node.outputs[0] as Tensor;
  const none = { scale: undefined, shift: undefined };
  return { kind: "pre-crmsnorm", output, x, ...none, epsilon: guarded.value };
}

/** A tensor and the number that it is added to, multiplied or divided by. */
function withConstant(
  tensor: Tensor | undefined,
  name: string,
): { readonly tensor: Tensor; readonly value: number } | undefined {
  const [a, b] = (tensor && operands(tensor, name)) ?? [];
  const value = b && constantValue(b);
  if (!a || value?.data.length !== 1) return undefined;
  return { tensor: a, value: value.toArray()[0] as number };
}

/** `(x - mean(x)) / sqrt(mean((x - mean(x))²) + epsilon)`, as files of before opset 17 have it. */
function speltOut(node: Node): FoundNorm | undefined {
  if (node.spec.name !== "div") return undefined;
  const [centred, deviation] = node.inputs as readonly [Tensor, Tensor];
  const variance = inside(deviation, "sqrt");
  const parts = variance && operands(variance, "add");
  const squares = parts?.find((part) => part.node.spec.name === "mean");
  const epsilon = parts?.find((part) => part !== squares);
  const value = epsilon && constantValue(epsilon);
  const x = meanTakenFrom(centred);
  if (!x || !squares || value?.data.length !== 1 || !isOverLast(squares)) return undefined;
  if (!isSquareOf(squares.node.inputs[0] as Tensor, centred)) return undefined;
  const [number] = value.toArray() as [number];
  return {
    ...{ kind: "pre-ln", output: node.outputs[0] as Tensor, x, scale: undefined, shift: undefined },
    epsilon: number,
  };
}

function inside(tensor: Tensor, name: string): Tensor | undefined {
  return tensor.node.spec.name === name ? tensor.node.inputs[0] : undefined;
}

function operands(tensor: Tensor, name: string): readonly [Tensor, Tensor] | undefined {
  const { spec, inputs } = tensor.node;
  return spec.name === name ? (inputs as readonly [Tensor, Tensor]) : undefined;
}

/** The x of `x - mean(x)`. */
export function meanTakenFrom(tensor: Tensor): Tensor | undefined {
  const [x, mean] = operands(tensor, "sub") ?? [];
  const isOwn = mean?.node.spec.name === "mean" && mean.node.inputs[0] === x && isOverLast(mean);
  return isOwn ? x : undefined;
}

function isOverLast({ node: { attributes, inputs } }: Tensor): boolean {
  const axes = attributes["axes"] as readonly number[];
  return axes.length === 1 && axes[0] === (inputs[0] as Tensor).shape.length - 1;
}

function isSquareOf(tensor: Tensor, x: Tensor): boolean {
  const { spec, inputs } = tensor.node;
  const [a, b] = inputs as readonly [Tensor, Tensor];
  if (spec.name === "mul") return a === x && b === x;
  return spec.name === "pow" && a === x && constantValue(b)?.toArray()[0] === 2;
}
