import { HostTensor } from "@quire/tensor";
import type { Batches, BatchOf } from "@quire/train";

/**
 * Cuts batches to ones of a few rows; what is left over of a batch is left out. Tensors that do not have the batch's
 * rows are given whole.
 */
export async function* smallBatches<B extends BatchOf<B>>(
  batches: Batches<B>,
  rows: number,
): AsyncGenerator<B> {
  for await (const batch of batches) {
    const tensors = Object.entries<HostTensor>(batch);
    const all = tensors[0]?.[1].shape[0] ?? 0;
    const size = Math.min(rows, all);
    for (let first = 0; first + size <= all; first += size) {
      const cut = tensors.map(
        ([name, tensor]) => [name, rowsOf(tensor, all, first, size)] as const,
      );
      yield Object.fromEntries(cut) as unknown as B;
    }
  }
}

function rowsOf(tensor: HostTensor, all: number, first: number, size: number): HostTensor {
  const { dtype, shape, data } = tensor;
  if (shape[0] !== all) return tensor;
  const each = data.length / all;
  const own = data.slice(first * each, (first + size) * each);
  return new HostTensor(dtype, [size, ...shape.slice(1)], own);
}
