// B rows, T ids, D width, V tokens of icons

import { inference, type Mode, Module } from "@quire/nn";
import { hostTensor, QuireError, type Tensor, Variable } from "@quire/tensor";
import type { IconInputs, IconNetwork } from "./icon-target.ts";

/** The most captions between two. */
const MOST_BETWEEN = 32;

/** A drawer whose captions may be of words between words. */
export class BetweenWords extends Module {
  readonly model: IconNetwork;
  readonly length: number;
  /** Vectors of mixed captions, one below the other. */
  readonly mixed: Variable;
  readonly #captionLength: number;

  constructor(model: IconNetwork, captionLength: number) {
    super();
    this.model = model;
    this.length = model.length;
    this.#captionLength = captionLength;
    const [, width] = model.wordVectors.shape as [number, number];
    this.mixed = new Variable([MOST_BETWEEN * captionLength, width], { trainable: false });
  }

  /** Mixes the words of two captions place by place, by each share of the second one's. */
  async mix(
    [from, to]: readonly [Int32Array, Int32Array],
    shares: readonly number[],
  ): Promise<void> {
    if (shares.length > MOST_BETWEEN) {
      throw new QuireError(
        `${shares.length} captions are more than the ${MOST_BETWEEN} that fit between two.`,
      );
    }
    const table = (await this.model.wordVectors.get()).data as Float32Array;
    const [rows, width] = this.mixed.shape as [number, number];
    const values = new Float32Array(rows * width);
    for (const [step, share] of shares.entries()) {
      for (let place = 0; place < this.#captionLength; place++) {
        const [a, b] = [from, to].map((caption) => (caption[place] as number) * width) as [
          number,
          number,
        ];
        const at = (step * this.#captionLength + place) * width;
        for (let i = 0; i < width; i++) {
          values[at + i] =
            (1 - share) * (table[a + i] as number) + share * (table[b + i] as number);
        }
      }
    }
    await this.mixed.set(hostTensor(values, [rows, width]));
  }

  /** `[B, T] -> [B, 1, V]` */
  forward(ids: Tensor, mode: Mode = inference, inputs: IconInputs = {}): Tensor {
    return this.model.forward(ids, mode, { ...inputs, between: this.mixed.tensor });
  }
}
