import { compile, type HostTensor, hostTensor, RandomStream, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { swiglu } from "./feed-forward.ts";
import { initialize } from "./model.ts";
import { RMSNorm } from "./rms-norm.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";
import { Transformer } from "./transformer.ts";

const size = { vocabulary: 11, width: 8, depth: 2, heads: 2, length: 6 };

function seeded(): Transformer {
  const model = new Transformer(size);
  initialize(model, 1);
  return model;
}

function ids(values: readonly number[]): HostTensor {
  return hostTensor(values, [1, values.length], "int32");
}

test("its paths are an interface", () => {
  const model = new Transformer({
    ...size,
    depth: 1,
    norm: (width) => new RMSNorm({ width }),
    feedForward: { activation: swiglu, bias: false, ratio: 2 },
  });
  const paths = model.namedParameters().map(([path, { shape }]) => `${path} [${shape.join(",")}]`);
  expect(paths).toEqual([
    "tokens.weight [11,8]",
    "positions.weight [6,8]",
    "blocks.0.attentionNorm.weight [8]",
    "blocks.0.attention.query.weight [8,8]",
    "blocks.0.attention.query.bias [8]",
    "blocks.0.attention.key.weight [8,8]",
    "blocks.0.attention.key.bias [8]",
    "blocks.0.attention.value.weight [8,8]",
    "blocks.0.attention.value.bias [8]",
    "blocks.0.attention.output.weight [8,8]",
    "blocks.0.attention.output.bias [8]",
    "blocks.0.feedForwardNorm.weight [8]",
    "blocks.0.feedForward.expand.weight [16,8]",
    "blocks.0.feedForward.gate.weight [16,8]",
    "blocks.0.feedForward.contract.weight [8,16]",
    "norm.weight [8]",
    "head.weight [11,8]",
  ]);
});

test("a token changes what follows it and nothing before", async () => {
  const model = seeded();
  const logits = compile((x: Tensor) => model.forward(x));
  const first = (await logits(ids([1, 2, 3, 4, 5, 6]))).toArray();
  const other = (await logits(ids([1, 2, 3, 9, 5, 6]))).toArray();
  const rows = (values: readonly number[], from: number, to: number): readonly number[] =>
    values.slice(from * 11, to * 11);
  expect(rows(other, 0, 3)).toEqual(rows(first, 0, 3));
  for (const at of [3, 4, 5]) {
    expect(rows(other, at, at + 1)).not.toEqual(rows(first, at, at + 1));
  }
  const short = (await logits(ids([1, 2, 3]))).toArray();
  for (const [i, value] of short.entries()) expect(value).toBeCloseTo(first[i] as number, 5);
});

test("compiled again, and built again from its seed, it gives the same numbers", async () => {
  const model = seeded();
  const run = (of: Transformer): Promise<{ data: unknown }> =>
    compile((x: Tensor) => of.forward(x))(ids([3, 1, 4, 1, 5, 9]));
  const once = await run(model);
  expect((await run(model)).data).toEqual(once.data);
  expect((await run(seeded())).data).toEqual(once.data);
});

test("drops in training only", async () => {
  const model = new Transformer({ ...size, dropout: 0.3 });
  initialize(model, 1);
  const random = new RandomStream(1);
  const training = compile((x: Tensor) => model.forward(x, { training: true, random }));
  const inferred = compile((x: Tensor) => model.forward(x));
  const plain = await inferred(ids([1, 2, 3]));
  expect((await training(ids([1, 2, 3]))).data).not.toEqual(plain.data);
  expect((await inferred(ids([1, 2, 3]))).data).toEqual(plain.data);
});

test("its blocks' gradients are right", async () => {
  const model = new Transformer(size);
  const through = (x: Tensor): Tensor => {
    const y = model.blocks.reduce((hidden, block) => block.forward(hidden), x);
    return model.head.forward(model.norm.forward(y));
  };
  await checkSlopes(model, through, draws([2, 3, 8]));
});

test("says how long a text may be", async () => {
  const model = seeded();
  const logits = compile((x: Tensor) => model.forward(x));
  await expect(logits(ids([0, 1, 2, 3, 4, 5, 6]))).rejects.toThrow(
    /^positions: needs x \[B, up to 6, 8\], got x \[1, 7, 8\]\. \(in positions/,
  );
});
