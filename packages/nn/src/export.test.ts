import { compile, exportOnnx, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { BatchNorm } from "./batch-norm.ts";
import { Convolution } from "./convolution.ts";
import { Embedding } from "./embedding.ts";
import { Encoder } from "./encoder.ts";
import { Linear } from "./linear.ts";
import { initialize } from "./model.ts";
import { Module } from "./module.ts";
import { PatchEmbedding } from "./patch-embedding.ts";
import { SinePositions } from "./positions.ts";
import { rotary } from "./rotary.ts";
import { SequencePooling } from "./sequence-pooling.ts";
import { expectNear } from "./testing/near.ts";
import { draws } from "./testing/slopes.ts";
import { Transformer } from "./transformer.ts";

class Pictures extends Module {
  readonly convolution = new Convolution({ in: 1, out: 3, kernel: [3, 3] }, { padding: "same" });
  readonly norm = new BatchNorm({ channels: 3 });
  readonly patches = new PatchEmbedding({ in: 3, width: 8, patch: 2 });
  readonly positions = new SinePositions({ length: 12, width: 8 });
  readonly encoder = new Encoder({ depth: 2, block: { width: 8, attention: { heads: 2 } } });
  readonly pooling = new SequencePooling({ width: 8 });

  forward(x: Tensor): Tensor {
    const patches = this.patches.forward(this.norm.forward(this.convolution.forward(x)));
    return this.pooling.forward(this.encoder.forward(this.positions.forward(patches)));
  }
}

/** What a bare session of ONNX Runtime gives. */
async function bare(model: Uint8Array, feed: HostTensor): Promise<Float32Array> {
  const session = await InferenceSession.create(model);
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  const values = new OrtTensor(feed.dtype, feed.data as Float32Array, feed.shape);
  const result = await session.run({ [input]: values });
  await session.release();
  return (result[output] as OrtTensor).data as Float32Array;
}

test("a vision model exported with a free batch gives the same numbers anywhere", async () => {
  const model = new Pictures();
  initialize(model, 2);
  const { model: bytes } = await exportOnnx((images: Tensor) => model.forward(images), {
    inputs: { images: { shape: ["batch", 1, 6, 8] } },
    outputs: ["vector"],
  });
  const run = compile((images: Tensor) => model.forward(images));
  for (const batch of [1, 7]) {
    const images = draws([batch, 1, 6, 8], batch);
    const wanted = await run(images);
    expectNear(wanted, [batch, 8], [...(await bare(bytes, images))]);
  }
});

/** Rotary positions and shared keys. */
class Turned extends Module {
  readonly tokens = new Embedding({ count: 11, width: 16 });
  readonly encoder = new Encoder({
    depth: 1,
    block: {
      width: 16,
      attention: { heads: { count: 4, keyValue: 2 }, causal: true, rotary: rotary() },
    },
  });
  readonly head = new Linear({ in: 16, out: 11 });

  forward(ids: Tensor): Tensor {
    return this.head.forward(this.encoder.forward(this.tokens.forward(ids)));
  }
}

test.each([
  ["learned", () => new Transformer({ vocabulary: 11, width: 8, depth: 2, heads: 2, length: 6 })],
  ["rotary", () => new Turned()],
])("a language model of %s positions is exported with a free length too", async (_, make) => {
  const model = make();
  initialize(model, 2);
  const { model: bytes } = await exportOnnx((ids: Tensor) => model.forward(ids), {
    inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
    outputs: ["logits"],
    samples: { length: [2, 3, 5] },
  });
  const run = compile((ids: Tensor) => model.forward(ids));
  for (const [batch, length] of [
    [1, 1],
    [1, 6],
    [7, 4],
    [2, 5],
  ] as const) {
    const values = Array.from({ length: batch * length }, (_, i) => (3 * i + 1) % 11);
    const ids = hostTensor(values, [batch, length], "int32");
    const wanted = await run(ids);
    expect(wanted.shape).toEqual([batch, length, 11]);
    expectNear(wanted, wanted.shape, [...(await bare(bytes, ids))]);
  }
});
