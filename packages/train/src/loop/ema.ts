import type { Module } from "@quire/nn";
import { add, cast, equal, QuireError, type Variable, where } from "@quire/tensor";
import { isFrozen } from "../model/freeze.ts";
import { valuesOf } from "../model-state.ts";
import { averaged } from "../optimizer/moment.ts";
import { stateVariable } from "../optimizer/optimizer.ts";
import type { NamedTensors } from "../safetensors.ts";

/** A model's values averaged over training steps, the older the less (Polyak and Juditsky 1992). */
export class Ema {
  /** What it remembers: a count, and the average of each value. */
  readonly variables: readonly Variable[];
  readonly #pairs: readonly (readonly [path: string, own: Variable, average: Variable])[];
  readonly #count: Variable = stateVariable("averageCount", { dtype: "int32" });
  readonly #decay: number;
  #isSwapped = false;

  /** @throws QuireError when the decay is not below 1 and at least 0. */
  constructor(model: Module, decay: number) {
    if (!(decay >= 0 && decay < 1)) {
      throw new QuireError(`ema: the decay must be at least 0 and below 1, got ${decay}.`);
    }
    this.#decay = decay;
    this.#pairs = model
      .namedState()
      .filter(([, variable]) => variable.dtype === "float32" && !isFrozen(variable))
      .map(([path, of]) => [path, of, stateVariable("average", { of })]);
    this.variables = [this.#count, ...this.#pairs.map(([, , average]) => average)];
  }

  /** Whether the model holds the averages now. */
  get isSwapped(): boolean {
    return this.#isSwapped;
  }

  /** Takes the model's values into the averages, which start as its values; called in a traced step after the update. */
  update(): void {
    const isFirst = equal(this.#count, 0);
    const keep = where(isFirst, 0, this.#decay);
    this.#count.assign(add(this.#count, 1));
    for (const [, own, average] of this.#pairs)
      averaged(average, cast(keep, "float32"), own.tensor);
  }

  /** Whether anything was averaged yet. */
  async hasBegun(): Promise<boolean> {
    return (await this.#count.get()).item() > 0;
  }

  /**
   * Exchanges the model's values and their averages, to evaluate or save; exchange them again before training on.
   *
   * @throws QuireError when nothing was averaged yet.
   */
  async swap(): Promise<void> {
    if (!(await this.hasBegun())) {
      throw new QuireError("ema: nothing was averaged yet; train at least one step before swap.");
    }
    for (const [, own, average] of this.#pairs) {
      const value = await own.get();
      await own.set(await average.get());
      await average.set(value);
    }
    this.#isSwapped = !this.#isSwapped;
  }

  /** The averages by the model's paths. */
  async tensors(): Promise<NamedTensors> {
    return await valuesOf(
      this.#pairs.map(([path, own, average]) => [path, this.#isSwapped ? own : average]),
    );
  }
}

/** Averages the weights of a model, and its running statistics, for `Training`'s `average`. */
export function ema(model: Module, decay: number): Ema {
  return new Ema(model, decay);
}
