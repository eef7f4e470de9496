import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import { Variable } from "../graph/variable.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import {
  add,
  arange,
  causalMask,
  concat,
  conv,
  embedding,
  gelu,
  layerNorm,
  matmul,
  mean,
  mul,
  randomUniform,
  reshape,
  scaledDotProductAttention,
  softmax,
  sum,
  transpose,
  where,
} from "../ops/index.ts";
import { Random } from "../random/random.ts";
import { saveOnnx } from "../run/node-files.ts";
import { withScope } from "../scope.ts";
import { sizeOf } from "../shape.ts";
import { runBare } from "../testing/bare-session.ts";
import { expectClose } from "../testing/references.ts";
import { type ExportedModel, exportOnnx } from "./export.ts";
import { decodeModel } from "./proto.ts";

function drawn(shape: readonly number[], seed: number): HostTensor {
  const random = new Random(seed);
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.uniform() - 0.5),
    shape,
  );
}

function weight(name: string, ...shape: number[]): Variable {
  return new Variable(shape, { name, initial: drawn(shape, shape.length + name.length) });
}

const width = 8;
const patches = weight("patches", width, 1, 4, 4);
const [query, key, value] = ["query", "key", "value"].map((name) => weight(name, width, width));
const scale = weight("norm.scale", width);
const shift = weight("norm.shift", width);
const head = weight("head", 5, width);

function heads(x: Tensor, projection: Variable | undefined): Tensor {
  const [batch, length] = x.shape as [number, number, number];
  const projected = matmul(x, projection as Variable, { transposeB: true });
  return transpose(reshape(projected, [batch, length, 2, width / 2]), [0, 2, 1, 3]);
}

function attended(x: Tensor, options: Parameters<typeof scaledDotProductAttention>[3]): Tensor {
  const y = scaledDotProductAttention(heads(x, query), heads(x, key), heads(x, value), options);
  return add(x, reshape(transpose(y, [0, 2, 1, 3]), x.shape));
}

/** Images to logits: patches by a convolution, one block of attention, the mean over places. */
function classify(images: Tensor): { logits: Tensor } {
  const grid = conv(images, patches, undefined, { stride: 4 });
  const [batch, channels, rows, columns] = grid.shape as [number, number, number, number];
  const tokens = transpose(reshape(grid, [batch, channels, rows * columns]));
  const x = gelu(layerNorm(attended(tokens, {}), scale, shift));
  return { logits: matmul(mean(x, { axes: 1 }), head, { transposeB: true }) };
}

const table = weight("embedding", 11, width);
const places = weight("positions", 64, width);

/** Identifiers to the next one's logits; length enters by positions and the causal mask. */
function predict(ids: Tensor): Tensor {
  const [, length] = ids.shape as [number, number];
  const x = add(embedding(table, ids), embedding(places, arange(length)));
  const scores = matmul(x, x, { transposeB: true, alpha: 0.3 });
  const masked = mul(softmax(scores), reshape(castMask(length), [1, length, length]));
  const y = attended(add(x, matmul(masked, x)), { causal: true });
  return matmul(layerNorm(y, scale, shift), table, { transposeB: true });
}

function castMask(length: number): Tensor {
  return where(causalMask(length), 1, 0);
}

describe("exportOnnx", () => {
  test("gives the same numbers in a plain session, whatever the batch", async () => {
    const { model } = await exportOnnx(classify, {
      inputs: { images: { shape: ["batch", 1, 8, 12] } },
      metadata: { system: "test" },
    });
    const ours = compile(classify);
    for (const batch of [1, 2, 7]) {
      const images = drawn([batch, 1, 8, 12], batch);
      const { logits } = await runBare(model, { images });
      expectClose(logits as HostTensor, (await ours(images)).logits, 1e-6);
    }
    const { graph, metadataProps } = decodeModel(model);
    expect(metadataProps).toEqual([{ key: "system", value: "test" }]);
    expect(dims(graph?.input?.[0])).toEqual(["batch", 1n, 8n, 12n]);
    expect(dims(graph?.output?.[0])).toEqual(["batch", 5n]);
    expect(graph?.initializer?.map(({ name }) => name)).toContain("norm.scale");
  });

  test("leaves the length free where positions and masks are computed", async () => {
    const { model } = await exportOnnx(predict, {
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      outputs: ["logits"],
    });
    const ours = compile(predict);
    for (const [batch, length] of [
      [1, 1],
      [1, 6],
      [4, 1],
      [3, 9],
    ] as const) {
      const values = Int32Array.from({ length: batch * length }, (_, i) => (i * 7) % 11);
      const ids = hostTensor(values, [batch, length]);
      const { logits } = await runBare(model, { ids });
      expectClose(logits as HostTensor, await ours(ids), 1e-6);
    }
    expect(dims(decodeModel(model).graph?.output?.[0])).toEqual(["batch", "length", 11n]);
  });

  test("leaves free how many keys were kept before", async () => {
    const attend = (q: Tensor, kept: Tensor) =>
      scaledDotProductAttention(q, concat([kept, q], 2), concat([kept, q], 2), { causal: true });
    const { model } = await exportOnnx(attend, {
      inputs: { q: { shape: [1, 2, "length", 4] }, kept: { shape: [1, 2, "past", 4] } },
      outputs: ["mixed"],
    });
    for (const [length, past] of [
      [3, 5],
      [1, 4],
      [4, 0],
    ] as const) {
      const [q, kept] = [drawn([1, 2, length, 4], 1), drawn([1, 2, past, 4], 2)];
      const { mixed } = await runBare(model, { q, kept });
      expectClose(mixed as HostTensor, await compile(attend)(q, kept), 1e-6);
    }
  });

  test("writes products and quotients of free sizes", async () => {
    const pairs = (x: Tensor) => {
      const [batch, length] = x.shape as [number, number, number];
      return reshape(x, [(batch * length) / 2, 6]);
    };
    const { model } = await exportOnnx(pairs, {
      inputs: { x: { shape: ["batch", "length", 3] } },
      samples: { length: [4, 6, 10] },
    });
    const { result } = await runBare(model, { x: drawn([3, 8, 3], 1) });
    expectClose(result as HostTensor, hostTensor(drawn([3, 8, 3], 1).data, [12, 6]), 0);
    expect(dims(decodeModel(model).graph?.output?.[0])).toEqual(["(batch*length)/2", 6n]);
  });

  test.each([[[4, 6, 10]], [[10, 8, 6]]] as const)(
    "names the sizes alike from samples %j, rising or falling",
    async (length) => {
      const { model } = await exportOnnx((x: Tensor) => mul(reshape(x, [-1, 6]), 2), {
        inputs: { x: { shape: ["length", 3] } },
        samples: { length },
      });
      const { graph } = decodeModel(model);
      expect(dims(graph?.input?.[0])).toEqual(["length", 3n]);
      expect(dims(graph?.output?.[0])).toEqual(["(length)/2", 6n]);
      const { result } = await runBare(model, { x: hostTensor([1, 2, 3, 4, 5, 6], [2, 3]) });
      expect(result?.toArray()).toEqual([2, 4, 6, 8, 10, 12]);
    },
  );

  test("writes the same bytes again", async () => {
    const options = { inputs: { images: { shape: ["batch", 1, 8, 12] } } };
    const [first, second] = await Promise.all([
      exportOnnx(classify, options),
      exportOnnx(classify, options),
    ]);
    expect(second.model).toEqual(first.model);
  });
});

describe("exportOnnx refuses", () => {
  const free = { inputs: { x: { shape: ["batch", 3] } } };

  test("a constant with as many values as the batch", async () => {
    const offset = (x: Tensor): Tensor => {
      const [batch] = x.shape as [number, number];
      return withScope("head", () => add(x, constant(drawn([batch, 3], 1))));
    };
    await expect(exportOnnx(offset, free)).rejects.toThrow(
      /^exportOnnx: attribute "value" of constant in head follows the free sizes in a way that a file cannot say: f32\[5,3\] at batch = 5, f32\[7,3\] at batch = 7\. Make it by operations on the inputs, or export with that size fixed\./,
    );
  });

  test("a number that the batch enters", async () => {
    const average = (x: Tensor): Tensor => mul(sum(x), 1 / (x.shape[0] as number));
    await expect(exportOnnx(average, free)).rejects.toThrow(
      /^exportOnnx: attribute "value" of constant follows the free sizes .*: 0\.2\d* at batch = 5, 0\.14\d* at batch = 7\./,
    );
  });

  test("another way to compute at another batch", async () => {
    const branching = (x: Tensor): Tensor => ((x.shape[0] as number) > 6 ? sum(x) : sum(mul(x, x)));
    await expect(exportOnnx(branching, free)).rejects.toThrow(
      /^exportOnnx: .* is computed another way at batch = 7 than at batch = 5; use the same operations whatever the free sizes are\./,
    );
  });

  test("a size that does not follow in a straight line", async () => {
    const padded = (x: Tensor): Tensor => add(arange(Math.max(6, x.shape[0] as number)), 1);
    await expect(exportOnnx(padded, free)).rejects.toThrow(
      /^exportOnnx: attribute "length" of arange follows the free sizes in a way that a file cannot say: \[6\] at batch = 5, \[11\] at batch = 11\. Make it/,
    );
  });

  test("an operation that writes a traced size into the file", async () => {
    const noisy = (x: Tensor): Tensor => {
      const noise = randomUniform(constant(hostTensor([1, 2], [2], "int32")), x.shape);
      return withScope("noise", () => add(x, noise));
    };
    await expect(exportOnnx(noisy, free)).rejects.toThrow(
      /^exportOnnx: randomUniform cannot be written with a free size \("batch"\); export with that size fixed\./,
    );
  });

  test("sizes that the function itself refuses", async () => {
    const rows = (x: Tensor): Tensor => reshape(mul(x, 2), [1, 6, -1]);
    await expect(exportOnnx(rows, free)).rejects.toThrow(
      /^exportOnnx: cannot trace with batch = 5, if only some sizes are possible, give three of them as samples\. reshape: /,
    );
  });

  test("an update of a variable", async () => {
    const counter = new Variable([3], { name: "counter" });
    const train = (x: Tensor): Tensor => {
      counter.assign(sum(x, { axes: 0 }));
      return x;
    };
    await expect(exportOnnx(train, free)).rejects.toThrow(
      /^exportOnnx: the function assigns variable "counter"; export what predicts, not a training step\./,
    );
  });

  test("names that are there twice, too few or too many, and samples that say nothing", async () => {
    const same = (x: Tensor) => ({ x: mul(x, 2) });
    await expect(exportOnnx(same, free)).rejects.toThrow(
      /^exportOnnx: "x" names two inputs or outputs; give other outputs\./,
    );
    await expect(exportOnnx(same, { ...free, outputs: ["a", "b"] })).rejects.toThrow(
      /^exportOnnx: the function gives 1 results, 2 names were given for them\./,
    );
    await expect(exportOnnx(same, { ...free, samples: { batch: [2, 2, 3] } })).rejects.toThrow(
      /^exportOnnx: samples of "batch" must be three different whole numbers above 1, got 2, 2, 3\./,
    );
  });
});

describe("external data", () => {
  async function inFolder<R>(use: (folder: string) => Promise<R>): Promise<R> {
    const folder = await mkdtemp(join(tmpdir(), "quire-"));
    try {
      return await use(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test("weights beside the model load from disk and give the same numbers", async () => {
    const wide = [weight("first", 40, 30), weight("small", 30), weight("second", 50, 40)] as const;
    const forward = (x: Tensor): Tensor => {
      const hidden = matmul(add(x, wide[1]), wide[0], { transposeB: true });
      return matmul(hidden, wide[2], { transposeB: true });
    };
    const exported: ExportedModel = await exportOnnx(forward, {
      inputs: { x: { shape: ["batch", 30] } },
      externalData: "weights.bin",
    });
    expect(exported.externalData?.byteLength).toBe(8192 + 4 * 50 * 40);
    const x = drawn([2, 30], 3);
    const got = await inFolder(async (folder) => {
      await saveOnnx(join(folder, "model.onnx"), exported);
      expect((await stat(join(folder, "weights.bin"))).size).toBe(16192);
      return runBare(join(folder, "model.onnx"), { x });
    });
    expectClose(got["result"] as HostTensor, await compile(forward)(x), 1e-6);
  });

  test("stays in the model unless asked for", async () => {
    const { model, externalData } = await exportOnnx(classify, {
      inputs: { images: { shape: [2, 1, 8, 12] } },
    });
    expect(externalData).toBeUndefined();
    const total = decodeModel(model).graph?.initializer?.find(({ name }) => name === "patches");
    expect(total?.rawData?.length).toBe(4 * width * 16);
  });
});

type Info = NonNullable<NonNullable<ReturnType<typeof decodeModel>["graph"]>["input"]>[number];

function dims(info: Info | undefined): (string | bigint | undefined)[] | undefined {
  const { dim } = info?.type?.tensorType?.shape ?? {};
  return dim?.map(({ dimParam, dimValue }) => dimParam ?? dimValue);
}
