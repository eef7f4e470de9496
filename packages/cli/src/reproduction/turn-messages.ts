import type { Budget, LotProgress, ToldTurn } from "@quire/papers";

/** What a process that helps is to run. */
export interface HelperTask {
  readonly paper: string;
  /** Of the experiment. */
  readonly claims: readonly string[];
  readonly seeds: readonly number[];
  readonly budget: Budget;
  /** Threads of its models. */
  readonly threads: number;
}

/** What the first process says to one that helps. */
export type ToHelper =
  | { readonly kind: "begin"; readonly task: HelperTask }
  | { readonly kind: "agreed"; readonly value: unknown }
  /** No lot where all are given away. */
  | { readonly kind: "lot"; readonly lot?: number };

/** What a process that helps says to the first one. */
export type FromHelper =
  | { readonly kind: "agree"; readonly place: number }
  | { readonly kind: "next" }
  | { readonly kind: "progress"; readonly lot: number; readonly progress: LotProgress }
  /** With the processor's seconds that it has spent in all. */
  | {
      readonly kind: "told";
      readonly lot: number;
      readonly turns: readonly ToldTurn[];
      readonly processorSeconds: number;
    }
  | { readonly kind: "failed"; readonly message: string; readonly isOwn: boolean };
