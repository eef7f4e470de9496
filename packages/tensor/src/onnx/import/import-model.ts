import { type DType, isInteger } from "../../dtype.ts";
import { GraphError, QuireError } from "../../errors.ts";
import { Tensor } from "../../graph/node.ts";
import type { Variable } from "../../graph/variable.ts";
import { type Operand, toTensor } from "../../ops/define.ts";
import { cast } from "../../ops/select.ts";
import { typeText } from "../../shape.ts";
import { decodeModel, type GraphProto, type ModelProto, type ValueInfoProto } from "../proto.ts";
import type { NamedSize } from "../values.ts";
import type { ExternalFiles } from "./decode-values.ts";
import { elementTypeOf } from "./element-types.ts";
import { type ModelParts, ModelTrace } from "./trace-model.ts";
import { type UnreadOperation, unreadAmong } from "./unread.ts";
import { weightsOf } from "./weights.ts";

/** What a model file is read with. */
export interface ImportOptions {
  /** Files that stand beside the model and hold its weights, by the location that the model gives. */
  readonly externalData?: ExternalFiles;
  /**
   * Shapes for inputs: a number binds a size that the model leaves free, a name frees one that it fixes, such as a
   * batch of 1 that a trace left behind. What is inside of the model must then follow.
   */
  readonly inputs?: Readonly<Record<string, readonly NamedSize[]>>;
}

/** An input of a model; a name in the shape is a size that may be any. */
export interface ImportedInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly NamedSize[];
}

/** A model that others made, as a function of tensors. */
export interface ImportedModel {
  readonly inputs: readonly ImportedInput[];
  /** Names of the outputs. */
  readonly outputs: readonly string[];
  /** Notes that the file carries, by name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of all values that the model computes on the way to its outputs, in their order. */
  readonly values: readonly string[];
  /** The weights by their names in the file; running statistics are not trainable. */
  readonly parameters: readonly Variable[];
  /** The operations that are not read; what does not need them is computed all the same. */
  readonly unknown: readonly UnreadOperation[];
  /**
   * Builds the model on tensors, inside of a trace, and gives the asked values, all outputs unless said. Sizes that
   * are free in the file are those of the given tensors.
   *
   * @throws GraphError when an input is missing or of another type, a value is not there, or one that is asked
   * for needs an operation that is not read, or values that the graph's shapes depend on.
   */
  forward(
    inputs: Readonly<Record<string, Operand>>,
    outputs?: readonly string[],
  ): Record<string, Tensor>;
}

/**
 * The model in a file's bytes, and its graph.
 *
 * @throws QuireError when the bytes are no ONNX file.
 */
export function modelIn(bytes: Uint8Array): { model: ModelProto; graph: GraphProto } {
  let model: ModelProto;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    throw new QuireError("importOnnx: the bytes are no ONNX file.", { cause });
  }
  if (!model.graph) throw new QuireError("importOnnx: the file holds no graph.");
  return { model, graph: model.graph };
}

/** A model's input with its sizes; those without a name are called by input and axis. */
function inputOf({ name = "", type }: ValueInfoProto): ImportedInput {
  const { elemType, shape } = type?.tensorType ?? {};
  const { dtype } = elementTypeOf(elemType);
  const sizes = (shape?.dim ?? []).map(({ dimValue, dimParam }, axis): NamedSize => {
    if (dimValue !== undefined && dimValue >= 0n && !dimParam) return Number(dimValue);
    return dimParam || `${name}_${axis}`;
  });
  return { name, dtype: dtype ?? "float32", shape: sizes };
}

/** The inputs that a caller must give: those without a default value. */
function inputsOf(graph: GraphProto, bound: ImportOptions["inputs"]): ImportedInput[] {
  const defaults = new Set(graph.initializer?.map(({ name }) => name));
  const inputs = (graph.input ?? []).filter(({ name }) => !defaults.has(name)).map(inputOf);
  const unknown = Object.keys(bound ?? {}).find((name) => inputs.every((own) => own.name !== name));
  if (unknown !== undefined) {
    const names = inputs.map(({ name }) => `"${name}"`).join(", ");
    throw new GraphError(`importOnnx: there is no input "${unknown}"; there are ${names}.`);
  }
  return inputs.map((input) => {
    const shape = bound?.[input.name];
    if (!shape) return input;
    const agrees =
      shape.length === input.shape.length &&
      input.shape.every((size, axis) => {
        const asked = shape[axis];
        return typeof size === "string" || typeof asked === "string" || size === asked;
      });
    if (agrees) return { ...input, shape };
    throw new GraphError(
      `importOnnx: input "${input.name}" is [${input.shape.join(",")}] and cannot be [${shape.join(",")}].`,
    );
  });
}

/** A given tensor as the model's input; indices of the other integer type are converted. */
function given(input: ImportedInput, operand: Operand): Tensor {
  const { name, dtype, shape } = input;
  const tensor = toTensor(operand, dtype);
  const fits =
    tensor.shape.length === shape.length &&
    shape.every((size, axis) => typeof size === "string" || size === tensor.shape[axis]);
  const isIndex = isInteger(dtype) && isInteger(tensor.dtype);
  if (!fits || (tensor.dtype !== dtype && !isIndex)) {
    throw new GraphError(
      `importOnnx: input "${name}" must be ${dtype} [${shape.join(",")}], got ${typeText(tensor)}.`,
    );
  }
  return cast(tensor, dtype);
}

function partsOf(model: ModelProto, files: ExternalFiles): ModelParts {
  const functions = (model.functions ?? []).map(
    (own) => [`${own.domain ?? ""}:${own.name ?? ""}`, own] as const,
  );
  return {
    opsets: model.opsetImport ?? [],
    functions: new Map(functions),
    weights: weightsOf(model, files),
    files,
  };
}

/** Builds the asked outputs of a model from its inputs. */
function build(
  graph: GraphProto,
  parts: ModelParts,
  inputs: ReadonlyMap<string, Tensor>,
  wanted: readonly string[],
): Record<string, Tensor> {
  const trace = new ModelTrace(parts);
  for (const { name = "", type } of graph.input ?? []) {
    const tensor = inputs.get(name);
    if (tensor) trace.typed(tensor, Number(type?.tensorType?.elemType ?? 0n));
  }
  const values = trace.run(graph, inputs, wanted);
  return Object.fromEntries(
    values.map((value, i) => {
      const name = wanted[i] as string;
      if (value instanceof Tensor) return [name, value];
      throw new GraphError(`importOnnx: output "${name}" is a sequence, not a tensor.`);
    }),
  );
}

/**
 * Reads an ONNX file as a function of tensors: what it builds prints, runs, is differentiated and written again
 * like any other graph. Sizes that the file leaves free are those of the tensors that it is applied to.
 *
 * @throws QuireError when the bytes are no ONNX file. @throws GraphError when weights have values that Quire
 * cannot hold, or a file beside the model is missing.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const { model, graph } = modelIn(bytes);
  const parts = partsOf(model, options.externalData ?? {});
  const inputs = inputsOf(graph, options.inputs);
  const outputs = (graph.output ?? []).map(({ name = "" }) => name);
  const notes = model.metadataProps ?? [];
  const nodes = [
    ...(graph.node ?? []),
    ...(model.functions ?? []).flatMap(({ node = [] }) => node),
  ];
  const values = (graph.node ?? []).flatMap(({ output = [] }) => output.filter((name) => name));
  return {
    inputs,
    outputs,
    metadata: Object.fromEntries(notes.map(({ key = "", value = "" }) => [key, value])),
    values,
    parameters: [...parts.weights.values()],
    unknown: unreadAmong(nodes, parts.functions, true),
    forward(operands, wanted = outputs) {
      const lost = wanted.find((name) => !outputs.includes(name) && !values.includes(name));
      if (lost !== undefined) {
        const names = outputs.map((name) => `"${name}"`).join(", ");
        throw new GraphError(`importOnnx: there is no output "${lost}"; there are ${names}.`);
      }
      const tensors = inputs.flatMap((input) => {
        const operand = operands[input.name];
        return operand === undefined ? [] : [[input.name, given(input, operand)] as const];
      });
      return build(graph, parts, new Map(tensors), wanted);
    },
  };
}
