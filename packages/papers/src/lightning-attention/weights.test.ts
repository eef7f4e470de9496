import { readFileSync } from "node:fs";
import { countParameters, headSlopes, LayerNorm } from "@quire/nn";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import type { State } from "../official-weights.ts";
import { GatedLinearAttention } from "./gated-attention.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";
import { fromOfficialConfig, loadOfficial, savedOfficial } from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly sizes: Readonly<Record<string, number | boolean>>;
  readonly weights: Readonly<Record<string, Stored>>;
}

const references = JSON.parse(
  readFileSync(new URL("../../references/lightning-attention.json", import.meta.url), "utf8"),
) as {
  readonly models: readonly (Case & {
    readonly ids: readonly (readonly number[])[];
    readonly logits: Stored;
  })[];
  readonly layers: readonly (Case & { readonly x: Stored; readonly y: Stored })[];
};

function tensorOf({ shape, data }: Stored): HostTensor {
  return hostTensor([...data], shape);
}

function stateOf(weights: Case["weights"]): State {
  return new Map(Object.entries(weights).map(([name, stored]) => [name, tensorOf(stored)]));
}

/** The largest difference, relative to the largest wanted value. */
function difference(got: HostTensor, wanted: Stored): number {
  expect(got.shape).toEqual(wanted.shape);
  const values = got.toArray();
  const scale = Math.max(1, ...wanted.data.map(Math.abs));
  return (
    Math.max(...wanted.data.map((value, i) => Math.abs(value - (values[i] as number)))) / scale
  );
}

function expectSame(got: State, wanted: State): void {
  expect([...got.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, value] of wanted) {
    expect(got.get(name)?.shape).toEqual(value.shape);
    expect(got.get(name)?.toArray()).toEqual(value.toArray());
  }
}

function sized(sizes: Case["sizes"], name: string): number {
  return Number(sizes[name] ?? 0);
}

function modelFor(sizes: Case["sizes"]) {
  const width = sized(sizes, "n_embd");
  return build(
    {
      ...{ width, depth: sized(sizes, "n_layer"), heads: sized(sizes, "n_head") },
      feedForward: 2 * width,
      lrpe: { blocks: "later" },
      embedding: { tied: true, scaled: false },
      layers: { bias: sizes["bias"] === true },
    },
    { vocabulary: sized(sizes, "vocab_size"), context: 64 },
  );
}

describe("official weights", () => {
  test.each(references.models)("nanoTransNormer, case %#: the official logits", async (stored) => {
    const model = modelFor(stored.sizes);
    const state = stateOf(stored.weights);
    await loadOfficial(model, state);
    const ids = hostTensor(stored.ids.flat(), [stored.ids.length, 11], "int32");
    for (const form of ["blocks", "quadratic", "recurrent"] as const) {
      const run = compile((x: Tensor) => model.forward(x, { training: false }, { form }));
      expect(difference(await run(ids), stored.logits)).toBeLessThan(1e-4);
    }
    expectSame(await savedOfficial(model, "nanoTransNormer"), state);
  });

  test.each(references.layers)("lightning-attention's layer, case %#", async (stored) => {
    const [width, heads] = [sized(stored.sizes, "embed_dim"), sized(stored.sizes, "num_heads")];
    const place = sized(stored.sizes, "layer_idx") / (sized(stored.sizes, "num_layers") - 1);
    const layer = new GatedLinearAttention({
      ...{ width, heads, lrpe: undefined, bias: stored.sizes["bias"] === true },
      style: { gate: "low-rank", valueActivation: "silu" },
      slopes: headSlopes(heads).map((slope) => slope * (1 - place + 1e-5)),
      norm: (size) => new LayerNorm({ width: size }),
    });
    const state = stateOf(stored.weights);
    await loadOfficial(layer, state);
    const run = compile((x: Tensor) => layer.forward(x));
    expect(difference(await run(tensorOf(stored.x)), stored.y)).toBeLessThan(1e-4);
    expectSame(await savedOfficial(layer, "lightning-attention"), state);
  });

  test("the released models' names, with what they have beyond nanoTransNormer's", async () => {
    const options = {
      ...{ width: 8, depth: 2, heads: 2, feedForward: 12 },
      layers: { norm: "layer", bias: true },
    } as const;
    const model = build(options, { vocabulary: 5, context: 8 });
    const saved = await savedOfficial(model, "TransNormerLLM");
    expect(
      [...saved.keys()].filter((name) => !/layers\.1/.test(name)).sort(),
    ).toMatchInlineSnapshot(`
      [
        "lm_head.weight",
        "model.embed_tokens.weight",
        "model.final_norm.bias",
        "model.final_norm.weight",
        "model.layers.0.channel_mixer.l1.bias",
        "model.layers.0.channel_mixer.l1.weight",
        "model.layers.0.channel_mixer.l2.bias",
        "model.layers.0.channel_mixer.l2.weight",
        "model.layers.0.channel_mixer.l3.bias",
        "model.layers.0.channel_mixer.l3.weight",
        "model.layers.0.channel_norm.bias",
        "model.layers.0.channel_norm.weight",
        "model.layers.0.token_mixer.lrpe.theta",
        "model.layers.0.token_mixer.norm.bias",
        "model.layers.0.token_mixer.norm.weight",
        "model.layers.0.token_mixer.out_proj.bias",
        "model.layers.0.token_mixer.out_proj.weight",
        "model.layers.0.token_mixer.qkvu_proj.bias",
        "model.layers.0.token_mixer.qkvu_proj.weight",
        "model.layers.0.token_norm.bias",
        "model.layers.0.token_norm.weight",
      ]
    `);
    expect(saved.get("model.layers.0.token_mixer.qkvu_proj.weight")?.shape).toEqual([32, 8]);
    expect(saved.get("model.layers.0.token_mixer.lrpe.theta")?.shape).toEqual([2, 1, 4]);
    const other = build(options, { vocabulary: 5, context: 8 });
    await loadOfficial(other, saved);
    expectSame(await savedOfficial(other, "TransNormerLLM"), saved);
  });

  test("what does not fit is listed", async () => {
    const [stored] = references.models;
    const model = build(
      { width: 8, depth: 2, heads: 2, feedForward: 16, embedding: { tied: true } },
      { vocabulary: 13, context: 8 },
    );
    await expect(loadOfficial(model, stateOf(stored?.weights ?? {}))).rejects.toThrow(
      /^The official weights do not fit the model: transnormer\.h\.0\.token_mixer\.lrpe\.theta is missing; .*transnormer\.h\.2\.\S+ is not expected/,
    );
  });
});

describe("released configurations", () => {
  const first = (count: number) => Array.from({ length: count }, (_, block) => Number(block === 0));

  test("what is left out is what the official class takes for it: the 385M model", () => {
    const { options, target } = fromOfficialConfig({ linear_use_lrpe_list: first(24) });
    const preset = paper.presets["385m"];
    if (!preset) throw new Error("the preset is gone");
    expect(options).toMatchObject({ ...preset.options, attention: { activation: "silu" } });
    expect(target).toEqual(preset.target);
    expect(countParameters(build(options, target))).toBe(preset.parameters);
  });

  test("every part is taken over; an empty list turns no block, and -1 is the width", () => {
    const { options, target } = fromOfficialConfig(
      {
        ...{ vocab_size: 11, decoder_embed_dim: 8, decoder_layers: 2, decoder_attention_heads: 2 },
        ...{ no_scale_embedding: true, norm_type: "layernorm", linear_use_lrpe_list: [0, 1] },
        ...{ hidden_dim: 12, linear_act_fun: "leak", glu_dim: -1, bias: true },
      },
      32,
    );
    expect(options).toEqual({
      ...{ width: 8, depth: 2, heads: 2, feedForward: 8 },
      attention: { hidden: 12, activation: "leaky" },
      lrpe: { blocks: [false, true] },
      embedding: { tied: false, scaled: false },
      layers: { bias: true, norm: "layer" },
    });
    expect(target).toEqual({ vocabulary: 11, context: 32 });
    const paths = build(options, target)
      .namedParameters()
      .map(([path]) => path);
    expect(paths.filter((path) => path.includes("attention.positions"))).toEqual([
      "blocks.1.attention.positions.theta",
    ]);
    const none = build(fromOfficialConfig({ decoder_layers: 2 }).options, target);
    expect(none.namedParameters().some(([path]) => path.includes("positions"))).toBe(false);
  });

  test("norms and functions that the models do not have are refused", () => {
    expect(() => fromOfficialConfig({ norm_type: "scalenorm" })).toThrow(
      /^the norm "scalenorm" is not known: use a model with one of simplermsnorm, layernorm\.$/,
    );
    expect(() => fromOfficialConfig({ linear_act_fun: "sine" })).toThrow(
      /^the function "sine" is not known: use a model with one of silu, swish, gelu, relu, elu, sigmoid, exp, leak, 1\+elu, 2\+elu, none\.$/,
    );
  });
});
