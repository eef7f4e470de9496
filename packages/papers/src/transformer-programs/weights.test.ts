import { readFileSync } from "node:fs";
import { hardChoice, softChoice } from "@quire/nn";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { modelTensors } from "@quire/train";
import { expect, test } from "vitest";
import { toOfficial } from "../official-weights.ts";
import { build } from "./model.ts";
import {
  fromConfiguration,
  loadOfficial,
  type OfficialConfiguration,
  officialNames,
} from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface StoredCase {
  readonly label: string;
  readonly options: OfficialConfiguration & { readonly causal: boolean };
  readonly temperature: number;
  readonly ids: Stored;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly buffers: readonly string[];
  readonly logits: Readonly<Record<"softmax" | "argmax", Stored>>;
}

const references = JSON.parse(
  readFileSync(new URL("../../references/transformer-programs.json", import.meta.url), "utf8"),
) as { readonly cases: readonly StoredCase[] };

const toHost = ({ shape, data }: Stored): HostTensor => hostTensor(data, shape);

/** The largest difference, relative to the largest wanted value; what is never given counts not. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const known = wanted.toArray().map((value) => (value < -1e29 ? 0 : value));
  const values = got.toArray().map((value) => (value < -1e29 ? 0 : value));
  const scale = Math.max(1, ...known.map(Math.abs));
  return Math.max(...known.map((value, i) => Math.abs(value - (values[i] as number)))) / scale;
}

function modelOf({ options }: StoredCase) {
  const { options: own, target } = fromConfiguration(options, options.causal);
  return build(own, target);
}

/** All that the official state dict holds: weights, and buffers that are computed here. */
function stateOf({ weights, buffers }: StoredCase): Map<string, HostTensor> {
  const learnt = Object.entries(weights).map(([name, value]) => [name, toHost(value)] as const);
  return new Map([...learnt, ...buffers.map((name) => [name, hostTensor([1])] as const)]);
}

test.each(references.cases)("$label: the official logits", async (stored) => {
  const { temperature, ids, weights, logits } = stored;
  const model = modelOf(stored);
  await loadOfficial(model, stateOf(stored));
  const tokens = hostTensor(ids.data, ids.shape, "int32");
  const relaxed = compile((x: Tensor) => model.forward(x, undefined, softChoice(temperature)));
  const hard = compile((x: Tensor) => model.forward(x, undefined, hardChoice));
  const made = compile((x: Tensor) => model.forward(x));
  expect(difference(await relaxed(tokens), toHost(logits.softmax))).toBeLessThan(1e-4);
  expect(difference(await hard(tokens), toHost(logits.argmax))).toBeLessThan(1e-4);
  expect(difference(await made(tokens), toHost(logits.argmax))).toBeLessThan(1e-4);
  for (const [name, value] of toOfficial(await modelTensors(model), officialNames(model))) {
    expect(difference(value, toHost(weights[name] as Stored)), name).toBe(0);
  }
});

test("weights that do not fit are listed", async () => {
  const [stored] = references.cases as [StoredCase];
  const state = stateOf(stored);
  state.delete("unembed.W_U");
  state.set("blocks.0.cat_attn.W_K.W", hostTensor([1, 2]));
  state.set("blocks.7.cat_attn.W_K.W", hostTensor([1, 2]));
  await expect(loadOfficial(modelOf(stored), state)).rejects.toThrow(
    /^The official weights do not fit the model: blocks\.0\.cat_attn\.W_K\.W is \[2\], the model has \[2, 2\]; unembed\.W_U is missing; blocks\.7\.cat_attn\.W_K\.W is not expected\.$/,
  );
});

test("a tie-break that the official code does not know is refused", () => {
  expect(() => fromConfiguration({ d_vocab: 3, rel_pos_bias: "rotary" })).toThrow(
    /^rel_pos_bias "rotary" is not known\.$/,
  );
});
