import type { HostTensor } from "@quire/tensor";

/** A model's weights, to be read as rows of numbers. */
export class WeightRows {
  readonly #weights: ReadonlyMap<string, HostTensor>;

  constructor(weights: ReadonlyMap<string, HostTensor>) {
    this.#weights = weights;
  }

  has(path: string): boolean {
    return this.#weights.has(path);
  }

  /** The row of the last axis at a place of the others, all of them counted on. */
  row(path: string, place: number): number[] {
    const tensor = this.#weights.get(path);
    if (!tensor) throw new Error(`There is no weight ${path}.`);
    const size = tensor.shape.at(-1) as number;
    return Array.from(tensor.data.subarray(place * size, (place + 1) * size) as Float32Array);
  }

  /** All rows of the last axis. */
  rows(path: string): number[][] {
    const tensor = this.#weights.get(path);
    const size = tensor?.shape.at(-1) ?? 1;
    const count = (tensor?.data.length ?? 0) / size;
    return Array.from({ length: count }, (_, place) => this.row(path, place));
  }

  /** The place of the largest of a row. */
  chosen(path: string, place: number): number {
    return largest(this.row(path, place));
  }
}

/** The place of the largest value, the first among equals. */
export function largest(values: readonly number[]): number {
  let best = 0;
  for (const [place, value] of values.entries()) {
    if (value > (values[best] as number)) best = place;
  }
  return best;
}
