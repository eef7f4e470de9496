import { add, cast, mul, type Operand, type Tensor, type Variable } from "@quire/tensor";
import { type OptimizerOptions, stateVariable } from "./optimizer.ts";
import { rateAt } from "./schedule.ts";

/** What one step does to a parameter beside its gradient. */
export interface ParameterRates {
  /** The learning rate times the parameter's factor. */
  readonly rate: Tensor;
  /** The weight decay, 0 where it does not hold. */
  readonly decay: number;
}

/** Counts updates and gives each parameter its learning rate and weight decay. */
export class Rates {
  readonly #options: OptimizerOptions;
  readonly #step: Variable = stateVariable("step", { dtype: "int32" });

  constructor(options: OptimizerOptions) {
    this.#options = options;
  }

  get variables(): readonly Variable[] {
    return [this.#step];
  }

  /** Updates made before this one, as a float32 scalar; to be read before `next`. */
  get made(): Tensor {
    return cast(this.#step.tensor, "float32");
  }

  /** The rates of this step, by parameter; counts the step. */
  next(): (parameter: Variable) => ParameterRates {
    const { learningRate, weightDecay = 0, decays, rateFactor } = this.#options;
    const rate = rateAt(learningRate, this.made);
    this.#step.assign(add(this.#step.tensor, 1));
    const byFactor = new Map<number, Tensor>([[1, rate]]);
    return ({ name }) => {
      const factor = rateFactor?.(name) ?? 1;
      const scaled = byFactor.get(factor) ?? mul(rate, factor);
      byFactor.set(factor, scaled);
      return { rate: scaled, decay: (decays?.(name) ?? true) ? weightDecay : 0 };
    };
  }
}

/** A product of scalars, once for each pair of them. */
export function onceFor<K>(make: (key: K) => Operand): (key: K) => Operand {
  const known = new Map<K, Operand>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}
