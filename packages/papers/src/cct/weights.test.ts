import { readFileSync } from "node:fs";
import { initialize } from "@quire/nn";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { modelTensors } from "@quire/train";
import { describe, expect, test } from "vitest";
import { fromOfficial, toOfficial } from "../official-weights.ts";
import { build, type CompactTransformer } from "./model.ts";
import { paper } from "./paper.ts";
import {
  fromOfficialArguments,
  loadOfficial,
  type OfficialArguments,
  officialNames,
  resizePositions,
} from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface StoredCase {
  readonly label: string;
  readonly arguments: OfficialArguments;
  readonly images: Stored;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly logits: Stored;
}

const references = JSON.parse(
  readFileSync(new URL("../../references/cct.json", import.meta.url), "utf8"),
) as {
  readonly cases: readonly StoredCase[];
  /** Logits of a case's weights for images of another size. */
  readonly otherImageSizes: readonly Pick<StoredCase, "label" | "images" | "logits">[];
  readonly resizedPositions: readonly {
    readonly extra: number;
    readonly before: Stored;
    readonly after: Stored;
  }[];
};

const toHost = ({ shape, data }: Stored): HostTensor => hostTensor(data, shape);

/** The largest difference, relative to the largest wanted value. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const scale = Math.max(1, ...wanted.toArray().map(Math.abs));
  const values = got.toArray();
  return (
    Math.max(...wanted.toArray().map((value, i) => Math.abs(value - (values[i] as number)))) / scale
  );
}

/** The system that a stored case was taken from, for images of a shape. */
function modelOf(
  { arguments: given }: StoredCase,
  { shape }: Stored,
  classes = 4,
): CompactTransformer {
  const side = shape[2] as number;
  const { options, target } = fromOfficialArguments({
    ...given,
    img_size: side,
    num_classes: classes,
  });
  return build(options, target);
}

function stateOf(weights: StoredCase["weights"]): Map<string, HostTensor> {
  return new Map(Object.entries(weights).map(([name, value]) => [name, toHost(value)]));
}

describe("official weights", () => {
  test.each(references.cases)("$label: the official logits", async (stored) => {
    const { images, weights, logits } = stored;
    const model = modelOf(stored, images);
    expect(await loadOfficial(model, stateOf(weights))).toEqual([]);
    const run = compile((x: Tensor) => model.forward(x));
    expect(difference(await run(toHost(images)), toHost(logits))).toBeLessThan(1e-4);
    const back = toOfficial(await modelTensors(model), officialNames(model));
    for (const [name, value] of back) {
      expect(value.shape, name).toEqual(weights[name]?.shape);
      expect(difference(value, toHost(weights[name] as Stored)), name).toBe(0);
    }
    await run.release();
  });

  test.each(references.otherImageSizes)(
    "$label: the official logits for another image size",
    async ({ label, images, logits }) => {
      const stored = references.cases.find((other) => other.label === label) as StoredCase;
      const model = modelOf(stored, images);
      await loadOfficial(model, stateOf(stored.weights));
      const run = compile((x: Tensor) => model.forward(x));
      expect(difference(await run(toHost(images)), toHost(logits))).toBeLessThan(1e-4);
      await run.release();
    },
  );

  test("what is left out of the arguments is what the official classes take for it", () => {
    const made = fromOfficialArguments({
      class: "CCT",
      embedding_dim: 384,
      mlp_ratio: 3,
      n_conv_layers: 2,
    });
    const { options, target } = paper.presets["cct_14_7x2_224"] ?? {};
    const pooling = { kernel: 3, stride: 2, padding: 1 };
    expect(made.target).toEqual(target);
    expect(made.options).toEqual({
      ...options,
      tokenizer: { ...options?.tokenizer, pooling },
      regularization: { dropout: 0, attention: 0.1, stochasticDepth: 0.1 },
    });
    const other = fromOfficialArguments({ class: "ViTLite", positional_embedding: "sinusoidal" });
    expect(other.options).toMatchObject({ tokenizer: { patch: 16 }, positions: "sine" });
  });

  test("the head of other classes stays as it was drawn", async () => {
    const [stored] = references.cases as [StoredCase];
    const model = modelOf(stored, stored.images, 6);
    initialize(model, 1);
    const drawn = (await modelTensors(model)).get("head.weight") as HostTensor;
    const kept = await loadOfficial(model, stateOf(stored.weights));
    expect(kept).toEqual(["classifier.fc.weight", "classifier.fc.bias"]);
    const tensors = await modelTensors(model);
    expect(tensors.get("head.weight")).toEqual(drawn);
    const loaded = tensors.get("norm.weight") as HostTensor;
    expect(difference(loaded, toHost(stored.weights["classifier.norm.weight"] as Stored))).toBe(0);
  });

  test("weights that do not fit are listed", () => {
    const [stored] = references.cases as [StoredCase];
    const model = modelOf(stored, stored.images);
    const state = new Map([
      ["classifier.fc.bias", hostTensor([1, 2])],
      ["classifier.other", hostTensor([1])],
    ]);
    const names = officialNames(model).filter(({ ours }) => ours.startsWith("head."));
    expect(() => fromOfficial(state, names)).toThrow(
      /^The official weights do not fit the model: classifier\.fc\.weight is missing; classifier\.fc\.bias is \[2\], the model has \[4\]; classifier\.other is not expected\.$/,
    );
  });

  test.each(references.resizedPositions)("positions are resized as officially", async (stored) => {
    const after = toHost(stored.after);
    const side = Math.sqrt((after.shape[1] as number) - stored.extra);
    const resized = await resizePositions(toHost(stored.before), { extra: stored.extra, side });
    expect(difference(resized, after)).toBeLessThan(1e-6);
  });

  test("positions that are no square grid are refused", async () => {
    const table = hostTensor(new Float32Array(10), [1, 5, 2]);
    await expect(resizePositions(table, { extra: 0, side: 3 })).rejects.toThrow(
      /^5 positions form no square grid\.$/,
    );
  });
});
