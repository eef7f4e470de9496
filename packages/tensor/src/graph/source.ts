import { type DType, isFloating } from "../dtype.ts";
import type { HostTensor } from "../host.ts";
import { hostTensor } from "../host.ts";
import { type Shape, type TensorType, typeText } from "../shape.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "./node.ts";
import type { Variable } from "./variable.ts";

type InputAttributes = {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: string;
  readonly variable: Variable | undefined;
};

/** Values that come from outside: an argument of the traced function, a variable, a loop's carry. */
export const inputSpec: OpSpec<InputAttributes> = {
  name: "input",
  infer: (_, { shape, dtype }) => [{ shape, dtype: dtype as DType }],
  gradient: nondifferentiable("it is an input"),
  lower: (_, inputs) => inputs,
};

/** Values known when the graph is built. */
export const constantSpec: OpSpec<{ readonly value: HostTensor }> = {
  name: "constant",
  infer: (_, { value }) => [{ shape: value.shape, dtype: value.dtype }],
  gradient: nondifferentiable("it is a constant"),
  lower: (emit, _, { attributes: { value } }) => [emit.constant(value)],
};

/** A new graph input. `[] -> shape` */
export function input(name: string, { shape, dtype }: TensorType): Tensor {
  return makeTensor(inputSpec, [], { name, shape, dtype, variable: undefined });
}

/** A graph input that stands for a variable's value when the graph starts. */
export function variableInput(variable: Variable): Tensor {
  const { name, shape, dtype } = variable;
  return makeTensor(inputSpec, [], { name, shape, dtype, variable });
}

/** Host values as part of a graph. `[] -> value.shape` */
export function constant(value: HostTensor): Tensor {
  return makeTensor(constantSpec, [], { value });
}

/** A number as a scalar of a dtype. `[] -> []` */
export function scalar(value: number, dtype: DType = "float32"): Tensor {
  return constant(hostTensor([value], [], dtype));
}

/** Whether a tensor is a constant; gives its value. */
export function constantValue(tensor: Tensor): HostTensor | undefined {
  const value = tensor.node.attributes["value"];
  return tensor.node.spec.name === constantSpec.name ? (value as HostTensor) : undefined;
}

/** The number that every element of a constant has, if it is a constant of one element. */
export function scalarValue(tensor: Tensor): number | undefined {
  const value = constantValue(tensor);
  return value?.data.length === 1 && value.shape.length === 0 ? value.toArray()[0] : undefined;
}

/** The variable a tensor reads, if it is a variable's input. */
export function variableOf(tensor: Tensor): Variable | undefined {
  const isInput = tensor.node.spec.name === inputSpec.name;
  return isInput ? (tensor.node.attributes["variable"] as Variable | undefined) : undefined;
}

/** How an input is called in messages: its name and type. */
export function inputText(tensor: Tensor): string {
  return `"${String(tensor.node.attributes["name"])}" ${typeText(tensor)}`;
}

/** Whether gradients can flow through a tensor of this type. */
export function carriesGradient(type: TensorType): boolean {
  return isFloating(type.dtype);
}
