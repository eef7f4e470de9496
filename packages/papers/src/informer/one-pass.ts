// H horizon, P start, N steps decoded

import { countParameters, initialize } from "@quire/nn";
import { compile, type HostTensor, hostTensor, Random, sizeOf, type Tensor } from "@quire/tensor";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { meanOf } from "../statistics.ts";
import { build, type Informer } from "./model.ts";

/** How far is forecast. */
interface Decoding {
  readonly horizon: number;
}

const CONTEXT = 96;
const START = 48;
const BATCH = 8;
/** Decoders are compiled for lengths so many steps apart; a pass takes the shortest that has room for it. */
const STEP = 16;
const RUNS = 3;

type Decode = (values: HostTensor, calendar: HostTensor, memory: HostTensor) => Promise<HostTensor>;

/** What decoding is done with: the encoder's output, and a decoder for each number of steps. */
interface Prepared {
  readonly model: Informer;
  readonly memory: HostTensor;
  readonly decoders: ReadonlyMap<number, Decode>;
  release(): Promise<void>;
}

async function prepare({ horizon }: Decoding, seed: number): Promise<Prepared> {
  const sizes = { width: 64, heads: 4, encoders: [2], decoder: 2, hidden: 128, start: START };
  const target = { context: CONTEXT, horizon, channels: 1, known: 0, outputs: 1 };
  const model = build(sizes, { ...target, unit: "hour" });
  initialize(model, seed);
  const [past, calendar] = [
    draws([BATCH, CONTEXT, 1], seed),
    draws([BATCH, CONTEXT + horizon, 8], 2),
  ];
  const encode = compile((x: Tensor, times: Tensor) => model.encode({ past: x, calendar: times }));
  const memory = await encode(past, calendar);
  await encode.release();
  const lengths = Array.from({ length: horizon / STEP }, (_, i) => (i + 1) * STEP);
  const compiled = lengths.map((length) => {
    const decode = compile((x: Tensor, times: Tensor, encoded: Tensor) =>
      model.decode(x, times, encoded),
    );
    return [length, decode] as const;
  });
  return {
    ...{ model, memory, decoders: new Map(compiled) },
    release: async () => {
      for (const [, decode] of compiled) await decode.release();
    },
  };
}

function draws(shape: readonly number[], seed: number): HostTensor<"float32"> {
  const random = new Random(seed);
  const data = new Float32Array(sizeOf(shape)).map(() => random.uniform());
  return hostTensor(data, shape, "float32");
}

/** One pass over the start and zeros. */
async function atOnce({ memory, decoders }: Prepared, horizon: number): Promise<void> {
  const begun = draws([BATCH, START + horizon, 1], 3);
  const times = draws([BATCH, START + horizon, 8], 4);
  await (decoders.get(horizon) as Decode)(begun, times, memory);
}

/** A pass a step: each is given what those before it said. */
async function stepByStep({ memory, decoders }: Prepared, horizon: number): Promise<void> {
  const said = new Float32Array(BATCH * (START + horizon)).fill(0.5);
  const times = new Map(
    [...decoders.keys()].map((length) => [length, draws([BATCH, START + length, 8], 4)]),
  );
  for (let step = 0; step < horizon; step++) {
    const length = STEP * Math.ceil((step + 1) / STEP);
    const rows = START + length;
    const given = new Float32Array(BATCH * rows);
    for (let b = 0; b < BATCH; b++) {
      const from = b * (START + horizon);
      given.set(said.subarray(from, from + START + step), b * rows);
    }
    const values = hostTensor(given, [BATCH, rows, 1], "float32");
    const decode = decoders.get(length) as Decode;
    const { data } = await decode(values, times.get(length) as HostTensor, memory);
    for (let b = 0; b < BATCH; b++) {
      said[b * (START + horizon) + START + step] = Number(data[b * length + step]);
    }
  }
}

async function fastest(runs: number, run: () => Promise<void>): Promise<number> {
  await run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    await run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

async function measure({
  data,
  seeds,
  signal,
  onProgress,
}: ExperimentContext<Decoding>): Promise<ExperimentResult> {
  const { horizon } = data;
  const found: { readonly once: number; readonly steps: number }[] = [];
  let parameters = 0;
  for (const [place, seed] of seeds.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ doing: `decoding, seed ${seed}`, share: place / seeds.length });
    const prepared = await prepare(data, seed);
    parameters = countParameters(prepared.model);
    found.push({
      once: await fastest(10, () => atOnce(prepared, horizon)),
      steps: await fastest(RUNS, () => stepByStep(prepared, horizon)),
    });
    await prepared.release();
  }
  const ratios = found.map(({ once, steps }) => steps / once);
  const row = (system: string, times: number[], ratio: number[]): Row => ({
    ...{ system, parameters, curves: [] },
    metrics: { time: times, ratio },
    seconds: times.map((one) => one / 1000),
  });
  const once = found.map((one) => one.once);
  const steps = found.map((one) => one.steps);
  return {
    metrics: [
      { name: "time", as: "milliseconds", better: "lower" },
      { name: "ratio", as: "ratio", better: "lower" },
    ],
    rows: [
      row(
        `decoder, ${horizon} steps in one pass`,
        once,
        seeds.map(() => 1),
      ),
      row(`decoder, ${horizon} steps one by one`, steps, ratios),
    ],
    verdicts: [
      {
        claim: "one-pass",
        holds: ratios.every((ratio) => ratio >= 10),
        rule: "With every seed, step by step takes at least 10 times as long; its passes are no longer than they need be, by 16 steps.",
        found: `${meanOf(steps).toFixed(1)} ms against ${meanOf(once).toFixed(2)} ms for ${BATCH} series: ${meanOf(ratios).toFixed(1)} times as long.`,
      },
    ],
  };
}

/** One pass of the decoder against a pass a step. */
export const onePass: Experiment<Decoding> = {
  claims: ["one-pass"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve({ horizon: budget === "full" ? 96 : 32 }),
  measure,
};
