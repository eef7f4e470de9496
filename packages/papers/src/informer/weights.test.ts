import { readFileSync } from "node:fs";
import { compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { modelTensors } from "@quire/train";
import { expect, test } from "vitest";
import { toOfficial } from "../official-weights.ts";
import { InformerAttention } from "./attention.ts";
import { build, type Informer } from "./model.ts";
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

interface StoredCase {
  readonly label: string;
  readonly arguments: OfficialArguments;
  readonly computed: readonly string[];
  readonly past: Stored;
  readonly calendar: readonly (readonly number[])[];
  readonly samples: readonly Stored[];
  readonly weights: Readonly<Record<string, Stored>>;
  readonly forecast: Stored;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../references/informer.json", import.meta.url), "utf8"),
) as { readonly cases: readonly StoredCase[] };

const toHost = ({ shape, data }: Stored): HostTensor => hostTensor(data, shape);

/** The largest difference, relative to the largest wanted value. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const values = got.toArray();
  const scale = Math.max(...wanted.toArray().map(Math.abs));
  const differences = wanted.toArray().map((value, i) => Math.abs(value - (values[i] as number)));
  return Math.max(...differences) / scale;
}

/** The stored case's system with its weights, and with the sampled keys that the official code drew. */
async function modelOf({
  arguments: given,
  weights,
  samples,
  computed,
}: StoredCase): Promise<Informer> {
  const { options, target } = fromOfficialArguments(given);
  const model = build(options, target);
  const state = new Map(Object.entries(weights).map(([name, value]) => [name, toHost(value)]));
  for (const name of computed) state.set(name, hostTensor([0], [1]));
  await loadOfficial(model, state);
  const sampled = model
    .namedModules()
    .map(([, module]) => module)
    .filter((module) => module instanceof InformerAttention)
    .filter(({ options: { kind } }) => kind === "prob");
  expect(sampled.length).toBe(samples.length);
  sampled.forEach((attending, i) => {
    const { shape, data } = samples[i] as Stored;
    attending.samples = hostTensor(data, shape, "int32");
  });
  return model;
}

async function forecastOf(
  model: Informer,
  { past, calendar, arguments: given }: StoredCase,
): Promise<HostTensor> {
  const batch = past.shape[0] as number;
  const run = compile((x: Tensor, times: Tensor, known: Tensor) =>
    model.forward({ past: x, calendar: times, known }),
  );
  const fields = Array.from({ length: batch }, () => calendar).flat(2);
  const times = hostTensor(fields, [batch, calendar.length, 8], "float32");
  const known = hostTensor([], [batch, given.out_len, 0], "float32");
  const said = await run(toHost(past), times, known);
  await run.release();
  return said;
}

test.each(cases)("$label: the official forecast", async (stored) => {
  const model = await modelOf(stored);
  const wanted = toHost(stored.forecast);
  expect(difference(await forecastOf(model, stored), wanted)).toBeLessThan(1e-4);
  for (const [, module] of model.namedModules()) {
    if (module instanceof InformerAttention) module.dense = 0;
  }
  expect(difference(await forecastOf(model, stored), wanted), "one by one").toBeLessThan(1e-4);
  const stacked = typeof stored.arguments.e_layers !== "number";
  const back = toOfficial(await modelTensors(model), officialNames(model, stacked));
  expect([...back.keys()].sort()).toEqual(Object.keys(stored.weights).sort());
  for (const [name, value] of back) {
    expect(value, name).toEqual(toHost(stored.weights[name] as Stored));
  }
});

test("weights that do not fit are listed", async () => {
  const stored = cases[0] as StoredCase;
  const model = await modelOf(stored);
  const state = new Map(
    Object.entries(stored.weights).map(([name, value]) => [name, toHost(value)]),
  );
  state.delete("projection.bias");
  state.set("projection.weight", hostTensor([1, 2]));
  state.set("decoder.other", hostTensor([1]));
  await expect(loadOfficial(model, state)).rejects.toThrow(
    /^The official weights do not fit the model: projection\.weight is \[2\], the model has \[3, 8\]; projection\.bias is missing; decoder\.other is not expected\.$/,
  );
});

test("arguments: what is left out is what the official classes take for it; others are refused", () => {
  const sizes = { seq_len: 96, label_len: 48, out_len: 24, enc_in: 7, dec_in: 7, c_out: 7 };
  const ett = { e_layers: 2, d_layers: 1, d_ff: 2048, embed: "timeF", dropout: 0.05 } as const;
  const made = fromOfficialArguments({ ...sizes, ...ett });
  expect(made.options).toMatchObject({ ...paper.presets["ett"]?.options });
  expect(made.target).toEqual(paper.presets["ett"]?.target);
  expect(fromOfficialArguments(sizes).options).toEqual({
    ...{ width: 512, heads: 8, hidden: 512, encoders: [3], decoder: 2, start: 48 },
    attention: "prob",
    variant: {
      ...{ factor: 5, distil: true, mix: true, times: "sine", activation: "gelu", dropout: 0 },
    },
  });
  expect(() => fromOfficialArguments({ ...sizes, dec_in: 1 })).toThrow(
    /^dec_in is 1 and enc_in is 7: the decoder starts from the encoder's channels, so give the same\.$/,
  );
  expect(() => fromOfficialArguments({ ...sizes, freq: "q" })).toThrow(
    /^the frequency "q" is not known: use one of s, t, h, d, b, w, m\.$/,
  );
});
