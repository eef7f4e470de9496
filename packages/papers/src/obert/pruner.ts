// N blocks, B weights of a block, G groups of a block

import { inference, type Mode } from "@quire/nn";
import { type Compiled, compile, hostTensor, type Tensor } from "@quire/tensor";
import type { BatchOf, Traced } from "@quire/train";
import { BlockInverse, compileTakeIn, type TakeIn } from "./block-inverse.ts";
import type { PrunableWeights } from "./prunable-weights.ts";
import { lowest } from "./selection.ts";
import { movedApart, movedTogether, saliency } from "./surgeon.ts";

/** By what weights are chosen: see `methods`. */
export type PruningMethod = "obert" | "magnitude" | "first-order";

/** The ways to choose, each with what it looks at. */
export const methods: Readonly<Record<PruningMethod, string>> = {
  obert: "how much the loss rises, by its curvature, and the weights that are left move",
  magnitude: "how large a weight is",
  "first-order": "how large a weight times its slope is, the mean over the same gradients",
};

/** How weights are pruned. */
export interface PruningOptions {
  readonly method: PruningMethod;
  /** Weights that follow each other and are pruned together; 1 or 4 in the paper. */
  readonly group: number;
  /** How many gradients the Fisher matrix is made from, m. */
  readonly gradients: number;
  /** λ. */
  readonly damping: number;
  /**
   * Whether the weights that are pruned of a block are pruned together, so that those that are left move to where the
   * quadratic loss is least, or each as if it were the only one, as the official code does.
   */
  readonly update: "together" | "apart";
}

/** What gradients are taken from. */
export interface GradientSource<B> {
  /** The loss of a batch, a scalar, traced. */
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  /** Small batches, one a gradient, again and again. */
  readonly batches: () => Iterable<B> | AsyncIterable<B>;
}

/** What a step of pruning did. */
export interface Pruned {
  /** Weights that are 0 now, a share of all that may be pruned. */
  readonly sparsity: number;
  /** How much the loss should have risen by the scores of the pruned groups, where they say that. */
  readonly predicted?: number;
}

/** What was seen of a model's weights as they stand: pruning to one sparsity or another goes out from here. */
export interface Look {
  /** `[N, B]` */
  readonly values: Float32Array;
  /** 1 where a weight is kept, `[N, B]`. */
  readonly kept: Float32Array;
  /** Of groups, the lowest are pruned first; minus infinity where a group is pruned already. `[N G]` */
  readonly scores: Float32Array;
  readonly inverse: BlockInverse | undefined;
}

/** Prunes the weights of a model, further and further. */
export class Pruner<B extends BatchOf<B>> {
  readonly weights: PrunableWeights;
  readonly options: PruningOptions;
  readonly #source: GradientSource<B>;
  readonly #onGradient: ((done: number, all: number) => void) | undefined;
  readonly #slopes: Compiled<[Traced<B>], Tensor>;
  readonly #take: TakeIn;
  readonly #judge: Compiled<[Tensor, Tensor], Tensor>;
  readonly #move: Compiled<[Tensor, Tensor, Tensor], Tensor>;

  constructor(
    weights: PrunableWeights,
    source: GradientSource<B>,
    options: PruningOptions,
    onGradient?: (done: number, all: number) => void,
  ) {
    const { group, update } = options;
    this.weights = weights;
    this.options = options;
    this.#source = source;
    this.#onGradient = onGradient;
    this.#slopes = compile((batch: Traced<B>) => weights.slopes(source.loss(batch, inference)), {
      name: "slopes of prunable weights",
    });
    this.#take = compileTakeIn(options);
    this.#judge = compile((w: Tensor, inverse: Tensor) => saliency(w, inverse, group), {
      name: "scores of groups",
    });
    this.#move = compile(update === "apart" ? movedApart : movedTogether, { name: "move weights" });
  }

  /**
   * Prunes until a share of the weights is 0.
   *
   * @param steps In how many even steps, each with gradients of its own (section 3.2: recomputations).
   */
  async pruneTo(sparsity: number, steps = 1): Promise<Pruned> {
    const before = await this.sparsity();
    let pruned: Pruned = { sparsity: before };
    for (let step = 1; step <= steps; step++) {
      const look = await this.look();
      pruned = await this.apply(look, before + ((sparsity - before) * step) / steps);
    }
    return pruned;
  }

  /** The share of the weights that is pruned. */
  async sparsity(): Promise<number> {
    const kept = await this.weights.kept();
    return 1 - kept.reduce((sum, one) => sum + one, 0) / this.weights.size;
  }

  /** Takes gradients, and scores the groups. */
  async look(): Promise<Look> {
    const { weights } = this;
    const { method, group } = this.options;
    const [values, kept] = await Promise.all([weights.values(), weights.kept()]);
    const inverse = method === "obert" ? await this.#inverse() : undefined;
    const scores = await this.#scores(values, inverse);
    return { values, kept, scores: marked(scores, kept, group), inverse };
  }

  async #scores(values: Float32Array, inverse: BlockInverse | undefined): Promise<Float32Array> {
    if (inverse) return await this.#saliencies(values, inverse);
    if (this.options.method === "first-order") return await this.#firstOrder(values);
    return grouped(values, this.options.group, (value) => value ** 2);
  }

  /** Prunes what was looked at until a share of the weights is 0. */
  async apply({ values, kept, scores, inverse }: Look, sparsity: number): Promise<Pruned> {
    const { weights } = this;
    const { group } = this.options;
    const wanted = Math.round((sparsity * weights.size) / group);
    const chosen = lowest(scores, wanted + scores.length - weights.groups(group));
    const left = kept.slice();
    let predicted = 0;
    for (const [i, one] of chosen.entries()) {
      if (one === 0) continue;
      left.fill(0, i * group, (i + 1) * group);
      if (scores[i] === Number.NEGATIVE_INFINITY) chosen[i] = 0;
      else predicted += scores[i] as number;
    }
    await weights.set(inverse ? await this.#moved(values, chosen, inverse) : values, left);
    return { sparsity: await this.sparsity(), ...(inverse && { predicted }) };
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    const compiled = [this.#slopes, this.#take, this.#judge, this.#move];
    await Promise.all(compiled.map((one) => one.release()));
  }

  async #inverse(): Promise<BlockInverse> {
    const { gradients, damping } = this.options;
    const { blocks, blockSize } = this.weights;
    const inverse = new BlockInverse(blocks, { blockSize, gradients, damping }, this.#take);
    for await (const slopes of this.#gradients()) await inverse.add(slopes);
    return inverse;
  }

  async *#gradients(): AsyncGenerator<Float32Array> {
    let count = 0;
    while (count < this.options.gradients) {
      for await (const batch of this.#source.batches()) {
        yield (await this.#slopes(batch as never)).data as Float32Array;
        count += 1;
        this.#onGradient?.(count, this.options.gradients);
        if (count === this.options.gradients) break;
      }
    }
  }

  async #saliencies(values: Float32Array, inverse: BlockInverse): Promise<Float32Array> {
    const { group } = this.options;
    const { blocks, blockSize } = this.weights;
    const scores = new Float32Array((blocks * blockSize) / group);
    for await (const { first, inverse: part } of inverse.parts()) {
      const found = await this.#judge(this.#part(values, first, part.shape[0] as number), part);
      scores.set(found.data as Float32Array, (first * blockSize) / group);
    }
    return scores;
  }

  async #moved(values: Float32Array, chosen: Uint8Array, inverse: BlockInverse) {
    const { group, update } = this.options;
    const { blockSize } = this.weights;
    const moved = new Float32Array(values.length);
    const each = update === "apart" ? 1 : group;
    for await (const { first, inverse: part } of inverse.parts()) {
      const count = part.shape[0] as number;
      const start = (first * blockSize) / group;
      const own = chosen.subarray(start, start + (count * blockSize) / group);
      const gone = Float32Array.from(
        { length: own.length * each },
        (_, i) => own[Math.floor(i / each)] as number,
      );
      const pruned = hostTensor(gone, [count, gone.length / count], "float32");
      const found = await this.#move(this.#part(values, first, count), part, pruned);
      moved.set(found.data as Float32Array, first * blockSize);
    }
    return moved;
  }

  /// Molchanov et al. 2017, eq. 6: |w · ∂L/∂w|, the first term of Taylor's series of the loss without the weight.
  async #firstOrder(values: Float32Array): Promise<Float32Array> {
    const sums = new Float32Array(values.length / this.options.group);
    for await (const slopes of this.#gradients()) {
      const own = grouped(slopes, this.options.group, (slope, i) =>
        Math.abs(slope * (values[i] as number)),
      );
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (own[i] as number);
    }
    return sums;
  }

  #part(values: Float32Array, first: number, count: number) {
    const { blockSize } = this.weights;
    const own = values.subarray(first * blockSize, (first + count) * blockSize);
    return hostTensor(own, [count, blockSize], "float32");
  }
}

/** Sums over groups of values that follow each other. */
function grouped(
  values: Float32Array,
  group: number,
  of: (value: number, place: number) => number,
): Float32Array {
  const sums = new Float32Array(values.length / group);
  for (let i = 0; i < values.length; i++) {
    const place = Math.floor(i / group);
    sums[place] = (sums[place] as number) + of(values[i] as number, i);
  }
  return sums;
}

/** Minus infinity where a group is pruned already; a group that only fills up counts so too, and costs nothing. */
function marked(scores: Float32Array, kept: Float32Array, group: number): Float32Array {
  return scores.map((score, i) => {
    const alive = kept.subarray(i * group, (i + 1) * group).some((one) => one === 1);
    return alive ? score : Number.NEGATIVE_INFINITY;
  });
}
