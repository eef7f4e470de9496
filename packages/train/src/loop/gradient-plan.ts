import { type HostTensor, QuireError } from "@quire/tensor";
import type { ProcessGroup } from "../distributed/process-group.ts";
import type { BatchOf } from "./traced.ts";

/** How the gradient of an update is gathered. */
export interface GradientPlan<B> {
  /** Batches that one update is made from. */
  readonly batches: number;
  /** How much a batch's mean loss counts among them. */
  readonly weight: (batch: B) => number;
  /** Processes that share each batch. */
  readonly group?: ProcessGroup;
}

/** How batches are weighed. */
export interface AccumulationOptions<B> {
  /**
   * What a batch's mean was taken over: its rows unless said. Give the count of labels where the loss ignores some of
   * them, or the sum of their class weights.
   */
  readonly weight?: (batch: B) => number;
}

/**
 * Gathers the gradients of several batches for one update, which then is that of one large batch. What is left at an
 * epoch's end makes an update of its own.
 *
 * @throws QuireError when the count is no whole number from 1.
 */
export function accumulated<B extends BatchOf<B>>(
  batches: number,
  { weight = rowsOf }: AccumulationOptions<B> = {},
): GradientPlan<B> {
  if (!(Number.isInteger(batches) && batches >= 1)) {
    throw new QuireError(`accumulated: needs a whole number of batches from 1, got ${batches}.`);
  }
  return { batches, weight };
}

/** The length of a batch's first tensor. */
export function rowsOf<B extends BatchOf<B>>(batch: B): number {
  const [first] = Object.values<HostTensor>(batch);
  return first?.shape[0] ?? 1;
}
