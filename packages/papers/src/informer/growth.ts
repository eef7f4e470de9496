// L length

import { countParameters, initialize } from "@quire/nn";
import {
  compile,
  estimateMemory,
  type HostTensor,
  hostTensor,
  Random,
  type Tensor,
} from "@quire/tensor";
import { peakMemory } from "@quire/train/node";
import type { Figure } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { growthOf, meanOf } from "../statistics.ts";
import { InformerAttention } from "./attention.ts";
import { build, type Informer } from "./model.ts";

/** Lengths of the past. */
type Lengths = readonly number[];

const kinds = { prob: "ProbSparse attention", full: "full attention" } as const;
type Kind = keyof typeof kinds;

/** Timed runs of which the fastest counts: what else the machine does only slows. */
const RUNS = 5;
/** So many of the longest lengths show how the process's memory grows; below, the runtime's own covers it. */
const LONG = 3;

/** An encoder of two layers with a halving between them. */
function encoderFor(kind: Kind, length: number): Informer {
  const sizes = { width: 32, heads: 4, encoders: [2], decoder: 1, hidden: 64, start: 1 };
  const model = build(
    { ...sizes, attention: kind },
    { context: length, horizon: 1, channels: 1, known: 0, outputs: 1, unit: "hour" },
  );
  // The growth that is claimed is that of sampling: it is measured from the shortest length on.
  for (const [, module] of model.namedModules()) {
    if (module instanceof InformerAttention) module.dense = 0;
  }
  return model;
}

/** What one length costs. */
interface Cost {
  readonly length: number;
  /** Milliseconds, one a seed. */
  readonly times: readonly number[];
  /** Bytes of all that the graph computes on the way, when most of it is needed at once. */
  readonly working: number;
  /** Bytes that the process held at most beyond what it held before, where the system tells. */
  readonly peak: number | undefined;
}

async function costOf(kind: Kind, length: number, seeds: readonly number[]): Promise<Cost> {
  const model = encoderFor(kind, length);
  const encode = (past: Tensor, calendar: Tensor): Tensor => model.encode({ past, calendar });
  initialize(model, 1);
  const [past, calendar] = inputsOf(length, 0);
  const { working } = estimateMemory(encode, past, calendar);
  const run = compile(encode);
  const peak = await peakMemory(async () => {
    await run(past, calendar);
  });
  const times: number[] = [];
  for (const seed of seeds) {
    const given = inputsOf(length, seed);
    await run(...given);
    let fastest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < RUNS; i++) {
      const started = performance.now();
      await run(...given);
      fastest = Math.min(fastest, performance.now() - started);
    }
    times.push(fastest);
  }
  await run.release();
  return { length, times, working, peak };
}

function inputsOf(
  length: number,
  seed: number,
): [past: HostTensor<"float32">, calendar: HostTensor<"float32">] {
  const random = new Random(seed);
  const past = new Float32Array(length).map(() => random.normal());
  const calendar = new Float32Array((length + 1) * 8).map(() => 1 + random.integer(7));
  return [
    hostTensor(past, [1, length, 1], "float32"),
    hostTensor(calendar, [1, length + 1, 8], "float32"),
  ];
}

async function measure({
  data: lengths,
  seeds,
  signal,
  onProgress,
}: ExperimentContext<Lengths>): Promise<ExperimentResult> {
  const costs: Record<Kind, Cost[]> = { prob: [], full: [] };
  const all = 2 * lengths.length;
  for (const kind of ["prob", "full"] as const) {
    for (const length of lengths) {
      signal?.throwIfAborted();
      const done = costs.prob.length + costs.full.length;
      onProgress?.({ doing: `${kinds[kind]}, ${length} steps`, share: done / all });
      costs[kind].push(await costOf(kind, length, seeds));
    }
  }
  const rows = (["prob", "full"] as const).map((kind) => rowOf(kind, costs[kind], seeds));
  return {
    metrics: [
      { name: "timeExponent", as: "number", better: "lower" },
      { name: "memoryExponent", as: "number", better: "lower" },
      { name: "longestTime", as: "milliseconds", better: "lower" },
      { name: "longestMemory", as: "megabytes", better: "lower" },
    ],
    ...{ rows, figures: [timeFigure(costs), memoryFigure(costs)] },
    verdicts: [verdictOf(rows, costs)],
  };
}

function rowOf(kind: Kind, costs: readonly Cost[], seeds: readonly number[]): Row {
  const lengths = costs.map(({ length }) => length);
  const longest = costs.at(-1) as Cost;
  const timeExponent = seeds.map((_, seed) =>
    growthOf(
      lengths,
      costs.map(({ times }) => times[seed] as number),
    ),
  );
  const memoryExponent = growthOf(
    lengths,
    costs.map(({ working }) => working),
  );
  return {
    system: `encoder, ${kinds[kind]}`,
    parameters: countParameters(encoderFor(kind, longest.length)),
    figure: kind === "prob" ? "O(L log L)" : "O(L²)",
    metrics: {
      timeExponent,
      memoryExponent: seeds.map(() => memoryExponent),
      longestTime: longest.times,
      longestMemory: seeds.map(() => longest.working / 1e6),
    },
    seconds: seeds.map((_, seed) =>
      costs.reduce((sum, { times }) => sum + (times[seed] as number) / 1000, 0),
    ),
    curves: [],
  };
}

function verdictOf(rows: readonly Row[], costs: Readonly<Record<Kind, readonly Cost[]>>) {
  const of = (row: number, metric: string): number => meanOf(rows[row]?.metrics[metric] ?? []);
  const [time, memory] = ["timeExponent", "memoryExponent"];
  const both = (row: number): number[] => [of(row, time as string), of(row, memory as string)];
  const [prob, full] = [both(0), both(1)] as [number[], number[]];
  const text = ([t, m]: number[]): string => `time ${t?.toFixed(2)}, memory ${m?.toFixed(2)}`;
  const held = (["prob", "full"] as const).map((kind) => longGrowth(costs[kind]));
  const seen = held.every((exponent) => exponent !== undefined)
    ? ` The process's peaks over the ${LONG} longest: ${held.map((one) => one?.toFixed(2)).join(" against ")}.`
    : "";
  return {
    claim: "growth",
    holds: prob.every((one) => one < 1.3) && full.every((one) => one > 1.6),
    rule:
      "Least squares of logarithms over all lengths: both exponents below 1.3 with ProbSparse attention, above 1.6 with " +
      "full attention. Memory is what the graph needs at once.",
    found: `ProbSparse: ${text(prob)}; full: ${text(full)}.${seen}`,
  };
}

/** How the process's measured peak grows over the longest lengths. */
function longGrowth(costs: readonly Cost[]): number | undefined {
  const long = costs.slice(-LONG);
  const peaks = long.flatMap(({ peak }) => (peak === undefined || peak <= 0 ? [] : [peak]));
  if (peaks.length < LONG) return undefined;
  return growthOf(
    long.map(({ length }) => length),
    peaks,
  );
}

const lengthAxis = { title: "steps of the past", scale: "log" } as const;

function timeFigure(costs: Readonly<Record<Kind, readonly Cost[]>>): Figure {
  return {
    ...{ kind: "lines", title: "Time of the encoder", x: lengthAxis },
    y: { title: "milliseconds", scale: "log" },
    series: (["prob", "full"] as const).map((kind) => ({
      name: kinds[kind],
      points: costs[kind].map(({ length, times }) => [length, meanOf(times)] as const),
    })),
  };
}

function memoryFigure(costs: Readonly<Record<Kind, readonly Cost[]>>): Figure {
  const megabytes = (kind: Kind, of: (cost: Cost) => number | undefined) =>
    costs[kind].flatMap((cost) => {
      const bytes = of(cost);
      return bytes === undefined || bytes <= 0 ? [] : [[cost.length, bytes / 1e6] as const];
    });
  return {
    ...{ kind: "lines", title: "Memory of the encoder", x: lengthAxis },
    y: { title: "megabytes", scale: "log" },
    caption:
      "Lines: what the graph needs at once. Dashes: the peak of the process, beyond what it held before.",
    series: (["prob", "full"] as const).flatMap((kind) => [
      { name: kinds[kind], points: megabytes(kind, ({ working }) => working) },
      {
        name: `${kinds[kind]}, measured`,
        points: megabytes(kind, ({ peak }) => peak),
        mark: "dashes" as const,
      },
    ]),
  };
}

/** Time and memory of encoders of both kinds of attention by length. */
export const growth: Experiment<Lengths> = {
  claims: ["growth"],
  seeds: [1, 2, 3],
  load: (budget) =>
    Promise.resolve(budget === "full" ? [256, 512, 1024, 2048, 4096, 8192] : [256, 512, 1024]),
  measure,
};
