import type { ImportedSystem } from "@quire/papers/imported-system";
import { type HostTensor, QuireError } from "@quire/tensor";
import { loadSafetensors } from "@quire/train/node";
import { UsageError } from "../errors.ts";
import type { Examples } from "./examples.ts";

/** The name under which a file of examples holds their classes. */
const LABELS = "labels";

/**
 * Examples from a safetensors file that holds a tensor for each input of a model, by its name, `[N, ...]`; and their
 * classes as `labels`, `[N]`, if it has them.
 *
 * @throws UsageError when one is missing, or of another kind than the model takes.
 */
export async function namedInputs({ exported }: ImportedSystem, path: string): Promise<Examples> {
  const { tensors } = await loadSafetensors(path).catch((cause: unknown) => {
    if (!(cause instanceof QuireError)) throw cause;
    throw new UsageError(cause.message, { cause });
  });
  const inputs = Object.entries(exported.inputs).map(([name, { shape, dtype = "float32" }]) => {
    const tensor = tensors.get(name);
    const takes = `the model takes "${name}", ${dtype} [${shape.join(", ")}]`;
    if (!tensor) {
      throw new UsageError(`"${path}" has no tensor "${name}": ${takes}; give examples of it.`);
    }
    if (fits(tensor, shape, dtype)) return tensor;
    const has = `${tensor.dtype} [${tensor.shape.join(", ")}]`;
    throw new UsageError(
      `"${path}" holds "${name}" as ${has}, and ${takes}: give as many numbers.`,
    );
  });
  const counts = new Set(inputs.map(({ shape }) => shape[0]));
  if (counts.size !== 1) {
    throw new UsageError(`the tensors in "${path}" are not of the same number of examples.`);
  }
  const labels = tensors.get(LABELS);
  const [count] = counts;
  if (labels?.shape.length !== 1 || labels.shape[0] !== count) return { inputs };
  return { inputs, labels: Int32Array.from(labels.toArray()) };
}

/** Whether a tensor has rows as an input has them, any number of them. */
function fits(tensor: HostTensor, shape: readonly (number | string)[], dtype: string): boolean {
  const isWhole = (kind: string): boolean => kind.startsWith("int");
  const isKind = tensor.dtype === dtype || (isWhole(tensor.dtype) && isWhole(dtype));
  return (
    isKind &&
    tensor.shape.length === shape.length &&
    shape.every(
      (size, axis) => axis === 0 || typeof size === "string" || size === tensor.shape[axis],
    )
  );
}
