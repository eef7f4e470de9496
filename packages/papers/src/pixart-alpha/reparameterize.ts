// D width, P vectors of a modulation

import { type Modulation, ModulationTable } from "@quire/nn";
import { compile, type HostTensor, hostTensor, QuireError, type Tensor } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import type { DiffusionTransformer } from "./transformer.ts";

/**
 * Gives a transformer of adaLN-single what a prior with an adaLN in each block has learned, so that both say exactly the
 * same at one time (section 2.3): E of each block is what the block's own adaLN gives at that time, less what all share.
 *
 * What is shared, f(t), is free: here it is the mean of the blocks' layers, the nearest to all of them at other times.
 * What reads captions stays as it begins, at zero. A prior of classes gives what it says of none.
 *
 * @throws QuireError when the sizes of both differ, or one is not of its kind.
 */
export async function reparameterize(
  prior: DiffusionTransformer,
  network: DiffusionTransformer,
  time: number,
): Promise<void> {
  checkPair(prior, network);
  const known = await modelTensors(prior);
  const values = new Map(await modelTensors(network));
  for (const [path, { shape }] of values) {
    const own = known.get(path);
    const isOther = /(^|\.)(modulation|shared|last)\./.test(path);
    if (own && !isOther && own.shape.join() === shape.join()) values.set(path, own);
  }
  const blocks = prior.blocks.map(({ modulation }) => modulation as Modulation);
  for (const name of ["weight", "bias"]) {
    const all = blocks.map((_, i) => known.get(`blocks.${i}.modulation.linear.${name}`));
    values.set(`shared.linear.${name}`, meanOf(all as HostTensor[]));
  }
  await loadModel(network, values);
  const at = await vectorsAt(prior, network, time);
  at.blocks.forEach((vectors, i) => {
    values.set(
      `blocks.${i}.modulation.weight`,
      rowsOf(minus(vectors, at.shared), network.options.width),
    );
  });
  values.set(
    "last.weight",
    rowsOf(minus(at.last, [...at.time, ...at.time]), network.options.width),
  );
  await loadModel(network, values);
}

/** What both give at a time, numbers in a row. */
interface VectorsAt {
  readonly blocks: readonly (readonly number[])[];
  readonly last: readonly number[];
  readonly shared: readonly number[];
  readonly time: readonly number[];
}

async function vectorsAt(
  prior: DiffusionTransformer,
  network: DiffusionTransformer,
  time: number,
): Promise<VectorsAt> {
  const evaluate = compile((times: Tensor) => {
    const condition = prior.condition(times);
    const own = network.condition(times);
    const { shared } = network;
    if (!condition || !own || !shared) throw new Error("checkPair lets no such pair pass.");
    return {
      blocks: prior.blocks.map(({ modulation }) => (modulation as Modulation).forward(condition)),
      last: (prior.last as Modulation).forward(condition),
      shared: shared.forward(own),
      time: own,
    };
  });
  const found = await evaluate(hostTensor(Float32Array.of(time), [1], "float32"));
  await evaluate.release();
  return {
    blocks: found.blocks.map((vectors) => vectors.toArray()),
    last: found.last.toArray(),
    shared: found.shared.toArray(),
    time: found.time.toArray(),
  };
}

function checkPair(prior: DiffusionTransformer, network: DiffusionTransformer): void {
  const [from, to] = [prior.options, network.options];
  const isOf =
    from.modulation === "block" && to.modulation === "single" && !network.size && !network.aspect;
  const isAlike =
    from.width === to.width &&
    from.depth === to.depth &&
    from.ratio === to.ratio &&
    from.images.out === to.images.out &&
    from.images.patch === to.images.patch;
  if (isOf && isAlike && network.last instanceof ModulationTable) return;
  throw new QuireError(
    "reparameterize: takes a prior with an adaLN in each block and a transformer of adaLN-single of the same width, " +
      "depth, ratio and patches, without micro-conditions.",
  );
}

function meanOf(tensors: readonly HostTensor[]): HostTensor {
  const [first] = tensors as [HostTensor];
  const sum = new Float64Array(first.data.length);
  for (const { data } of tensors) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + Number(data[i]);
  }
  return hostTensor(
    Float32Array.from(sum, (value) => value / tensors.length),
    first.shape,
  );
}

function minus(first: readonly number[], second: readonly number[]): Float32Array {
  return Float32Array.from(first, (value, i) => value - (second[i] as number));
}

function rowsOf(values: Float32Array, width: number): HostTensor {
  return hostTensor(values, [values.length / width, width], "float32");
}
