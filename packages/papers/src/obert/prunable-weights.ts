// N blocks, B weights of a block

import type { Module } from "@quire/nn";
import {
  classifierHead,
  concat,
  gradients,
  HostTensor,
  mul,
  pad,
  productWeights,
  QuireError,
  record,
  reshape,
  sizeOf,
  Tensor,
  type Tree,
  Variable,
} from "@quire/tensor";
import type { System } from "../system.ts";

/** A weight that may be pruned, which of it is kept, and which blocks hold it. */
export interface PrunableWeight {
  readonly path: string;
  readonly variable: Variable;
  /** 1 where a weight is kept, 0 where it is pruned. */
  readonly mask: Variable;
  readonly firstBlock: number;
  readonly blocks: number;
}

/** Stands for a free size that nothing is known of. */
const FREE_SIZE = 16;

/**
 * Paths of the weights that the paper prunes (section 4, appendix A.2): those that what a model is given is multiplied
 * by, in linear layers and convolutions; no tables of embeddings, no biases, no norms, and neither the classifier on
 * top nor BERT's pooler below it.
 *
 * @param keep which further paths are left as they are.
 */
export function prunablePaths(
  { model, exported }: Pick<System, "model" | "exported">,
  keep: (path: string) => boolean = () => false,
): string[] {
  const { inputs, samples = {} } = exported;
  let found: readonly Variable[] = [];
  const types = Object.values(inputs).map(({ shape, dtype = "float32" }) => {
    const sizes = shape.map((size, axis) =>
      typeof size === "number" ? size : (samples[size]?.[0] ?? (axis === 0 ? 2 : FREE_SIZE)),
    );
    return { dtype, shape: sizes };
  });
  record((...given: Tensor[]) => {
    const result = exported.run(...given);
    const outputs = tensorsIn(result);
    const heads = outputs.flatMap((output) =>
      output.shape.length === 2 ? (classifierHead(output)?.variables ?? []) : [],
    );
    found = productWeights(...outputs).filter((variable) => !heads.includes(variable));
    return result;
  }, types);
  return model
    .namedParameters()
    .filter(
      ([path, variable]) => found.includes(variable) && !path.includes("pooler.") && !keep(path),
    )
    .map(([path]) => path);
}

function tensorsIn(tree: Tree<Tensor>): Tensor[] {
  return tree instanceof Tensor ? [tree] : Object.values(tree).flatMap(tensorsIn);
}

/**
 * Weights of a model as blocks: each is flattened and cut into pieces of B, the last of which is filled up with zeros.
 */
export class PrunableWeights {
  readonly weights: readonly PrunableWeight[];
  readonly blockSize: number;
  /** How many blocks there are. */
  readonly blocks: number;
  /** How many weights there are. */
  readonly size: number;

  /** @throws QuireError when no path is given, or one is no parameter of the model. */
  constructor(model: Module, paths: readonly string[], blockSize: number) {
    const known = new Map(model.namedState());
    let blocks = 0;
    this.weights = paths.map((path) => {
      const variable = known.get(path);
      if (!variable)
        throw new QuireError(`the model has no weight "${path}" that could be pruned.`);
      const name = `mask.${path}`;
      const mask = new Variable(variable.shape, { name, initial: 1, trainable: false });
      const own = { firstBlock: blocks, blocks: Math.ceil(sizeOf(variable.shape) / blockSize) };
      blocks += own.blocks;
      return { path, variable, mask, ...own };
    });
    if (blocks === 0) {
      throw new QuireError("the model has no weights that could be pruned.");
    }
    this.blockSize = blockSize;
    this.blocks = blocks;
    this.size = this.weights.reduce((sum, { variable }) => sum + sizeOf(variable.shape), 0);
  }

  /** How many groups of weights that follow each other there are, those that only fill up blocks left out. */
  groups(size: number): number {
    return this.weights.reduce((sum, { mask }) => sum + Math.ceil(sizeOf(mask.shape) / size), 0);
  }

  /** Slopes of a loss by those weights that are kept, and 0 for the others, traced. `[] -> [N, B]` */
  slopes(loss: Tensor): Tensor {
    const { blockSize, weights } = this;
    const found = gradients(
      loss,
      weights.map(({ variable }) => variable),
    );
    const rows = weights.map(({ mask, blocks }, i) => {
      const flat = reshape(mul(found[i] as Tensor, mask), [sizeOf(mask.shape)]);
      const filled = pad(flat, { before: [0], after: [blocks * blockSize - sizeOf(mask.shape)] });
      return reshape(filled, [blocks, blockSize]);
    });
    return concat(rows);
  }

  /** The values as blocks, `[N, B]`. */
  values(): Promise<Float32Array> {
    return this.#gathered(({ variable }) => variable);
  }

  /** 1 where a weight is kept, as blocks, `[N, B]`; 0 where it is pruned, and where a block is filled up. */
  kept(): Promise<Float32Array> {
    return this.#gathered(({ mask }) => mask);
  }

  /** Gives the weights their values, and says which are kept; the others become 0. */
  async set(values: Float32Array, kept: Float32Array): Promise<void> {
    for (const { variable, mask, firstBlock } of this.weights) {
      const { shape } = variable;
      const start = firstBlock * this.blockSize;
      const cut = (of: Float32Array): Float32Array => of.slice(start, start + sizeOf(shape));
      const [own, ones] = [cut(values), cut(kept)];
      for (let i = 0; i < own.length; i++) if (ones[i] === 0) own[i] = 0;
      await variable.set(new HostTensor("float32", shape, own));
      await mask.set(new HostTensor("float32", shape, ones));
    }
  }

  /** The share of each weight that is 0, by its path. */
  async shares(): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { path, mask } of this.weights) {
      const ones = (await mask.get()).data as Float32Array;
      found[path] = 1 - ones.reduce((sum, one) => sum + one, 0) / ones.length;
    }
    return found;
  }

  async #gathered(part: (weight: PrunableWeight) => Variable): Promise<Float32Array> {
    const values = new Float32Array(this.blocks * this.blockSize);
    for (const weight of this.weights) {
      values.set(
        (await part(weight).get()).data as Float32Array,
        weight.firstBlock * this.blockSize,
      );
    }
    return values;
  }
}
