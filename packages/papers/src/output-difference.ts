import type { HostTensor } from "@quire/tensor";

/** What a call of a model gave, by name. */
export type Outputs = Readonly<Record<string, HostTensor>>;

/** How far outputs lie from others. */
export interface OutputDifference {
  /** The largest difference of two values. */
  readonly largest: number;
  /** The root of the mean square difference, over that of the values. */
  readonly relative: number;
}

/** How far the outputs of some calls lie from those of the same calls of another model. */
export function outputDifference(
  all: readonly Outputs[],
  others: readonly Outputs[],
): OutputDifference {
  let [largest, squares, whole] = [0, 0, 0];
  for (const [i, outputs] of all.entries()) {
    for (const [name, tensor] of Object.entries(outputs)) {
      const other = ((others[i] as Outputs)[name] as HostTensor).toArray();
      for (const [k, value] of tensor.toArray().entries()) {
        const difference = value === other[k] ? 0 : Math.abs(value - (other[k] as number));
        // Not a number is as far away as can be, and stays so.
        largest = Number.isNaN(difference) ? Number.NaN : Math.max(largest, difference);
        squares += difference ** 2;
        whole += (other[k] as number) ** 2;
      }
    }
  }
  return { largest, relative: whole === 0 ? largest : Math.sqrt(squares / whole) };
}

/** The largest of all values without their signs. */
export function largestIn(all: readonly Outputs[]): number {
  let largest = 0;
  for (const tensor of all.flatMap((outputs) => Object.values(outputs))) {
    for (const value of tensor.toArray()) largest = Math.max(largest, Math.abs(value));
  }
  return largest;
}
