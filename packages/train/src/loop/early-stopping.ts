import { QuireError } from "@quire/tensor";
import type { EpochEvent } from "./events.ts";

/** When a training ends early. */
export interface EarlyStoppingOptions {
  /** A metric of the evaluation, or `loss` for the training's own where no metric is called so. */
  readonly metric: string;
  readonly better: "lower" | "higher";
  /** Epochs without a gain that it waits for. */
  readonly patience: number;
  /** The least change that is a gain; any unless said. */
  readonly gain?: number;
}

/** Ends a training whose metric gains nothing any more; goes on where it was when the training is resumed. */
export class EarlyStopping {
  readonly #options: EarlyStoppingOptions;
  #best: number | undefined;
  #bestEpoch = -1;
  #waited = 0;

  constructor(options: EarlyStoppingOptions) {
    this.#options = options;
  }

  /** The best value so far and its epoch. */
  get best(): { readonly value: number; readonly epoch: number } | undefined {
    return this.#best === undefined ? undefined : { value: this.#best, epoch: this.#bestEpoch };
  }

  /** Whether the patience is at its end. */
  get stopped(): boolean {
    return this.#best !== undefined && this.#waited >= this.#options.patience;
  }

  /**
   * Takes an epoch into account.
   *
   * @throws QuireError when the evaluation did not measure the metric.
   */
  observe(event: EpochEvent): void {
    const { better, gain = 0 } = this.#options;
    const value = this.#valueOf(event);
    const sign = better === "lower" ? -1 : 1;
    const best = this.#best ?? -sign * Number.POSITIVE_INFINITY;
    if (sign * (value - best) > gain) {
      this.#best = value;
      this.#bestEpoch = event.epoch;
      this.#waited = 0;
    } else {
      this.#best = best;
      this.#waited += 1;
    }
  }

  #valueOf({ metrics, loss }: EpochEvent): number {
    const { metric } = this.#options;
    const value = metrics[metric] ?? (metric === "loss" ? loss : undefined);
    if (value !== undefined) return value;
    const known = ["loss", ...Object.keys(metrics)].join(", ");
    throw new QuireError(`EarlyStopping: there is no metric "${metric}"; there are ${known}.`);
  }

  /** Where it stands, as texts. */
  state(): Record<string, string> {
    if (this.#best === undefined) return {};
    return {
      "stop.best": String(this.#best),
      "stop.epoch": String(this.#bestEpoch),
      "stop.waited": String(this.#waited),
    };
  }

  /** Goes to where it stood; to the beginning where the texts say nothing of it. */
  restore(texts: Readonly<Record<string, string>>): void {
    const best = texts["stop.best"];
    this.#best = best === undefined ? undefined : Number(best);
    this.#bestEpoch = Number(texts["stop.epoch"] ?? -1);
    this.#waited = Number(texts["stop.waited"] ?? 0);
  }
}
