import {
  add,
  compile,
  type HostTensor,
  hostTensor,
  matmul,
  reshape,
  slice,
  split,
  stack,
  type Tensor,
  tanh,
  transpose,
  Variable,
  where,
} from "@quire/tensor";
import { expect, test } from "vitest";
import { alibi, localWindow } from "./attention-bias.ts";
import { Embedding } from "./embedding.ts";
import { Encoder, type EncoderOptions } from "./encoder.ts";
import { toHeads } from "./heads.ts";
import { normal } from "./initial.ts";
import { headSlopes } from "./linear-attention/decay.ts";
import { linearAttention } from "./linear-attention.ts";
import { Llama } from "./llama.ts";
import { attendToSums } from "./memory/linear-sums.ts";
import type { Reading } from "./memory/reading.ts";
import { Memory, type MemoryOptions } from "./memory.ts";
import { initialize } from "./model.ts";
import { inference, Module } from "./module.ts";
import { fused } from "./projections.ts";
import { rotary } from "./rotary.ts";
import { expectNear } from "./testing/near.ts";
import { Transformer } from "./transformer.ts";

const [vocabulary, width, length] = [11, 16, 12];
const texts = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  [7, 7, 1, 0, 3, 5, 2, 8, 1, 4],
];
/** How many tokens of each text are read at once. */
const counts = [5, 3];

interface LanguageModel extends Module {
  forward(ids: Tensor, mode?: typeof inference, inputs?: { reading?: Reading }): Tensor;
}

class Blocks extends Module {
  readonly tokens = new Embedding({ count: vocabulary, width });
  readonly encoder: Encoder;

  constructor(attention: EncoderOptions["block"]["attention"]) {
    super();
    this.encoder = new Encoder({ depth: 2, block: { width, attention } });
  }

  forward(ids: Tensor, _ = inference, inputs: { reading?: Reading } = {}): Tensor {
    const y = this.encoder.forward(this.tokens.forward(ids), inference, inputs);
    const last = inputs.reading ? inputs.reading.last(y) : y;
    return matmul(last, this.tokens.weight, { transposeB: true });
  }
}

/** h' = tanh(e + h W): keeps its carry, and leaves it alone at padding. */
class Recurrence extends Module {
  readonly tokens = new Embedding({ count: vocabulary, width });
  readonly weight = new Variable([width, width], { initial: normal(0.3) });

  forward(ids: Tensor, _ = inference, { reading }: { reading?: Reading } = {}): Tensor {
    const [batch, tokens] = ids.shape as [number, number];
    const x = this.tokens.forward(ids);
    const start = new Variable([batch, width]);
    let carry = reading ? reading.recall(this, "carry", [width]) : start.tensor;
    const outputs: Tensor[] = [];
    for (let t = 0; t < tokens; t++) {
      const at = (y: Tensor, size: number): Tensor =>
        reshape(slice(y, [t], [t + 1], { axes: [1] }), [batch, size]);
      const next = tanh(add(at(x, width), matmul(carry, this.weight)));
      carry = reading ? where(at(reading.real, 1), next, carry) : next;
      outputs.push(matmul(carry, this.tokens.weight, { transposeB: true }));
    }
    reading?.keep(this, "carry", carry);
    const last = reshape(outputs.at(-1) as Tensor, [batch, 1, vocabulary]);
    return reading ? last : stack(outputs, 1);
  }
}

/** Linear attention with decay, whose sums a memory keeps. */
class Sums extends Module {
  readonly tokens = new Embedding({ count: vocabulary, width });
  readonly queryKeyValue = new Variable([width, 3 * width], { initial: normal(0.3) });

  forward(ids: Tensor, _ = inference, { reading }: { reading?: Reading } = {}): Tensor {
    const x = this.tokens.forward(ids);
    const all = split(matmul(x, this.queryKeyValue), [width, width, width], -1);
    const operands = all.map((y) => toHeads(y, 2)) as [Tensor, Tensor, Tensor];
    const options = { slopes: headSlopes(2), block: 4 };
    const mixed = reading
      ? attendToSums(reading, this, operands, options)
      : linearAttention(operands, options);
    const flat = reshape(transpose(mixed, [0, 2, 1, 3]), x.shape);
    const last = reading ? reading.last(flat) : flat;
    return matmul(last, this.tokens.weight, { transposeB: true });
  }
}

function seeded<M extends Module>(model: M): M {
  initialize(model, 5);
  return model;
}

function ids(rows: readonly (readonly number[])[]): HostTensor {
  return hostTensor(rows.flat(), [rows.length, rows[0]?.length ?? 0], "int32");
}

/** The logits after each prefix of each text, all read at once. */
async function uncached(model: LanguageModel): Promise<number[][][]> {
  const logits = await compile((ids: Tensor) => model.forward(ids))(ids(texts));
  const values = logits.toArray();
  return texts.map((text, row) =>
    text.map((_, at) =>
      values.slice((row * 10 + at) * vocabulary, (row * 10 + at + 1) * vocabulary),
    ),
  );
}

async function expectSame(model: LanguageModel, options: Partial<MemoryOptions> = {}) {
  const memory = new Memory({ rows: texts.length, length, ...options });
  const begin = compile((ids: Tensor, counts: Tensor) =>
    model.forward(ids, inference, { reading: memory.begin(ids.shape[1] as number, counts) }),
  );
  const next = compile((ids: Tensor) => model.forward(ids, inference, { reading: memory.next() }));
  const wanted = await uncached(model);
  const compare = (logits: HostTensor, read: readonly number[]): void => {
    const rows = read.flatMap((end, row) => wanted[row]?.[end - 1] ?? []);
    expectNear(logits, [texts.length, 1, vocabulary], rows, 2e-5);
  };
  // Twice: what a memory kept of other texts must not show.
  for (let round = 0; round < 2; round++) {
    const padded = texts.map((text, row) =>
      text.slice(0, 5).map((id, at) => (at < (counts[row] as number) ? id : 10)),
    );
    compare(await begin(ids(padded), hostTensor(counts, [2], "int32")), counts);
    for (let step = 0; step < 5; step++) {
      const tokens = texts.map((text, row) => [text[(counts[row] as number) + step] as number]);
      compare(
        await next(ids(tokens)),
        counts.map((count) => count + step + 1),
      );
    }
  }
  expect([begin.traces, next.traces]).toEqual([1, 1]);
}

const heads = { count: 4, keyValue: 2 };
const models: [string, () => LanguageModel, Partial<MemoryOptions>?][] = [
  ["learned positions", () => new Transformer({ vocabulary, width, depth: 2, heads: 2, length })],
  ["rotary positions, shared keys", () => new Blocks({ heads, causal: true, rotary: rotary() })],
  [
    "rotary positions in pairs, fused projections",
    () =>
      new Blocks({
        heads,
        causal: true,
        rotary: rotary({ base: 100, layout: "pairs" }),
        projections: fused(),
      }),
  ],
  ["a bias of positions", () => new Blocks({ heads: 2, causal: true, bias: alibi })],
  ["a mask of positions", () => new Blocks({ heads: 2, causal: true, bias: localWindow(2) })],
  ["a recurrence", () => new Recurrence()],
  ["linear attention", () => new Sums()],
  ["LLaMA's parts", () => new Llama({ vocabulary, width, depth: 2, heads: 2, feedForward: 24 })],
];

for (const [name, make, options] of models) {
  test(`read token by token, a model with ${name} says what it says of the whole text`, async () => {
    await expectSame(seeded(make()), options);
  });
}

for (const window of [1, 3, 4, 7]) {
  test(`a memory of the last ${window} tokens is attention to a window`, async () => {
    const attention = { heads, causal: true, rotary: rotary() };
    const whole = seeded(new Blocks({ ...attention, bias: localWindow(window - 1) }));
    const model = seeded(new Blocks(attention));
    const run = model.forward.bind(model);
    // The same weights: without a reading, the model that masks; with one, the one that keeps a window.
    const both: LanguageModel = Object.assign(model, {
      forward: (ids: Tensor, mode = inference, inputs: { reading?: Reading } = {}) =>
        inputs.reading ? run(ids, mode, inputs) : whole.forward(ids),
    });
    await expectSame(both, { window });
  });
}

test("rows go on from copies of other rows", async () => {
  const model = seeded(new Transformer({ vocabulary, width, depth: 1, heads: 2, length }));
  const memory = new Memory({ rows: 2, length });
  const begin = compile((ids: Tensor, counts: Tensor) =>
    model.forward(ids, inference, { reading: memory.begin(5, counts) }),
  );
  const swapped = compile((ids: Tensor, from: Tensor) =>
    model.forward(ids, inference, { reading: memory.next(from) }),
  );
  await begin(ids(texts.map((text) => text.slice(0, 5))), hostTensor([5, 3], [2], "int32"));
  const got = await swapped(ids([[9], [9]]), hostTensor([1, 1], [2], "int32"));
  const run = compile((ids: Tensor) => model.forward(ids));
  const wanted = (await run(ids([[...(texts[1] as number[]).slice(0, 3), 9]])))
    .toArray()
    .slice(-11);
  expectNear(got, [2, 1, vocabulary], [...wanted, ...wanted], 2e-5);
});

test("what cannot go on from a reading says so", async () => {
  const run = (model: LanguageModel, window?: number) => {
    const memory = new Memory({ rows: 1, length, ...(window === undefined ? {} : { window }) });
    return compile((ids: Tensor, counts: Tensor) =>
      model.forward(ids, inference, { reading: memory.begin(2, counts) }),
    )(ids([[1, 2]]), hostTensor([2], [1], "int32"));
  };
  await expect(run(seeded(new Blocks({ heads: 2 })))).rejects.toThrow(
    /^Attention: only causal attention to its own input, without a mask, goes on from a reading\./,
  );
  await expect(run(seeded(new Blocks({ heads: 2, causal: true, bias: alibi })), 4)).rejects.toThrow(
    /^Memory: a window keeps no positions for an attention bias; leave the window out, or the bias\./,
  );
  expect(() => new Memory({ rows: 0, length })).toThrow(
    /^Memory: rows, length and window are whole numbers from 1 up, got 0, 12\./,
  );
});
