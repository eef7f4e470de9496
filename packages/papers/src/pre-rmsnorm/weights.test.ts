import { readFileSync } from "node:fs";
import { initialize } from "@quire/nn";
import { compile, type HostTensor, hostTensor, sorted, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import type { State } from "../official-weights.ts";
import { foundNorms } from "./found-norms.ts";
import { build } from "./model.ts";
import {
  fromOfficialArguments,
  loadOfficial,
  type OfficialArguments,
  savedOfficial,
} from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const file = new URL("../../references/pre-rmsnorm.json", import.meta.url);
const { models } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly models: readonly {
    readonly arguments: OfficialArguments;
    readonly x: Stored;
    readonly y: Stored;
    readonly weights: Readonly<Record<string, Stored>>;
  }[];
};

function stateOf(weights: Readonly<Record<string, Stored>>): State {
  const tensors = Object.entries(weights).map(
    ([name, { shape, values }]) => [name, hostTensor([...values], shape)] as const,
  );
  return new Map(tensors);
}

/** The largest difference over the largest wanted value. */
function distance(got: HostTensor, { shape, values }: Stored): number {
  expect(got.shape).toEqual(shape);
  const scale = Math.max(...values.map(Math.abs));
  const found = got.toArray();
  return Math.max(...values.map((value, i) => Math.abs(value - (found[i] as number)))) / scale;
}

function caseOf(wanted: Partial<Record<string, unknown>>) {
  const found = models.find(({ arguments: given }) =>
    Object.entries(wanted).every(([key, value]) => given[key as keyof typeof given] === value),
  );
  if (!found) throw new Error("no such case is stored");
  return found;
}

describe("official models", () => {
  test.each(models.map((stored) => [JSON.stringify(stored.arguments), stored] as const))(
    "%s",
    async (_, stored) => {
      const { options, target } = fromOfficialArguments(stored.arguments);
      const model = build(options, target);
      initialize(model, 1);
      const state = stateOf(stored.weights);
      await loadOfficial(model, state);
      const isOfTexts = "vocabulary" in target;
      const x = hostTensor([...stored.x.values], stored.x.shape, isOfTexts ? "int32" : "float32");
      const scores = await compile((given: Tensor) => model.forward(given))(x);
      expect(distance(scores, stored.y)).toBeLessThan(1e-5);

      const back = await savedOfficial(model);
      expect([...back.keys()].sort()).toEqual([...state.keys()].sort());
      for (const [name, value] of state) {
        expect(back.get(name)?.shape, name).toEqual(value.shape);
        expect(back.get(name)?.toArray(), name).toEqual(value.toArray());
      }
    },
  );

  test.each(["ViT", "GPT"])("a %s that trains as Pre-RMSNorm computes no mean", async (kind) => {
    const cases = models.filter(({ arguments: given }) => {
      return given.class === kind && given.pre_rms_training && given.method?.endsWith("-rms");
    });
    expect(cases.length).toBeGreaterThan(0);
    for (const { arguments: given, x } of cases) {
      const { options, target } = fromOfficialArguments(given);
      const model = build(options, target);
      const kinds: string[] = [];
      const run = compile((fed: Tensor) => {
        const scores = model.forward(fed);
        kinds.push(...foundNorms(sorted([scores])).map((norm) => norm.kind));
        return scores;
      });
      initialize(model, 1);
      await run(hostTensor([...x.values], x.shape, kind === "GPT" ? "int32" : "float32"));
      expect(kinds).toEqual(new Array(2 * given.depth + 1).fill("pre-rmsnorm"));
    }
  });

  test("weights that do not fit are refused, and the model is left as it was", async () => {
    const { options, target } = fromOfficialArguments(caseOf({ class: "GPT" }).arguments);
    const model = build(options, target);
    initialize(model, 1);
    const before = await savedOfficial(model);
    const state = new Map(stateOf(caseOf({ class: "GPT" }).weights));
    const bias = state.get("final_linear.bias") as HostTensor;
    state.delete("final_linear.bias");
    state.set("wpe.weight", hostTensor([1, 2], [1, 2]));
    state.set("norm.weight", bias);
    await expect(loadOfficial(model, state)).rejects.toThrow(
      "The official weights do not fit the model: wpe.weight is [1, 2], the model has [7, 8]; " +
        "final_linear.bias is missing; norm.weight is not expected.",
    );
    expect(await savedOfficial(model)).toEqual(before);
  });

  test("arguments that no official class has are refused", () => {
    const given = caseOf({ class: "ViT" }).arguments;
    expect(() => fromOfficialArguments({ ...given, method: "post-ln" })).toThrow(
      'The method "post-ln" is not known: use one of pre-ln, pre-apex-ln, pre-customized-ln, no-normalization, ' +
        "pre-apex-rms, pre-rms, pre-crms, pre-crms-same-dim.",
    );
    const { options, target } = fromOfficialArguments({ ...given, method: "pre-crms" });
    expect(() => build({ ...options, form: "pre-rmsnorm" }, target)).toThrow(
      'a model of norms "plain crms" has no form pre-rmsnorm; leave the form out, or take norms "layer".',
    );
    const plain = build(
      { shape: "bert", width: 8, depth: 1, heads: 2 },
      { vocabulary: 5, length: 4 },
    );
    initialize(plain, 1);
    return expect(savedOfficial(plain)).rejects.toThrow(
      "The official models have no encoder.blocks.0.attentionNorm.weight: build one with the options of fromOfficialArguments.",
    );
  });
});
