import { HostTensor, QuireError } from "@quire/tensor";
import { accumulated, type GradientPlan, rowsOf } from "../loop/gradient-plan.ts";
import type { BatchOf } from "../loop/traced.ts";
import type { ProcessGroup } from "./process-group.ts";

/**
 * Shares every batch among processes and averages their gradients: each takes its rows of the batch, which all of them
 * are given alike, and all make the same update. Losses are those of one process with the whole batch. Norms over the
 * batch see their own rows only; their running statistics are averaged.
 *
 * @example
 * const training = new Training({ model, optimizer, loss, gradients: dataParallel(await mpi()) });
 */
export function dataParallel<B extends BatchOf<B>>(
  group: ProcessGroup,
  plan: GradientPlan<B> = accumulated(1),
): GradientPlan<B> {
  return { ...plan, group };
}

/** A process's part of a batch. */
export interface Part<B> {
  readonly batch: B;
  /** Whether it counts; a process without rows of its own takes the first row for nothing. */
  readonly counts: boolean;
}

/**
 * The rows of a batch that a process takes: as many for all, but for the rest. What has another length than the batch
 * is kept whole.
 */
export function partOf<B extends BatchOf<B>>(
  batch: B,
  { rank, size }: Pick<ProcessGroup, "rank" | "size">,
): Part<B> {
  const rows = rowsOf(batch);
  if (rows === 0) throw new QuireError("dataParallel: got a batch without rows.");
  const [start, end] = [rank, rank + 1].map((place) => Math.floor((place * rows) / size));
  const counts = (end as number) > (start as number);
  const range: Range = counts ? [start as number, end as number] : [0, 1];
  const cut = Object.entries<HostTensor>(batch).map(([name, tensor]) => [
    name,
    tensor.shape[0] === rows ? rowsBetween(tensor, range) : tensor,
  ]);
  return { batch: Object.fromEntries(cut) as B, counts };
}

type Range = readonly [start: number, end: number];

function rowsBetween({ dtype, shape, data }: HostTensor, [start, end]: Range): HostTensor {
  const [rows = 1, ...rest] = shape;
  const length = data.length / rows;
  const part = data.subarray(start * length, end * length);
  return new HostTensor(dtype, [end - start, ...rest], part);
}
