import { type DType, isFloating } from "../dtype.ts";
import { DTypeError, operandsText, ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import {
  type Attributes,
  type GradientRule,
  makeTensor,
  type NonDifferentiable,
  type OpSpec,
  Tensor,
} from "../graph/node.ts";
import { scalar } from "../graph/source.ts";
import { Variable } from "../graph/variable.ts";
import { broadcast, frontAxis, type TensorType, typeText } from "../shape.ts";

/** What operations take where a tensor is meant; a number becomes a scalar of the other operand's dtype. */
export type Operand = Tensor | Variable | number;

/** A function that builds one kind of node, with that kind's row. */
export type Operation<Parameters extends readonly unknown[]> = ((
  ...parameters: Parameters
) => Tensor) & { readonly spec: OpSpec };

/** An element-wise operation on one tensor: `[...] -> [...]`. */
export type Unary = Operation<[x: Operand]>;

/** An element-wise operation on two tensors that are broadcast against each other. */
export type Binary = Operation<[a: Operand, b: Operand]>;

/**
 * The tensor an operand stands for.
 *
 * @throws DTypeError when a number with a fraction is to be one of a whole-number dtype.
 */
export function toTensor(operand: Operand, dtype: DType = "float32"): Tensor {
  if (operand instanceof Tensor) return operand;
  if (operand instanceof Variable) return operand.tensor;
  if (!isFloating(dtype) && !Number.isInteger(operand)) {
    const rule = `${operand} is no ${dtype} value; convert the other operand with cast.`;
    throw new DTypeError("number", rule, []);
  }
  return scalar(operand, dtype);
}

/** The tensors that operands stand for; numbers take the dtype of the first that is no number. */
export function toTensors(operands: readonly Operand[]): Tensor[] {
  const typed = operands.find((operand) => typeof operand !== "number") as TensorType | undefined;
  return operands.map((operand) => toTensor(operand, typed?.dtype));
}

/** Which dtypes an element-wise operation takes. */
export type DTypeClass = "float" | "number" | "bool" | "any";

const classTexts: Readonly<Record<DTypeClass, string>> = {
  float: "floating-point values",
  number: "numbers",
  bool: "bool",
  any: "any dtype",
};

function belongs(dtype: DType, kind: DTypeClass): boolean {
  if (kind === "any") return true;
  if (kind === "bool") return dtype === "bool";
  return kind === "number" ? dtype !== "bool" : isFloating(dtype);
}

/** Refuses an operand whose dtype the operation does not take. */
export function requireClass(op: string, types: readonly TensorType[], kind: DTypeClass): void {
  for (const type of types) {
    if (!belongs(type.dtype, kind)) {
      throw new DTypeError(
        op,
        `takes ${classTexts[kind]}, got ${operandsText(types)}; convert with cast.`,
        types,
      );
    }
  }
}

/** Refuses operands of different dtypes. */
export function requireSameDType(op: string, types: readonly TensorType[]): DType {
  const dtype = (types[0] as TensorType).dtype;
  if (types.some((type) => type.dtype !== dtype)) {
    const got = operandsText(types);
    throw new DTypeError(op, `dtypes differ: ${got}; convert one with cast.`, types);
  }
  return dtype;
}

/** An axis counted from the front, or an error that says which there are. */
export function requireAxis(op: string, axis: number, type: TensorType): number {
  const front = frontAxis(axis, type.shape.length);
  if (front === undefined) {
    const rank = type.shape.length;
    const range = rank === 0 ? "a scalar has none" : `-${rank} to ${rank - 1} are there`;
    throw new ShapeError(op, `there is no axis ${axis} in x ${typeText(type)}: ${range}.`, [type]);
  }
  return front;
}

/** The type that operands of an element-wise operation broadcast to. */
export function broadcastTypes(op: string, types: readonly TensorType[]): TensorType {
  const dtype = requireSameDType(op, types);
  let shape = (types[0] as TensorType).shape;
  for (const type of types.slice(1)) {
    const joined = broadcast(shape, type.shape);
    if (!joined) {
      throw new ShapeError(
        op,
        `shapes do not broadcast: ${operandsText(types)}; aligned at the last axis, sizes must be equal or 1.`,
        types,
      );
    }
    shape = joined;
  }
  return { shape, dtype };
}

/** What differs from row to row of an element-wise operation. */
export interface ElementwiseRow {
  readonly onnx: string | ((emit: Emit, inputs: readonly string[], type: TensorType) => string);
  readonly gradient: GradientRule<Attributes> | "expansion" | NonDifferentiable;
  readonly evaluate: (...values: number[]) => number;
  readonly takes?: DTypeClass;
  readonly gives?: DType;
  readonly expand?: NonNullable<OpSpec["expand"]>;
  readonly commutative?: boolean;
}

/** The row of an element-wise operation of any number of operands. */
export function elementwiseSpec(name: string, row: ElementwiseRow): OpSpec {
  const { onnx, gives, takes = "float", gradient, evaluate, expand, commutative = false } = row;
  return {
    name,
    commutative,
    gradient,
    evaluate,
    ...(expand && { expand }),
    infer(inputs) {
      requireClass(name, inputs, takes);
      const type = broadcastTypes(name, inputs);
      return [gives ? { shape: type.shape, dtype: gives } : type];
    },
    lower(emit, inputs, node) {
      const type = node.inputs[0] as TensorType;
      return [typeof onnx === "string" ? emit.one(onnx, inputs) : onnx(emit, inputs, type)];
    },
  };
}

/** An element-wise operation on one tensor, from its row. */
export function unary(name: string, row: ElementwiseRow): Unary {
  const spec = elementwiseSpec(name, row);
  return Object.assign((x: Operand) => makeTensor(spec, [toTensor(x)], {}), { spec });
}

/** An element-wise operation on two tensors, from its row. */
export function binary(name: string, row: ElementwiseRow): Binary {
  const spec = elementwiseSpec(name, row);
  return Object.assign((a: Operand, b: Operand) => makeTensor(spec, toTensors([a, b]), {}), {
    spec,
  });
}
