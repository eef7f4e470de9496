/** Where a training stands: how much of it is done. */
export interface Progress {
  /** The pass over the data that is running, from 0. */
  readonly epoch: number;
  /** Batches of this epoch that are done. */
  readonly batch: number;
  /** Batches of all epochs that are done. */
  readonly step: number;
}

/** A batch was learned from. */
export interface StepEvent extends Progress {
  readonly type: "step";
  readonly loss: number;
}

/** An epoch ended. */
export interface EpochEvent extends Progress {
  readonly type: "epoch";
  /** Mean of the epoch's losses. */
  readonly loss: number;
  /** What the evaluation measured; empty without one. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What a training tells while it runs. */
export type TrainingEvent = StepEvent | EpochEvent;
