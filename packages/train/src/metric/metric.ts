import { type HostTensor, QuireError } from "@quire/tensor";

/** A number that is gathered over batches. */
export interface Metric {
  /** Takes a batch's outputs into account. */
  add(outputs: Readonly<Record<string, HostTensor>>): void;
  /** The number over all batches so far. */
  value(): number;
}

/** The mean of an output over all its values, a loss taken with `reduction: "none"` for one. */
export class Mean implements Metric {
  readonly #name: string;
  #sum = 0;
  #count = 0;

  /** @param name The output that is averaged. */
  constructor(name: string) {
    this.#name = name;
  }

  add(outputs: Readonly<Record<string, HostTensor>>): void {
    const values = named(outputs, this.#name).toArray();
    for (const value of values) this.#sum += value;
    this.#count += values.length;
  }

  value(): number {
    return this.#sum / this.#count;
  }
}

/** An output by name. */
export function named(outputs: Readonly<Record<string, HostTensor>>, name: string): HostTensor {
  const output = outputs[name];
  if (output) return output;
  const known = Object.keys(outputs).join(", ");
  throw new QuireError(`There is no output "${name}" to measure; there are ${known}.`);
}
