import type { Emit, OnnxAttributes } from "../../graph/emit.ts";
import { makeNode, nondifferentiable, type OpSpec, type Tensor } from "../../graph/node.ts";
import type { TensorType } from "../../shape.ts";

type KernelAttributes = { readonly kernel: string; readonly settings: string };

/** What a kernel of the runtime gives and how it is called. */
export interface KernelCall {
  readonly gives: readonly TensorType[];
  readonly attributes?: OnnxAttributes;
  readonly domain?: "com.microsoft";
}

/**
 * Applies a kernel of the runtime that no operation of Quire's uses, with attributes as the version that Quire
 * writes wants them. It has no gradient.
 */
export function kernel(type: string, inputs: readonly Tensor[], call: KernelCall): Tensor[] {
  const { attributes = {}, domain } = call;
  const gives = call.gives.map(({ shape, dtype }) => ({ shape, dtype }));
  const spec: OpSpec<KernelAttributes> = {
    name: "kernel",
    infer: () => gives,
    gradient: nondifferentiable(`ONNX's ${type} is run as it stands, Quire has no rule for it`),
    lower: (emit: Emit, names) => emit.many(type, names, gives.length, attributes, domain),
  };
  const settings = JSON.stringify({ gives, attributes });
  return [...makeNode(spec, inputs, { kernel: type, settings }).outputs];
}
