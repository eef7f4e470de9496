import {
  add,
  cast,
  constant,
  exp,
  hostTensor,
  minimum,
  mul,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { inference, type Mode, Module } from "../module.ts";

/** How a temperature moves. */
export interface TemperatureOptions {
  /** At the first step. */
  readonly from: number;
  /** At the last step, and after it. */
  readonly to: number;
  /** Whether it falls by the same factor or by the same amount at each step. */
  readonly schedule: "geometric" | "linear";
}

/**
 * The temperature of relaxed choices, which moves with each step of training. Steps are counted in a variable, so that
 * a training goes on at the temperature at which it was left. `[] -> []`
 */
export class Temperature extends Module {
  readonly step = new Variable([], { dtype: "int32", trainable: false });
  readonly options: TemperatureOptions;
  #steps = 1;

  constructor(options: TemperatureOptions) {
    super();
    this.options = options;
  }

  /** Says in how many steps of training it moves; to be called before a step is compiled. */
  spread(steps: number): void {
    this.#steps = steps;
  }

  /** The temperature now; in training the step counts. */
  forward({ training }: Mode = inference): Tensor {
    const { from, to, schedule } = this.options;
    const now = this.step.tensor;
    if (training) this.step.assign(add(now, constant(hostTensor([1], [], "int32"))));
    const share = minimum(mul(cast(now, "float32"), 1 / Math.max(1, this.#steps - 1)), 1);
    return schedule === "linear"
      ? add(mul(share, to - from), from)
      : mul(exp(mul(share, Math.log(to / from))), from);
  }
}
