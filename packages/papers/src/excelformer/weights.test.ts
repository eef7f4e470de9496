import { readFileSync } from "node:fs";
import { countParameters } from "@quire/nn";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { modelTensors } from "@quire/train";
import { describe, expect, test } from "vitest";
import { toOfficial } from "../official-weights.ts";
import type { TabularTarget } from "../tasks/tabular-target.ts";
import { build, type ExcelFormer, type ExcelFormerOptions } from "./model.ts";
import { paper } from "./paper.ts";
import {
  fromOfficialArguments,
  loadOfficial,
  type OfficialArguments,
  officialNames,
} from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Size = Pick<ExcelFormerOptions, "width" | "depth" | "heads" | "norm"> & TabularTarget;

interface Mixed {
  readonly outputs: Stored;
  readonly keep: Stored;
  readonly order: readonly number[];
}

interface StoredCase {
  readonly options: Size;
  readonly rows: Stored;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly outputs: Stored;
  readonly features: Mixed;
  readonly hidden: Mixed;
}

const { counts, cases } = JSON.parse(
  readFileSync(new URL("../../references/excelformer.json", import.meta.url), "utf8"),
) as {
  readonly counts: readonly { readonly options: Size; readonly parameters: number }[];
  readonly cases: readonly StoredCase[];
};

const toHost = ({ shape, data }: Stored): HostTensor => hostTensor([...data], shape);

/** The largest difference, relative to the largest wanted value. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const values = got.toArray();
  const scale = Math.max(1, ...wanted.toArray().map(Math.abs));
  const differences = wanted.toArray().map((value, i) => Math.abs(value - (values[i] as number)));
  return Math.max(...differences) / scale;
}

/** The arguments that the reference's script gives the official class. */
function argumentsOf({ features, outputs, width, depth, heads, norm }: Size): OfficialArguments {
  return {
    ...{ d_numerical: features, n_layers: depth, d_token: width, n_heads: heads, d_out: outputs },
    ...{ attention_dropout: 0.3, residual_dropout: 0, prenormalization: norm === "before" },
    ...{ kv_compression: null, init_scale: 0.01 },
  };
}

function modelOf(size: Size): ExcelFormer {
  const { options, target } = fromOfficialArguments(argumentsOf(size));
  return build(options, target);
}

async function loaded({ options, weights }: StoredCase): Promise<ExcelFormer> {
  const model = modelOf(options);
  const state = Object.entries(weights).map(([name, value]) => [name, toHost(value)] as const);
  await loadOfficial(model, new Map(state));
  return model;
}

/** The stored rows in another order. */
function inOrder({ rows: { shape, data } }: StoredCase, order: readonly number[]): HostTensor {
  const [, width = 0] = shape;
  return hostTensor(
    order.flatMap((row) => data.slice(row * width, (row + 1) * width)),
    shape,
  );
}

test("parameters are as many as the official code's", () => {
  for (const { options, parameters } of counts) {
    expect(countParameters(modelOf(options))).toBe(parameters);
  }
  const published = Object.values(paper.presets).filter(({ parameters }) => parameters);
  expect(published.length).toBe(3);
  for (const { options, target, parameters } of published) {
    expect(countParameters(build(options, target))).toBe(parameters);
    const { width, depth, heads, norm } = options;
    const official = counts.find(
      (each) =>
        JSON.stringify(each.options) === JSON.stringify({ ...target, width, depth, heads, norm }),
    );
    expect(official?.parameters).toBe(parameters);
  }
});

describe.each(cases)("official weights, $options", (stored) => {
  test("give the official outputs, and are given back as they were", async () => {
    const model = await loaded(stored);
    const run = compile((rows: Tensor) => model.forward(rows));
    expect(difference(await run(toHost(stored.rows)), toHost(stored.outputs))).toBeLessThan(1e-4);
    const back = toOfficial(await modelTensors(model), officialNames(model));
    expect([...back.keys()].sort()).toEqual(Object.keys(stored.weights).sort());
    for (const [name, value] of back) {
      expect(difference(value, toHost(stored.weights[name] as Stored)), name).toBe(0);
    }
    await run.release();
  });

  test("give the official outputs of rows whose dimensions are mixed", async () => {
    const { outputs, keep, order } = stored.hidden;
    const model = await loaded(stored);
    const run = compile((rows: Tensor, other: Tensor, kept: Tensor) =>
      model.forward(rows, undefined, { other, keep: kept }),
    );
    const kept = hostTensor(Float32Array.from(keep.data), keep.shape);
    const found = await run(toHost(stored.rows), inOrder(stored, order), kept);
    expect(difference(found, toHost(outputs))).toBeLessThan(1e-4);
    await run.release();
  });

  test("give the official outputs of rows whose features are mixed before they are embedded", async () => {
    const { outputs, keep, order } = stored.features;
    const model = await loaded(stored);
    const run = compile((rows: Tensor) => model.forward(rows));
    const other = inOrder(stored, order).toArray();
    const rows = stored.rows.data.map((own, i) =>
      keep.data[i] === 1 ? own : (other[i] as number),
    );
    const found = await run(hostTensor(rows, stored.rows.shape));
    expect(difference(found, toHost(outputs))).toBeLessThan(1e-4);
    await run.release();
  });
});

test("weights of another size are refused", async () => {
  const [first] = cases as [StoredCase];
  const model = modelOf({ ...first.options, features: 6 });
  const state = Object.entries(first.weights).map(
    ([name, value]) => [name, toHost(value)] as const,
  );
  await expect(loadOfficial(model, new Map(state))).rejects.toThrow(
    /^The official weights do not fit the model: tokenizer\.weight is \[5, 8\], the model has \[6, 8\]; .*last_fc\.weight is \[1, 5\], the model has \[1, 6\]\.$/,
  );
});

test("the default size by the official arguments; compressed keys are refused", () => {
  const { options, target } = paper.presets["default"] ?? {};
  if (!options || !target) throw new Error("the preset is gone");
  const given = argumentsOf({ ...options, ...target });
  expect(fromOfficialArguments(given)).toEqual({ options, target });
  const { init_scale: _, ...unsaid } = given;
  expect(fromOfficialArguments(unsaid).options.initialScale).toBe(0.1);
  expect(() => fromOfficialArguments({ ...given, kv_compression: 0.5 })).toThrow(
    /^ExcelFormer does not compress keys and values, which the official mask does not fit: use a model without kv_compression\.$/,
  );
});
