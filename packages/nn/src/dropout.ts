import { dropout, type Tensor } from "@quire/tensor";
import { inference, type Mode, Module } from "./module.ts";

/** Zeroes values at random in training and scales the others up (Srivastava et al. 2014). `[...] -> [...]` */
export class Dropout extends Module {
  readonly rate: number;

  /** @param rate Share of the values that are zeroed, from 0 to below 1. */
  constructor(rate: number) {
    super();
    this.rate = rate;
  }

  /** `[...] -> [...]` */
  forward(x: Tensor, { training, random }: Mode = inference): Tensor {
    return training && random && this.rate > 0 ? dropout(x, this.rate, random.next()) : x;
  }
}
