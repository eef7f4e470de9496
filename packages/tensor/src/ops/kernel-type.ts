import type { DType } from "../dtype.ts";
import type { Emit } from "../graph/emit.ts";

/** For dtypes that a kernel lacks: the dtype it computes in instead. */
export type StandIns = Readonly<Partial<Record<DType, DType>>>;

/** Lowers a kernel in another dtype where ONNX Runtime has none for the values' own, and casts back. */
export function inKernelType(
  emit: Emit,
  dtype: DType,
  standIns: StandIns,
  values: readonly string[],
  run: (values: readonly string[]) => string,
): string {
  const standIn = standIns[dtype];
  if (!standIn) return run(values);
  return emit.cast(run(values.map((value) => emit.cast(value, standIn))), dtype);
}
