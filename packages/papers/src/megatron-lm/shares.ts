// B rows, T tokens

import { countParameters, Division, type Module } from "@quire/nn";
import {
  collectivesInOneProcess,
  estimateMemory,
  gradients,
  type Tensor,
  type TensorType,
} from "@quire/tensor";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import type { LanguageTarget } from "../tasks/language-target.ts";
import { build, MegatronGpt } from "./model.ts";
import { paper } from "./paper.ts";

/** Processes that the paper divides its models among, the most that divide the heads first. */
const numbers = [8, 4, 2];
/** What every process has whole, such as norms and positions, may add to an even share. */
const MORE = 0.1;
const LEAST_SAVED = 0.5;

/** The model whose step's memory is estimated: blocks as wide as its text is long. */
const measured = {
  full: { options: { width: 512, depth: 12, heads: 8 }, context: 512, rows: 4 },
  quick: { options: { width: 64, depth: 4, heads: 8 }, context: 64, rows: 2 },
} as const satisfies Record<Budget, object>;

/** What each process holds of a model and of a step; nothing is allocated. */
export const shares: Experiment<Budget> = {
  claims: ["shares"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(budget),
  measure,
};

function measure({ data: budget, seeds, signal, onProgress }: ExperimentContext<Budget>) {
  const published = Object.entries(paper.presets).filter(([, preset]) => preset.parameters);
  const found: Row[] = [];
  for (const [name, preset] of published) {
    signal?.throwIfAborted();
    onProgress?.({ doing: `parameters of ${name}`, share: found.length / (published.length + 1) });
    const { options, target } = preset;
    const processes = numbers.find((number) => options.heads % number === 0) ?? 1;
    const whole = countParameters(build(options, target));
    const own = countParameters(build(options, target, dividedBy(processes)));
    const share = { shareOfParameters: own / whole, overEvenShare: (processes * own) / whole };
    found.push(rowOf(`${name} on ${processes}`, whole, share, seeds));
  }
  const kept = [false, true].map((recompute) => keptBytes(budget, recompute));
  const [plain, again] = kept as [number, number];
  const saved = 1 - again / plain;
  const most = Math.max(
    ...found.map(({ metrics }) => (metrics["overEvenShare"]?.[0] as number) - 1),
  );
  const result: ExperimentResult = {
    metrics: [
      { name: "shareOfParameters", as: "share", better: "lower" },
      { name: "overEvenShare", as: "ratio", better: "lower" },
    ],
    rows: found,
    verdicts: [
      {
        claim: "shares",
        holds: most <= MORE && saved >= LEAST_SAVED,
        rule: `A process holds at most ${100 * MORE} % more than an even share of the parameters, and recomputation saves at least half of what a step keeps.`,
        found:
          `At most ${(100 * most).toFixed(2)} % more than an even share; a step keeps ${megabytes(plain)}, ` +
          `with recomputation ${megabytes(again)}, ${(100 * saved).toFixed(0)} % less.`,
      },
    ],
  };
  return Promise.resolve(result);
}

function dividedBy(processes: number): Division {
  const [first] = collectivesInOneProcess(processes);
  return new Division(first as NonNullable<typeof first>);
}

function rowOf(
  system: string,
  parameters: number,
  metrics: Readonly<Record<string, number>>,
  seeds: readonly number[],
): Row {
  const values = Object.entries(metrics).map(([name, value]) => [name, seeds.map(() => value)]);
  return {
    ...{ system, parameters, metrics: Object.fromEntries(values), curves: [] },
    seconds: seeds.map(() => 0),
  };
}

/** Bytes that one process's step needs on the way at once, from its graph. */
function keptBytes(budget: Budget, recompute: boolean): number {
  const { options, context, rows } = measured[budget];
  const target: LanguageTarget = { vocabulary: 1024, context };
  const model = new MegatronGpt({ ...options, dropout: 0, recompute }, target, dividedBy(8));
  const ids: TensorType = { shape: [rows, context], dtype: "int32" };
  const step = (given: Tensor, next: Tensor): Tensor[] => {
    const loss = model.loss(given, next, { training: true });
    return gradients(loss, (model as Module).parameters());
  };
  return estimateMemory(step, ids, ids).working;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
