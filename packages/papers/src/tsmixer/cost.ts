import { countParameters, initialize } from "@quire/nn";
import {
  compile,
  estimateMemory,
  type HostTensor,
  hostTensor,
  Random,
  RandomStream,
  type Tensor,
} from "@quire/tensor";
import { adamW, meanSquaredError } from "@quire/train";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { meanOf } from "../statistics.ts";
import type { Forecaster, ForecastTarget } from "../tasks/forecast-target.ts";
import { build } from "./model.ts";
import { PatchTransformer } from "./patch-transformer.ts";

/** Timed steps of each system, one of each in turn. */
type Rounds = number;

const BATCH = 8;
/// Section 4: 512 steps in patches of 16; the width, depth and expansion are the same in both systems.
const target: ForecastTarget = {
  ...{ context: 512, horizon: 96, channels: 7, outputs: 7, known: 0, unit: "hour" },
};
const size = { width: 32, depth: 3, patch: 16 } as const;

const makers: Readonly<Record<string, () => Forecaster>> = {
  "CI-TSMixer(G)": () => build({ ...size, channels: "independent", gated: true }, target),
  "patch transformer": () => new PatchTransformer({ ...size, heads: 4, dropout: 0.1 }, target),
};

/** A training step that can be timed. */
interface Contestant {
  readonly system: string;
  readonly parameters: number;
  /** Bytes of what the step computes on the way, when most of it is needed at once. */
  readonly working: number;
  readonly step: () => Promise<unknown>;
  readonly release: () => Promise<void>;
}

function contestant(system: string, make: () => Forecaster, seed: number): Contestant {
  const model = make();
  initialize(model, seed);
  const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
  const mode = { training: true, random: new RandomStream(seed) } as const;
  const train = (past: Tensor, truth: Tensor) => {
    const loss = meanSquaredError(model.forward({ past, calendar: past }, mode), truth);
    optimizer.minimize(loss);
    return { loss };
  };
  const random = new Random(seed);
  const drawn = (steps: number): HostTensor => {
    const values = new Float32Array(BATCH * steps * target.channels).map(() => random.normal());
    return hostTensor(values, [BATCH, steps, target.channels], "float32");
  };
  const [past, truth] = [drawn(target.context), drawn(target.horizon)];
  const { working } = estimateMemory(train, past, truth);
  const run = compile(train);
  return {
    ...{ system, parameters: countParameters(model), working },
    step: () => run(past, truth),
    release: () => run.release(),
  };
}

async function measure({
  data: rounds,
  seeds,
  signal,
  onProgress,
}: ExperimentContext<Rounds>): Promise<ExperimentResult> {
  const rows = new Map<string, Row>();
  for (const [place, seed] of seeds.entries()) {
    const all = Object.entries(makers).map(([name, make]) => contestant(name, make, seed));
    const times = all.map((): number[] => []);
    for (const { step } of all) await step();
    for (let round = 0; round < rounds; round++) {
      signal?.throwIfAborted();
      const share = (place + round / rounds) / seeds.length;
      onProgress?.({ doing: `training steps, seed ${seed}`, share });
      for (const [i, { step }] of all.entries()) {
        const started = performance.now();
        await step();
        times[i]?.push(performance.now() - started);
      }
    }
    for (const [i, one] of all.entries()) {
      const own = times[i] ?? [];
      const before = rows.get(one.system)?.metrics ?? {};
      rows.set(one.system, {
        ...{ system: one.system, parameters: one.parameters, curves: [] },
        metrics: {
          stepTime: [...(before["stepTime"] ?? []), medianOf(own)],
          stepMemory: [...(before["stepMemory"] ?? []), one.working / 1e6],
        },
        seconds: seeds.map(() => 0),
      });
      await one.release();
    }
  }
  const found = [...rows.values()];
  return {
    metrics: [
      { name: "stepTime", as: "milliseconds", better: "lower" },
      { name: "stepMemory", as: "megabytes", better: "lower" },
    ],
    ...{ rows: found, verdicts: [verdictOf(found)] },
  };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function verdictOf([ours, theirs]: readonly Row[]) {
  const ratio = (metric: string): number =>
    meanOf(theirs?.metrics[metric] ?? []) / meanOf(ours?.metrics[metric] ?? []);
  const [time, memory] = [ratio("stepTime"), ratio("stepMemory")];
  return {
    ...{ claim: "cost", holds: time >= 2 && memory >= 2 },
    rule: "The patch transformer's median step takes at least twice the time, and its graph at least twice the memory.",
    found: `${time.toFixed(2)} times the time, ${memory.toFixed(2)} times the memory.`,
  };
}

/** Time and memory of a training step, the systems' steps taken in turn. */
export const cost: Experiment<Rounds> = {
  claims: ["cost"],
  seeds: [1, 2, 3],
  load: async (budget) => (budget === "full" ? 30 : 3),
  measure,
};
