// T tokens

import { inference, initialize, Llama, Memory } from "@quire/nn";
import {
  compile,
  countParameters,
  estimateMemory,
  type HostTensor,
  hostTensor,
  type Tensor,
  type TensorType,
} from "@quire/tensor";
import { adamW, crossEntropy } from "@quire/train";
import type { Figure } from "../figure.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import type { LanguageNetwork } from "../tasks/language-target.ts";
import { build } from "./model.ts";

/** What is measured. A step always has as many tokens: of one long text, or of several shorter ones. */
interface Plan {
  readonly tokens: number;
  readonly lengths: readonly number[];
  /** The table of all pairs takes too much memory for a step of more. */
  readonly longestTable: number;
}

const plans = {
  full: {
    tokens: 16_384,
    lengths: [512, 1024, 2048, 4096, 8192, 16_384],
    longestTable: 4096,
  },
  quick: { tokens: 512, lengths: [128, 512], longestTable: 512 },
} as const satisfies Record<Budget, Plan>;

const size = { vocabulary: 256, width: 128, depth: 2, heads: 2 } as const;

interface Contender {
  readonly name: string;
  readonly hasTable: boolean;
  build(): LanguageNetwork;
}

const contenders: readonly Contender[] = [
  {
    name: "TransNormerLLM",
    hasTable: false,
    build: () => build({ ...size, feedForward: 352 }, { ...size, context: 512 }),
  },
  {
    name: "softmax transformer",
    hasTable: true,
    build: () => new Llama({ ...size, feedForward: 352 + 43 }),
  },
];

type Use = "training" | "writing";

/** One measured place: what it costs. */
interface Place {
  readonly name: string;
  readonly use: Use;
  readonly length: number;
  readonly parameters: number;
  readonly microseconds: readonly number[];
  readonly kilobytes: number;
}

/** A share that the cost of a token may differ by over all lengths. */
const ALLOWED = 0.15;
/** Timed runs of a step in a round, of which the fastest counts: the others were disturbed. */
const STEPS = 3;
const WRITTEN = 24;

/** Time and memory a token from short texts to long ones. */
export const speed: Experiment<Plan> = {
  claims: ["speed"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(plans[budget]),
  measure,
};

/** A place before all its rounds were measured. */
interface Begun extends Omit<Place, "microseconds" | "kilobytes"> {
  readonly cost: () => Promise<Cost>;
}

async function measure({
  data: plan,
  seeds,
  signal,
  onProgress,
}: ExperimentContext<Plan>): Promise<ExperimentResult> {
  const begun = contenders.flatMap((contender) => placesOf(contender, plan));
  const found = new Map<Begun, Cost[]>(begun.map((place) => [place, []]));
  const rounds = 1 + seeds.length;
  // Lengths take turns round by round, so that what the machine does meanwhile falls on all of them; and none pays for
  // being the first, since the first round does not count.
  for (let round = 0; round < rounds; round++) {
    for (const [i, place] of begun.entries()) {
      signal?.throwIfAborted();
      const doing = `${place.name}, ${place.use}, ${place.length} tokens`;
      onProgress?.({ doing, share: (round + i / begun.length) / rounds });
      const cost = await place.cost();
      if (round > 0) found.get(place)?.push(cost);
    }
  }
  const places = begun.map((place): Place => {
    const costs = found.get(place) ?? [];
    const microseconds = costs.map((cost) => cost.microseconds);
    return { ...place, microseconds, kilobytes: costs[0]?.kilobytes ?? 0 };
  });
  return {
    metrics: [
      { name: "microseconds", as: "number", better: "lower" },
      { name: "kilobytes", as: "number", better: "lower" },
    ],
    rows: places.map(rowOf),
    verdicts: [verdictOf(places)],
    figures: figuresOf(places),
  };
}

function placesOf({ name, hasTable, build: make }: Contender, plan: Plan): Begun[] {
  const model = make();
  initialize(model, 1);
  const parameters = countParameters(model.parameters());
  const short = hasTable ? plan.lengths.filter((one) => one <= plan.longestTable) : plan.lengths;
  const place = (use: Use, length: number, cost: () => Promise<Cost>): Begun => ({
    ...{ name, use, length, parameters, cost },
  });
  return [
    ...short.map((one) => place("training", one, () => trainingCost(model, one, plan.tokens))),
    ...plan.lengths.map((one) => place("writing", one, () => writingCost(model, one))),
  ];
}

/** What a round found. */
interface Cost {
  readonly microseconds: number;
  readonly kilobytes: number;
}

/** A step of training: microseconds a token, and what it computes on the way, in kilobytes a token. */
async function trainingCost(model: LanguageNetwork, length: number, tokens: number): Promise<Cost> {
  const optimizer = adamW(model.parameters(), { learningRate: 1e-4 });
  const train = (ids: Tensor, next: Tensor): { loss: Tensor } => {
    const loss = crossEntropy(model.forward(ids, { training: true }), next);
    optimizer.minimize(loss);
    return { loss };
  };
  const step = compile(train);
  const ids = tokensOf(tokens / length, length);
  await step(ids, ids);
  const times: number[] = [];
  for (let run = 0; run < STEPS; run++) times.push(await timed(() => step(ids, ids)));
  const microseconds = (1000 * Math.min(...times)) / tokens;
  await step.release();
  const { working } = estimateMemory(train, typeOf(ids), typeOf(ids));
  return { microseconds, kilobytes: working / 1024 / tokens };
}

/** A token that follows a text: microseconds, and what the memory holds of the text, in kilobytes. */
async function writingCost(model: LanguageNetwork, length: number): Promise<Cost> {
  const memory = new Memory({ rows: 1, length: length + 2 * WRITTEN });
  const write = (ids: Tensor): Tensor => model.forward(ids, inference, { reading: memory.next() });
  const next = compile(write);
  const id = tokensOf(1, 1);
  // Times do not depend on what was read, only on how much.
  await memory.lengths.set(hostTensor(Int32Array.of(length), [1], "int32"));
  for (let i = 0; i < WRITTEN; i++) await next(id);
  const times: number[] = [];
  for (let i = 0; i < WRITTEN; i++) times.push(await timed(() => next(id)));
  times.sort((a, b) => a - b);
  const microseconds = 1000 * (times[WRITTEN / 2] as number);
  await next.release();
  const own = new Set(model.parameters());
  const { variables } = estimateMemory(write, typeOf(id));
  const kept = [...variables.keys()].filter((variable) => !own.has(variable));
  return { microseconds, kilobytes: (4 * countParameters(kept)) / 1024 };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

function tokensOf(rows: number, length: number): HostTensor {
  const ids = Int32Array.from({ length: rows * length }, (_, i) => (i * 7919) % size.vocabulary);
  return hostTensor(ids, [rows, length], "int32");
}

function typeOf({ shape, dtype }: HostTensor): TensorType {
  return { shape, dtype };
}

function rowOf({ name, use, length, parameters, microseconds, kilobytes }: Place): Row {
  return {
    system: `${name}, ${use}, ${length} tokens`,
    parameters,
    metrics: { microseconds, kilobytes: microseconds.map(() => kilobytes) },
    seconds: microseconds.map((time) => time / 1e6),
    curves: [],
  };
}

function of(places: readonly Place[], name: string | undefined, use: Use): readonly Place[] {
  return places.filter((place) => place.name === name && place.use === use);
}

/** Of the rounds the fastest: what else the machine does only slows. */
function fastest({ microseconds }: Place): number {
  return Math.min(...microseconds);
}

/** The largest and smallest share of a cost at the shortest length. */
function range(values: readonly number[]): readonly [low: number, high: number] {
  const shares = values.map((value) => value / (values[0] as number));
  return [Math.min(...shares), Math.max(...shares)];
}

function verdictOf(places: readonly Place[]): ExperimentResult["verdicts"][number] {
  const [own, other] = contenders.map(({ name }) => name);
  const shares = (name: string | undefined, use: Use) => {
    const found = of(places, name, use);
    return [range(found.map(fastest)), range(found.map(({ kilobytes }) => kilobytes))] as const;
  };
  const uses = ["training", "writing"] as const;
  const isFlat = ([low, high]: readonly [number, number]): boolean =>
    low >= 1 - ALLOWED && high <= 1 + ALLOWED;
  const grows = uses.every((use) => shares(other, use).some(([, high]) => high > 1 + ALLOWED));
  const text = (name: string | undefined): string =>
    uses
      .map((use) => {
        const [time, memory] = shares(name, use).map(
          ([low, high]) => `${low.toFixed(2)} to ${high.toFixed(2)}`,
        );
        return `${use}: time ${time}, memory ${memory}`;
      })
      .join("; ");
  return {
    claim: "speed",
    holds: uses.every((use) => shares(own, use).every(isFlat)) && grows,
    rule: "By the fastest of the rounds, of what a token costs at the shortest length, TransNormerLLM's time and memory are 0.85 to 1.15 at every length, and some of the transformer's is more, in training and in writing.",
    found: `${own}, ${text(own)}. ${other}, ${text(other)}.`,
  };
}

function figuresOf(places: readonly Place[]): Figure[] {
  const seriesOf = (use: Use, value: (place: Place) => number) =>
    contenders.map(({ name }) => ({
      name,
      points: of(places, name, use).map((place) => [place.length, value(place)] as const),
    }));
  const bytes = (place: Place): number => place.kilobytes;
  const lines = (title: string, unit: string, series: ReturnType<typeof seriesOf>): Figure => ({
    ...{ title, kind: "lines", series },
    x: { title: "tokens of a text", scale: "log" },
    y: { title: unit, scale: "log" },
  });
  return [
    lines("Time of a step of training", "microseconds a token", seriesOf("training", fastest)),
    lines("Memory of a step of training", "kilobytes a token", seriesOf("training", bytes)),
    lines("Time to write a token", "microseconds", seriesOf("writing", fastest)),
    lines("Memory of what was read", "kilobytes", seriesOf("writing", bytes)),
  ];
}
