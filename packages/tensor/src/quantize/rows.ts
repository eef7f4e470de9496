// N outputs, K inputs of a weight

import { ShapeError } from "../errors.ts";
import { nondifferentiable, type OpSpec } from "../graph/node.ts";
import type { HostTensor } from "../host.ts";
import { hostTensor } from "../host.ts";
import { sizeOf, type TensorType, typeText } from "../shape.ts";

const rounded = nondifferentiable("its weight is rounded; differentiate before quantising");

function productType(op: string, inputs: readonly TensorType[], weight: readonly [number, number]) {
  const [x] = inputs as readonly [TensorType];
  const [outputs, width] = weight;
  if (x.dtype !== "float32" || x.shape.at(-1) !== width) {
    throw new ShapeError(op, `needs x float32 [..., ${width}], got ${typeText(x)}.`, inputs);
  }
  return [{ shape: [...x.shape.slice(0, -1), outputs], dtype: "float32" }] as const;
}

function productFlops(inputs: readonly TensorType[], outputs: readonly TensorType[]): number {
  const width = (inputs[0] as TensorType).shape.at(-1) as number;
  return 2 * width * sizeOf((outputs[0] as TensorType).shape);
}

/** A weight of signed bytes `[K, N]` with a scale for each output, and how inputs are rounded. */
export type Int8ProductAttributes = {
  readonly weight: HostTensor;
  readonly scales: HostTensor;
  /** Scale and zero point of the input; found anew in each run where there are none. */
  readonly input: readonly number[];
};

/** A product in whole numbers with a weight of signed bytes; x `[..., K] -> [..., N]`. */
export const int8ProductSpec: OpSpec<Int8ProductAttributes> = {
  name: "int8Product",
  infer(inputs, { weight }) {
    const [width, outputs] = weight.shape as readonly [number, number];
    return productType("int8Product", inputs, [outputs, width]);
  },
  gradient: rounded,
  lower(emit, [x], { attributes: { weight, scales, input } }) {
    const [bytes, factors] = [emit.constant(weight, "int8"), emit.constant(scales)];
    const domain = "com.microsoft";
    if (input.length === 0) {
      return [emit.one("DynamicQuantizeMatMul", [x as string, bytes, factors], {}, domain)];
    }
    const scale = emit.scalar(input[0] as number, "float32");
    const zero = emit.constant(hostTensor([input[1] as number], [], "uint8"));
    const whole = emit.one("QuantizeLinear", [x as string, scale, zero]);
    const given = [whole, bytes, scale, factors, zero];
    return [emit.one("MatMulIntegerToFloat", given, {}, domain)];
  },
  flops: productFlops,
};

/** A weight in packed blocks. */
export type BlockProductAttributes = {
  readonly packed: HostTensor;
  readonly scales: HostTensor;
  readonly width: number;
  readonly bits: number;
  readonly size: number;
};

/** What ONNX Runtime calls computing in bytes, its fastest way. */
const IN_BYTES = 4;

/** A product with a weight in blocks; x `[..., K] -> [..., N]`. */
export const blockProductSpec: OpSpec<BlockProductAttributes> = {
  name: "blockProduct",
  infer: (inputs, { packed, width }) =>
    productType("blockProduct", inputs, [packed.shape[0] as number, width]),
  gradient: rounded,
  lower(emit, [x], { attributes: { packed, scales, width, bits, size } }) {
    const sizes = { K: width, N: packed.shape[0] as number, bits, block_size: size };
    const given = [x as string, emit.constant(packed), emit.constant(scales)];
    const attributes = { ...sizes, accuracy_level: IN_BYTES };
    return [emit.one("MatMulNBits", given, attributes, "com.microsoft")];
  },
  flops: productFlops,
};

/** Values in fewer bits; signed bytes have a scale for each row of the first axis. */
export type StoredAttributes = {
  readonly values: HostTensor;
  readonly scales: HostTensor | undefined;
};

/** Values in fewer bits, made float32 before they are used: by the runtime, when it loads them. */
export const storedSpec: OpSpec<StoredAttributes> = {
  name: "stored",
  infer: (_, { values }) => [{ shape: values.shape, dtype: "float32" }],
  gradient: rounded,
  lower(emit, _, { attributes: { values, scales } }) {
    if (!scales) return [emit.cast(emit.constant(values), "float32")];
    const given = [emit.constant(values, "int8"), emit.constant(scales)];
    return [emit.one("DequantizeLinear", given, { axis: 0 })];
  },
  flops: () => 0,
};

/** Rows of a table in signed bytes, by their numbers; `[...] -> [..., D]`. */
export const storedRowsSpec: OpSpec<StoredAttributes> = {
  name: "storedRows",
  infer: ([ids], { values }) => [
    { shape: [...(ids as TensorType).shape, ...values.shape.slice(1)], dtype: "float32" },
  ],
  gradient: rounded,
  lower(emit, [ids], { attributes: { values, scales } }) {
    if (!scales) {
      return [emit.cast(emit.one("Gather", [emit.constant(values), ids as string]), "float32")];
    }
    const column = hostTensor(scales.data as Float32Array, [scales.data.length, 1], "float32");
    const [rows, factors] = [emit.constant(values, "int8"), emit.constant(column)].map((table) =>
      emit.one("Gather", [table, ids as string]),
    ) as [string, string];
    return [emit.one("Mul", [emit.cast(rows, "float32"), factors])];
  },
  flops: (_, [y]) => sizeOf((y as TensorType).shape),
};
