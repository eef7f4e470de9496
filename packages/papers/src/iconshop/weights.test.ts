import { readFileSync } from "node:fs";
import { countParameters } from "@quire/nn";
import { compile, type HostTensor, hostTensor, slice, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import type { State } from "../official-weights.ts";
import { batchOf } from "../tasks/icon-batches.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";
import { fromOfficialArguments, loadOfficial, savedOfficial } from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly case: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly text: readonly (readonly number[])[];
  readonly pix: readonly (readonly number[])[];
  readonly mask: readonly (readonly boolean[])[];
  readonly wordLogits: Stored;
  readonly tokenLogits: Stored;
  readonly loss: { readonly all: number };
}

const references = JSON.parse(
  readFileSync(new URL("../../references/iconshop.json", import.meta.url), "utf8"),
) as { readonly published: number; readonly models: readonly Case[] };

function stateOf(weights: Case["weights"]): State {
  return new Map(
    Object.entries(weights).map(([name, { shape, data }]) => [name, hostTensor([...data], shape)]),
  );
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

function builtFor({ case: given }: Case) {
  const size = (name: string): number => given[name] as number;
  const { options, target } = fromOfficialArguments({
    config: {
      ...{ embed_dim: size("embed_dim"), hidden_dim: size("hidden_dim"), dropout_rate: 0.1 },
      ...{ num_layers: size("num_layers"), num_heads: size("num_heads") },
    },
    ...{ pix_len: size("pix_len"), text_len: size("text_len"), BBOX: size("grid") },
    num_text_token: size("num_text_token"),
  });
  return { target, model: build(options, target) };
}

describe.each(references.models)("official weights, case %#", (stored) => {
  test("the official logits of words and tokens, and the official loss", async () => {
    const { model, target } = builtFor(stored);
    await loadOfficial(model, stateOf(stored.weights));
    const rows = stored.text.map((text, row) => {
      const count = (stored.mask[row] as readonly boolean[]).filter((isFiller) => !isFiller).length;
      return [
        Int32Array.from(text),
        (stored.pix[row] as readonly number[]).slice(0, count),
      ] as const;
    });
    const words = Array.from({ length: target.words }, (_, i) => String(i));
    const batch = batchOf(rows, { ...target, words });
    const { captionLength: cut } = target;
    const logits = compile((ids: Tensor) => {
      const [, length = 0] = ids.shape;
      return slice(model.forward(ids), [cut], [length], { axes: [1] });
    });
    // Places after an icon's end are the official code's own filling.
    const real = await logits(batch.ids);
    expect(difference(real, stored.tokenLogits)).toBeLessThan(1e-4);
    const loss = compile((ids: Tensor, of: Tensor, tokens: Tensor) =>
      model.loss({ ids, words: of, tokens }, { training: false }),
    );
    const got = (await loss(batch.ids, batch.words, batch.tokens)).item();
    expect(Math.abs(got - stored.loss.all) / stored.loss.all).toBeLessThan(1e-4);
  });

  test("saved again they give the same model", async () => {
    const { model } = builtFor(stored);
    await loadOfficial(model, stateOf(stored.weights));
    const saved = await savedOfficial(model);
    expect([...saved.keys()].sort()).toEqual(Object.keys(stored.weights).sort());
    for (const [name, { shape }] of Object.entries(stored.weights)) {
      expect([name, saved.get(name)?.shape]).toEqual([name, shape]);
    }
    const again = builtFor(stored).model;
    await loadOfficial(again, saved);
    for (const [name, value] of await savedOfficial(again)) {
      expect(value.toArray()).toEqual(saved.get(name)?.toArray());
    }
  });
});

test("the published size has the official count, less what attention to an empty memory has", () => {
  const { options, target, parameters } = paper.presets[
    "published"
  ] as (typeof paper.presets)[string];
  const { width, depth } = options;
  // Four matrices with biases, and a norm before them that changes nothing.
  const memory = depth * (4 * (width * width + width) + 2 * width);
  expect(countParameters(build(options, target))).toBe(parameters);
  expect(parameters).toBe(references.published - memory);
});

test("what does not fit is listed", async () => {
  const [first, second] = references.models as [Case, Case];
  const { model } = builtFor(first);
  await expect(loadOfficial(model, stateOf(second.weights))).rejects.toThrow(
    /^The official weights do not fit the model: text_emb\.weight is \[7, 6\], the model has \[7, 8\]; .*decoder\.layers\.1\.norm1\.weight is missing/,
  );
});
