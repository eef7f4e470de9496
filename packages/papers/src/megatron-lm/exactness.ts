// B rows, T tokens

import { Division, initialize, type Module, type Shard, shardOf, wholeOf } from "@quire/nn";
import {
  type Collectives,
  collectivesInOneProcess,
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  type Tensor,
} from "@quire/tensor";
import { compare } from "../comparison.ts";
import { MILLION, measurement } from "../measurement.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { MegatronBert, MegatronGpt, type MegatronOptions } from "./model.ts";

/** How a model is divided. */
interface Way {
  readonly kind: "GPT" | "BERT";
  readonly processes: number;
  readonly sequence: boolean;
  readonly recompute: boolean;
}

const plain = { sequence: false, recompute: false };

const ways = {
  full: [
    { kind: "GPT", processes: 2, ...plain },
    { kind: "GPT", processes: 4, ...plain },
    { kind: "GPT", processes: 4, sequence: true, recompute: true },
    { kind: "BERT", processes: 2, ...plain },
    { kind: "BERT", processes: 4, ...plain },
    { kind: "BERT", processes: 4, sequence: true, recompute: true },
  ],
  quick: [
    { kind: "GPT", processes: 2, ...plain },
    { kind: "BERT", processes: 2, sequence: true, recompute: true },
  ],
} as const satisfies Record<Budget, readonly Way[]>;

const sizes = {
  full: { width: 64, depth: 3, heads: 4, dropout: 0 },
  quick: { width: 16, depth: 1, heads: 4, dropout: 0 },
} as const satisfies Record<Budget, MegatronOptions>;

const target = { vocabulary: 1000, context: 32 };
const [rows, length] = [4, 32];
const ALLOWED = 10;
const mode = { training: true };

/** Whether processes that divide a model have its loss and gradients, and how often they exchange. */
export const exactness: Experiment<Budget> = {
  claims: ["exact", "exchanges"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(budget),
  measure,
};

async function measure({
  data: budget,
  ...context
}: ExperimentContext<Budget>): Promise<ExperimentResult> {
  const size = sizes[budget];
  const contestants = ways[budget].map((way) =>
    measurement(nameOf(way), async (seed) => {
      const { forward, backward } = await sumsOfOneMoreBlock(size, way);
      const apart = MILLION * (await difference(size, way, seed));
      return {
        metrics: { apartInMillionths: apart, forwardSums: forward, backwardSums: backward },
      };
    }),
  );
  const { rows: found } = await compare(contestants, context);
  const worst = Math.max(
    ...found.flatMap(({ metrics }) => metrics["apartInMillionths"] as number[]),
  );
  const asInPaper = found.filter((_, i) => !ways[budget][i]?.recompute);
  const sums = asInPaper.flatMap(({ metrics }) => [
    metrics["forwardSums"]?.[0] as number,
    metrics["backwardSums"]?.[0] as number,
  ]);
  return {
    metrics: [
      { name: "apartInMillionths", as: "number", better: "lower" },
      { name: "forwardSums", as: "number", better: "lower" },
      { name: "backwardSums", as: "number", better: "lower" },
    ],
    rows: found,
    verdicts: [
      {
        claim: "exact",
        holds: worst < ALLOWED,
        rule: "Loss and gradients differ by less than 10 millionths of the largest.",
        found: `At most ${worst.toFixed(2)} millionths.`,
      },
      {
        claim: "exchanges",
        holds: sums.every((count) => count === 2),
        rule: "With whole positions and nothing recomputed, one more block takes 2 sums forward and 2 backward.",
        found: `Sums a block, forward and backward in turn: ${sums.join(", ")}.`,
      },
    ],
  };
}

function nameOf({ kind, processes, sequence, recompute }: Way): string {
  const more = [sequence ? ", positions divided" : "", recompute ? ", recomputed" : ""].join("");
  return `${kind} on ${processes}${more}`;
}

/** A loss and every gradient, by path, whole. */
type Step = ReadonlyMap<string, Float32Array>;

async function difference(size: MegatronOptions, way: Way, seed: number): Promise<number> {
  const whole = await stepOf(size, way, seed, undefined);
  const parts = await Promise.all(
    collectivesInOneProcess(way.processes).map((group) =>
      stepOf(
        { ...size, recompute: way.recompute },
        way,
        seed,
        new Division(group, { sequence: way.sequence }),
      ),
    ),
  );
  let [largest, furthest] = [0, 0];
  for (const [path, wanted] of whole) {
    for (const [i, value] of wanted.entries()) {
      largest = Math.max(largest, Math.abs(value));
      for (const part of parts) {
        furthest = Math.max(furthest, Math.abs(value - (part.get(path)?.[i] as number)));
      }
    }
  }
  return furthest / largest;
}

async function stepOf(
  size: MegatronOptions,
  { kind }: Way,
  seed: number,
  division: Division | undefined,
): Promise<Step> {
  const model = madeOf(kind, size, division);
  initialize(model, seed);
  const run = compile((...fed: Tensor[]) => {
    const loss = lossOf(model, fed);
    return [loss, ...gradients(loss, model.parameters())];
  });
  const [loss, ...slopes] = (await run(...batchFor(kind, seed))) as [HostTensor, ...HostTensor[]];
  const found = new Map([["loss", loss.data as Float32Array]]);
  for (const [i, [path, parameter]] of model.namedParameters().entries()) {
    const slope = slopes[i] as HostTensor;
    const shard = shardOf(parameter);
    const values = shard ? await wholeOf(shard, slope) : slope;
    found.set(path, (values.data as Float32Array).subarray(0, sizeIn(shard, values)));
  }
  await run.release();
  return found;
}

/** Rows that only fill up the vocabulary do not count. */
function sizeIn(shard: Shard | undefined, values: HostTensor): number {
  const isVocabulary = !shard && values.shape[0] === 128 * Math.ceil(target.vocabulary / 128);
  const width = values.data.length / (values.shape[0] ?? 1);
  return isVocabulary ? target.vocabulary * width : values.data.length;
}

function madeOf(kind: Way["kind"], size: MegatronOptions, division?: Division): Module {
  return kind === "GPT"
    ? new MegatronGpt(size, target, division)
    : new MegatronBert(size, target, division);
}

function lossOf(model: Module, fed: readonly Tensor[]): Tensor {
  if (model instanceof MegatronGpt) {
    const [ids, next] = fed as readonly [Tensor, Tensor];
    return model.loss(ids, next, mode);
  }
  const [ids, sentences, labels, gaps, order] = fed as [Tensor, Tensor, Tensor, Tensor, Tensor];
  return (model as MegatronBert).loss({ ids, sentences, labels, gaps, order }, mode);
}

/** Random tokens, and for BERT every third one a gap. */
function batchFor(kind: Way["kind"], seed: number): HostTensor[] {
  const random = new Random(seed).fork("batch");
  const ints = (below: number, count: number): number[] =>
    Array.from({ length: count }, () => Math.floor(random.uniform() * below));
  const tokens = (below: number): HostTensor =>
    hostTensor(ints(below, rows * length), [rows, length], "int32");
  const both = [tokens(target.vocabulary), tokens(target.vocabulary)] as const;
  if (kind === "GPT") return [...both];
  const gaps = Array.from({ length: rows * length }, (_, i) => Number(i % 3 === 0));
  return [
    both[0],
    tokens(2),
    both[1],
    hostTensor(gaps, [rows, length], "bool"),
    hostTensor(ints(2, rows), [rows], "int32"),
  ];
}

/** How many sums over the processes a block more takes, in a pass forward alone and in what its gradient adds. */
async function sumsOfOneMoreBlock(
  size: MegatronOptions,
  way: Way,
): Promise<{ readonly forward: number; readonly backward: number }> {
  const counts: number[][] = [];
  for (const depth of [1, 2]) {
    const own = { ...size, depth, recompute: way.recompute };
    const forward = await exchangesOf(own, way, false);
    counts.push([forward, (await exchangesOf(own, way, true)) - forward]);
  }
  const [forward, backward] = [0, 1].map(
    (i) => (counts[1]?.[i] as number) - (counts[0]?.[i] as number),
  );
  return { forward: forward as number, backward: backward as number };
}

/** How often the first process calls a collective in a step. */
async function exchangesOf(size: MegatronOptions, way: Way, hasGradient: boolean): Promise<number> {
  const counts = await Promise.all(
    collectivesInOneProcess(way.processes).map(async (group) => {
      const { counted, count } = counting(group);
      const model = madeOf(way.kind, size, new Division(counted, { sequence: way.sequence }));
      initialize(model, 1);
      const run = compile((...fed: Tensor[]) => {
        const loss = lossOf(model, fed);
        return hasGradient ? [loss, ...gradients(loss, model.parameters())] : [loss];
      });
      await run(...batchFor(way.kind, 1));
      await run.release();
      return count();
    }),
  );
  return counts[0] as number;
}

function counting(group: Collectives): {
  readonly counted: Collectives;
  readonly count: () => number;
} {
  let calls = 0;
  const called = <A extends readonly unknown[], R>(call: (...words: A) => R) => {
    return (...words: A): R => {
      calls += 1;
      return call(...words);
    };
  };
  const { rank, size } = group;
  return {
    counted: {
      ...{ rank, size },
      allReduce: called(group.allReduce),
      allGather: called(group.allGather),
      reduceScatter: called(group.reduceScatter),
    },
    count: () => calls,
  };
}
