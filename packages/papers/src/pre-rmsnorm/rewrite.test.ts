import {
  Attention,
  Encoder,
  FeedForward,
  initialize,
  LayerNorm,
  Linear,
  Module,
  PatchEmbedding,
  RMSNorm,
  Transformer,
} from "@quire/nn";
import {
  add,
  compile,
  div,
  exportOnnx,
  gather,
  gradients,
  type HostTensor,
  hostTensor,
  importOnnx,
  matmul,
  mean,
  mul,
  pow,
  Random,
  record,
  sqrt,
  sub,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { expect, test } from "vitest";
import { NormConversion } from "./folding.ts";
import { foundNorms, type NormKind } from "./found-norms.ts";
import { rewriteNorms } from "./rewrite.ts";

const random = new Random(4);
const draws = (count: number): number[] => Array.from({ length: count }, () => random.normal());

/** Gives every parameter values that make a mistake show: norms' scales and shifts too. */
async function shaken<M extends Module>(model: M): Promise<M> {
  initialize(model, 1);
  for (const [, variable] of model.namedParameters()) {
    const value = await variable.get();
    const moved = value.toArray().map((one) => one + 0.3 * random.normal() + 0.1);
    await variable.set(hostTensor(moved, value.shape));
  }
  return model;
}

/** The largest difference of two results over the largest value. */
function distance(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / scale;
}

type Shown = readonly [norms: number, kind: NormKind];

/** The kinds of norms in a function once it is converted, and how far its results lie from before. */
async function converted(
  fn: (x: Tensor) => Tensor,
  x: HostTensor,
  ...kinds: readonly NormKind[]
): Promise<{ distance: number; norms: Shown[]; why: string[] }> {
  const before = (await compile(fn)(x)).toArray();
  const steps = kinds.map((to) => new NormConversion(to));
  const apply: NormConversion["apply"] = async (recording) => {
    let changed = recording;
    for (const step of steps) changed = await step.apply(changed);
    return changed;
  };
  const after = (await compile(fn, { transform: { apply } })(x)).toArray();
  const { graph } = await apply(record(fn, [x]));
  const nodes = new Set(graph.outputs.map(({ node }) => node));
  for (const node of nodes) for (const { node: inner } of node.inputs) nodes.add(inner);
  const found = new Map<NormKind, number>();
  for (const { kind } of foundNorms([...nodes])) found.set(kind, (found.get(kind) ?? 0) + 1);
  const why = steps.flatMap(({ streams }) => streams.left.map((left) => left.why));
  return {
    distance: distance(before, after),
    norms: [...found].map(([kind, norms]) => [norms, kind]),
    why,
  };
}

const ids = hostTensor(
  Int32Array.from({ length: 12 }, (_, i) => (i * 5) % 11),
  [2, 6],
);
const shape = { width: 16, depth: 2, heads: 2 };

const gpt = await shaken(new Transformer({ vocabulary: 11, ...shape, length: 6 }));
const block = { width: 16, attention: { heads: 2 } };
const bert = await shaken(new Encoder({ depth: 2, block }));
const embedding = await shaken(new Transformer({ vocabulary: 11, ...shape, depth: 0, length: 6 }));
const bertOf = (x: Tensor): Tensor =>
  bert.forward(embedding.positions.forward(embedding.tokens.forward(x)));
/** Blocks as CCT has them: the sum after attention is normed, and what that gives is the sum that goes on. */
class Compact extends Module {
  readonly patches = new PatchEmbedding({ in: 3, width: 16, patch: 4 });
  readonly blocks = [0, 1].map(() => ({
    norm: new LayerNorm({ width: 16 }),
    attention: new Attention({ width: 16, heads: 2 }),
    sumNorm: new LayerNorm({ width: 16 }),
    feedForward: new FeedForward({ width: 16 }),
  }));
  readonly norm = new LayerNorm({ width: 16 });
  readonly head = new Linear({ in: 16, out: 4 });

  /** `[B, 3, H, W] -> [B, N, 4]` */
  forward(pictures: Tensor): Tensor {
    let x = this.patches.forward(pictures);
    for (const { norm, attention, sumNorm, feedForward } of this.blocks) {
      x = sumNorm.forward(add(x, attention.forward(norm.forward(x))));
      x = add(x, feedForward.forward(x));
    }
    return this.head.forward(this.norm.forward(x));
  }
}

const images = hostTensor(draws(2 * 3 * 8 * 8), [2, 3, 8, 8]);
const compact = await shaken(new Compact());

const afterSum =
  "it stands after the sum (Post-LN): one norm reads a sum into which a value comes that no weights make, another norm's output";

const kinds = ["pre-rmsnorm", "pre-crmsnorm"] as const;

test.each(kinds)("a GPT computes the same as a %s, and again as Pre-LN", async (to) => {
  const fn = (x: Tensor): Tensor => gpt.forward(x);
  const there = await converted(fn, ids, to);
  expect(there.norms).toEqual([[5, to]]);
  expect(there.why).toEqual([]);
  expect(there.distance).toBeLessThan(1e-5);
  const back = await converted(fn, ids, to, "pre-ln");
  expect(back.norms).toEqual([[5, "pre-ln"]]);
  expect(back.distance).toBeLessThan(1e-5);
});

test.each(kinds)(
  "an encoder like BERT's whose norms come first computes the same as a %s",
  async (to) => {
    const there = await converted(bertOf, ids, to);
    expect(there.norms).toEqual([[5, to]]);
    expect(there.distance).toBeLessThan(1e-5);
  },
);

test.each(kinds)("a compact vision transformer computes the same as a %s", async (to) => {
  const there = await converted((x) => compact.forward(x), images, to);
  expect(there.distance).toBeLessThan(1e-5);
  // The paper of CCT norms the sum once in a block: what follows reads that, and the last norm reads it alone.
  expect(there.norms).toEqual([
    [1, "pre-ln"],
    [4, to],
  ]);
  expect(there.why).toEqual([afterSum]);
});

test("from one form without a mean to the other", async () => {
  const fn = (x: Tensor): Tensor => gpt.forward(x);
  for (const [from, to] of [kinds, kinds.toReversed()] as [NormKind, NormKind][]) {
    const there = await converted(fn, ids, from, to);
    expect(there.norms).toEqual([[5, to]]);
    expect(there.distance).toBeLessThan(1e-5);
  }
});

test("norms after the sum stay, and it is said why", async () => {
  const post = await shaken(new Encoder({ depth: 2, block: { ...block, order: "post" } }));
  const x = hostTensor(draws(2 * 6 * 16), [2, 6, 16]);
  const there = await converted((input) => post.forward(input), x, "pre-rmsnorm");
  expect(there.norms).toEqual([[4, "pre-ln"]]);
  expect(there.distance).toBe(0);
  const fed =
    "one norm reads a sum into which a value comes that no weights make, such as that of input";
  expect(there.why).toEqual([fed, afterSum, afterSum, afterSum]);
});

test("an RMSNorm of values with a mean becomes no LayerNorm", async () => {
  const model = new Transformer({
    ...{ vocabulary: 11, ...shape, length: 6 },
    norm: (width) => new RMSNorm({ width }),
  });
  await shaken(model);
  const there = await converted((x) => model.forward(x), ids, "pre-ln");
  expect(there.norms).toEqual([[5, "pre-rmsnorm"]]);
  expect(there.why).toEqual(
    new Array(5).fill(
      "it is an RMSNorm of values whose mean is not zero, which no LayerNorm equals",
    ),
  );
});

test("a sum that others read too keeps its mean", async () => {
  const fn = (x: Tensor): Tensor => {
    const sum = embedding.tokens.forward(x);
    return add(bert.norm?.forward(sum) as Tensor, sum);
  };
  const there = await converted(fn, ids, "pre-rmsnorm");
  expect(there.why).toEqual(["what it normalises is also read by add, which needs the mean"]);
  expect(there.distance).toBe(0);
});

test.each(kinds)("norms that are spelt out become %s, and so do those of a file", async (to) => {
  const [table, weight, scale, shift] = [[11, 16], [16, 5], [16], [16]].map((sizes) => {
    const count = sizes.reduce((product, size) => product * size, 1);
    return new Variable(sizes, { initial: hostTensor(draws(count), sizes) });
  }) as [Variable, Variable, Variable, Variable];
  const fn = (x: Tensor): Tensor => {
    const sum = gather(table, x);
    const centred = sub(sum, mean(sum, { axes: [2], keepDims: true }));
    const variance = mean(pow(centred, 2), { axes: [2], keepDims: true });
    const normed = div(centred, sqrt(add(variance, 1e-5)));
    return matmul(add(mul(normed, scale), shift), weight);
  };
  const there = await converted(fn, ids, to);
  expect(there.norms).toEqual([[1, to]]);
  expect(there.distance).toBeLessThan(1e-5);
  const { model } = await exportOnnx((x: Tensor) => ({ y: gpt.forward(x) }), {
    inputs: { x: { shape: ["batch", 6], dtype: "int32" } },
    transform: new NormConversion(to),
  });
  const file = importOnnx(model);
  const read = (x: Tensor): Tensor => file.forward({ x })["y"] as Tensor;
  const back = await converted(read, ids, "pre-ln");
  expect(back.norms).toEqual([[5, "pre-ln"]]);
  expect(back.distance).toBeLessThan(1e-5);
  const whole = (await compile((x: Tensor) => gpt.forward(x))(ids)).toArray();
  expect(distance(whole, (await compile(read)(ids)).toArray())).toBeLessThan(1e-5);
});

test("gradients go through the recentring: training is the same", async () => {
  const step = (to?: NormKind) =>
    compile((x: Tensor) => {
      const logits = gpt.forward(x);
      const [output] = to ? rewriteNorms([logits], to).outputs : [logits];
      return gradients(mean(mul(output as Tensor, output as Tensor)), gpt.parameters());
    });
  const plain = await step()(ids);
  for (const to of kinds) {
    const other = await step(to)(ids);
    for (const [i, gradient] of plain.entries()) {
      const size = Math.max(...gradient.toArray().map(Math.abs), 1e-3);
      const far = gradient.toArray().map((value, k) => {
        return Math.abs(value - ((other[i] as HostTensor).toArray()[k] as number));
      });
      expect(Math.max(...far) / size).toBeLessThan(1e-4);
    }
  }
});
