import { readFileSync } from "node:fs";
import { countParameters } from "@quire/nn";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { modelTensors } from "@quire/train";
import { describe, expect, test } from "vitest";
import { toOfficial } from "../official-weights.ts";
import { build, type EncoderLayout, type SentenceEncoder } from "./model.ts";
import { paper } from "./paper.ts";
import { fromOfficialConfig, loadOfficial, type OfficialConfig, officialNames } from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface StoredCase {
  readonly layout: EncoderLayout;
  readonly pooling: "mean" | "cls" | "max";
  readonly projection: number | null;
  readonly config: OfficialConfig;
  readonly ids: Stored;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly vectors: Stored;
}

interface StoredHead {
  readonly layout: EncoderLayout;
  readonly ids: Stored;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly scores: Stored;
}

const references = JSON.parse(
  readFileSync(new URL("../../references/linktransformer.json", import.meta.url), "utf8"),
) as {
  readonly counts: Readonly<Record<string, number>>;
  readonly cases: readonly StoredCase[];
  readonly heads: readonly StoredHead[];
};

function toHost({ shape, data }: Stored): HostTensor {
  return hostTensor(data, shape);
}

function stateOf(weights: Readonly<Record<string, Stored>>): Map<string, HostTensor> {
  return new Map(Object.entries(weights).map(([name, value]) => [name, toHost(value)]));
}

async function outputs(model: SentenceEncoder, { shape, data }: Stored): Promise<HostTensor> {
  const run = compile((ids: Tensor) => model.forward(ids));
  const got = await run(hostTensor(data, shape, "int32"));
  await run.release();
  return got;
}

function difference(got: HostTensor, wanted: Stored): number {
  expect(got.shape).toEqual(wanted.shape);
  const values = got.toArray();
  const scale = Math.max(...wanted.data.map(Math.abs));
  return (
    Math.max(...wanted.data.map((value, i) => Math.abs(value - (values[i] as number)))) / scale
  );
}

function modelOf({ config, pooling, projection }: StoredCase): SentenceEncoder {
  const { options, target } = fromOfficialConfig(config);
  const own = {
    pooling: pooling === "cls" ? "first token" : pooling,
    ...(projection !== null && { projection: { width: projection, activation: "tanh" as const } }),
  } as const;
  return build({ ...options, ...own }, target);
}

describe("the official encoders", () => {
  test.each(references.cases)(
    "$layout, pooled by $pooling: the official vectors",
    async (stored) => {
      const model = modelOf(stored);
      expect(await loadOfficial(model, stateOf(stored.weights))).toEqual([]);
      expect(difference(await outputs(model, stored.ids), stored.vectors)).toBeLessThan(1e-5);
      const back = toOfficial(await modelTensors(model), officialNames(model));
      expect([...back.keys()].sort()).toEqual(Object.keys(stored.weights).sort());
      for (const [name, value] of back) {
        expect(difference(value, stored.weights[name] as Stored), name).toBeLessThan(1e-7);
      }
    },
  );

  test.each(references.heads)("$layout with a head: the official scores", async (stored) => {
    const { config } = references.cases.find(
      ({ layout }) => layout === stored.layout,
    ) as StoredCase;
    const { options, target } = fromOfficialConfig(config);
    const model = build(options, { ...target, classes: 4 });
    expect(await loadOfficial(model, stateOf(stored.weights))).toEqual([]);
    expect(difference(await outputs(model, stored.ids), stored.scores)).toBeLessThan(1e-5);
  });

  test("a checkpoint without a pooler fits, and the pooler is drawn by the seed", async () => {
    const [stored] = references.cases as [StoredCase];
    const state = stateOf(stored.weights);
    for (const name of ["pooler.dense.weight", "pooler.dense.bias"]) state.delete(name);
    const model = modelOf(stored);
    expect(await loadOfficial(model, state, { seed: 2 })).toEqual([
      "pooler.dense.weight",
      "pooler.dense.bias",
    ]);
    expect(difference(await outputs(model, stored.ids), stored.vectors)).toBeLessThan(1e-5);
  });

  test("what does not fit is listed, and other kinds of models are refused", async () => {
    const [stored] = references.cases as [StoredCase];
    const state = stateOf(stored.weights);
    state.delete("embeddings.LayerNorm.bias");
    state.set("extra", hostTensor([1]));
    await expect(loadOfficial(modelOf(stored), state)).rejects.toThrow(
      /^The official weights do not fit the model: embeddings\.LayerNorm\.bias is missing; extra is not expected\.$/,
    );
    expect(() => fromOfficialConfig({ ...stored.config, model_type: "gpt2" })).toThrow(
      /^a model of the type "gpt2" is not known: use one of bert, mpnet, roberta, xlm-roberta, camembert\.$/,
    );
    const plain = build(
      { ...fromOfficialConfig(stored.config).options, layout: "plain" },
      fromOfficialConfig(stored.config).target,
    );
    expect(() => officialNames(plain)).toThrow(
      /^there are no official weights of the layout "plain": choose another one\.$/,
    );
  });
});

describe("presets", () => {
  const official = Object.entries(paper.presets).filter(
    ([, { parameters }]) => parameters !== undefined,
  );

  test("they are those that were counted", () => {
    expect(official.map(([name]) => name).sort()).toEqual(Object.keys(references.counts).sort());
  });

  test.each(official)(
    "%s has the published parameters",
    (name, { options, target, parameters }) => {
      const model = build(options, target);
      expect(countParameters(model)).toBe(parameters);
      const beside = model.projection ? countParameters(model.projection) : 0;
      expect(countParameters(model) - beside).toBe(references.counts[name]);
    },
  );
});

test("configurations that the encoders do not have are refused; published ones are layouts by name", () => {
  const [{ config }] = references.cases as [StoredCase];
  expect(fromOfficialConfig(config).options.layout).toBe("bert");
  expect(fromOfficialConfig({ ...config, layer_norm_eps: 0.1 }).options.layout).toEqual({
    ...{ of: "bert", activation: "gelu", epsilon: 0.1, segments: 2 },
  });
  expect(() => fromOfficialConfig({ ...config, hidden_act: "mish" })).toThrow(
    /^the function "mish" is not known: use a model with one of gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish\.$/,
  );
  expect(() => fromOfficialConfig({ ...config, position_embedding_type: "relative_key" })).toThrow(
    /^positions of the kind "relative_key" are not known: use a model with absolute ones\.$/,
  );
  const mpnet = { ...config, model_type: "mpnet", relative_attention_num_buckets: 16 };
  expect(() => fromOfficialConfig(mpnet)).toThrow(
    /^16 ranges of distances are not known: use a model with 32, as the official code computes them\.$/,
  );
});
