import type { Emit } from "../graph/emit.ts";
import type { Shape, TensorType } from "../shape.ts";

/** Lowers in float32, for kernels that have no other dtype, and casts the results to what the row says. */
export function asFloat32(
  emit: Emit,
  inputs: readonly string[],
  outputs: readonly TensorType[],
  lower: (inputs: readonly string[]) => readonly string[],
): readonly string[] {
  const dtype = (outputs[0] as TensorType).dtype;
  if (dtype === "float32") return lower(inputs);
  return lower(inputs.map((name) => emit.cast(name, "float32"))).map((name) =>
    emit.cast(name, dtype),
  );
}

/** Zeros of a shape, in float32. */
export function emitZeros(emit: Emit, shape: Shape): string {
  return emit.one("Expand", [emit.scalar(0, "float32"), emit.sizes(shape)]);
}
