import { countParameters } from "@quire/nn";
import {
  compile,
  type HostTensor,
  hostTensor,
  int8,
  type Quantization,
  type Tensor,
} from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { compare } from "../comparison.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { meanOf, metricOf } from "../statistics.ts";
import { classAccuracy, type LinkageBatch } from "../tasks/linkage-training.ts";
import { Linker } from "../tasks/linker.ts";
import type { TurnHooks } from "../turn.ts";
import {
  type Classifier,
  type Dense,
  loadTexts,
  type TextData,
  textClassifier,
  textSize,
  trainDense,
} from "./dense-classifiers.ts";
import { type Measure, trainOn } from "./experiments.ts";
import { fileSize } from "./file-size.ts";

/** What is compressed: twice as deep as what else is measured, so that layers can be dropped. */
const deep = { ...textSize, depth: 4 };
const half = { ...textSize, depth: 2 };

type Metrics = Readonly<Record<string, number>>;

const names = {
  dense: "dense",
  int8: "eight bits",
  dropped: "half of the layers",
  pruned: "90 % pruned",
  both: "90 % pruned, eight bits",
  all: "half of the layers, 90 % pruned, eight bits",
} as const;

const measures: Readonly<Record<Budget, Measure>> = {
  full: { gradients: 64, rows: 8, blockSize: 48, epochs: 0.7, learningRate: 1e-3 },
  quick: { gradients: 16, rows: 8, blockSize: 24, epochs: 0.5, learningRate: 1e-3 },
};

/** Compresses one trained classifier in every way. */
async function compressed(
  data: TextData,
  budget: Budget,
  seed: number,
  { signal, onProgress }: TurnHooks,
): Promise<Record<string, Metrics>> {
  let pruned = 0;
  const hooks: TurnHooks = {
    ...(signal && { signal }),
    // The second half is three trainings, each of which counts from a half on.
    onProgress: (share) => onProgress(0.5 + (pruned + 2 * share - 1) / 6),
  };
  const dense = await trainDense<LinkageBatch>(() => textClassifier(data, budget, seed, deep), {
    ...(signal && { signal }),
    onBatch: (share) => onProgress(share / 2),
  });
  const measure = measures[budget];
  const test = (of: Classifier<LinkageBatch>, scheme?: Quantization) => measured(of, data, scheme);
  const found: Record<string, Metrics> = {
    [names.dense]: await test(dense),
    [names.int8]: await test(dense, int8()),
  };
  const prune = async (classifier: Classifier<LinkageBatch>, sparsities: readonly number[]) => {
    // Where nothing is pruned yet no gradients are needed.
    const method = sparsities.every((sparsity) => sparsity === 0) ? "magnitude" : "obert";
    const given = {
      classifier,
      teacher: dense.twin,
      measure,
      options: { method },
      sparsities,
    } as const;
    await trainOn<LinkageBatch>(given, hooks);
    pruned += 1;
  };
  const few = textClassifier(data, budget, seed, half);
  await loadModel(few.model, await everySecond(dense));
  await prune(few, [0, 0]);
  found[names.dropped] = await test(few);
  await prune(few, [0.7, 0.85, 0.9]);
  found[names.all] = await test(few, int8());
  await prune(dense, [0.7, 0.85, 0.9]);
  found[names.pruned] = await test(dense);
  found[names.both] = await test(dense, int8());
  await Promise.all([dense.release(), few.system.release()]);
  return found;
}

/// Section 4.3: every second layer is dropped, and the rest is trained on with the dense model as its teacher.
/** Weights of every second layer under the names that they have in a model of half the layers. */
async function everySecond({ model }: Dense<LinkageBatch>): Promise<Map<string, HostTensor>> {
  const found = new Map<string, HostTensor>();
  for (const [path, tensor] of await modelTensors(model)) {
    const [, layer, rest] = /^encoder\.blocks\.(\d+)\.(.*)$/.exec(path) ?? [];
    if (layer === undefined) found.set(path, tensor);
    else if (Number(layer) % 2 === 0)
      found.set(`encoder.blocks.${Number(layer) / 2}.${rest}`, tensor);
  }
  return found;
}

/** Accuracy, parameters, the size of the packed file, and the time of a call by one text; the least of some. */
async function measured(
  classifier: Classifier<LinkageBatch>,
  { names: texts, tokenizer }: TextData,
  quantization?: Quantization,
): Promise<Metrics> {
  const { system } = classifier;
  if (!(system instanceof Linker)) throw new TypeError("texts are classified by a Linker");
  const options = quantization ? { quantization } : {};
  const stored = new Linker(system.model, tokenizer, system.description, options);
  const accuracy = await classAccuracy(stored, texts.test);
  const { packed } = await fileSize(stored, quantization);
  const run = compile((ids: Tensor) => stored.model.forward(ids), options);
  const { length } = system.description.target;
  const ids = hostTensor(new Int32Array(length).fill(7), [1, length], "int32");
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < CALLS; i++) {
    const started = performance.now();
    await run(ids);
    milliseconds = Math.min(milliseconds, performance.now() - started);
  }
  await Promise.all([run.release(), stored.release()]);
  return {
    ...{ accuracy, megabytes: packed / 1e6, milliseconds },
    parameters: countParameters(system.model),
  };
}

const CALLS = 60;
const LOST = 0.02;
const SMALLER = 10;

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<TextData>): Promise<ExperimentResult> {
  // One model is compressed in all ways, so these are one turn's metrics, of which rows are made.
  const { rows: turns } = await compare<undefined>(
    [
      {
        name: "compressing",
        run: async (seed, hooks) => {
          const started = performance.now();
          const found = await compressed(data, budget, seed, hooks);
          return {
            ...{ parameters: 0, metrics: flat(found), curve: { seed, points: [] } },
            ...{ seconds: (performance.now() - started) / 1000, kept: undefined },
          };
        },
      },
    ],
    context,
  );
  const [{ metrics, seconds }] = turns as [Row];
  const rows = Object.values(names).map((system): Row => {
    const valuesOf = (metric: string): readonly number[] => metrics[`${system}: ${metric}`] ?? [];
    const own = shown.map(({ name }) => [name, valuesOf(name)] as const);
    return {
      ...{ system, parameters: valuesOf("parameters")[0] ?? 0, seconds, curves: [] },
      metrics: Object.fromEntries(own),
    };
  });
  return { metrics: shown, rows, verdicts: [verdictOf(rows)] };
}

/** What was found of each system as metrics with its name. */
function flat(found: Readonly<Record<string, Metrics>>): Metrics {
  const all = Object.entries(found).flatMap(([system, metrics]) =>
    Object.entries(metrics).map(([name, value]) => [`${system}: ${name}`, value] as const),
  );
  return Object.fromEntries(all);
}

const shown = [
  { name: "accuracy", as: "share", better: "higher" },
  { name: "megabytes", as: "megabytes", better: "lower" },
  { name: "milliseconds", as: "milliseconds", better: "lower" },
] as const;

function verdictOf(rows: readonly Row[]): ExperimentResult["verdicts"][number] {
  const mean = (system: string, metric: string): number => meanOf(metricOf(rows, system, metric));
  const smaller = mean(names.dense, "megabytes") / mean(names.all, "megabytes");
  const lost = mean(names.dense, "accuracy") - mean(names.all, "accuracy");
  const faster = mean(names.dense, "milliseconds") / mean(names.all, "milliseconds");
  return {
    claim: "compound",
    holds: smaller >= SMALLER && lost <= LOST,
    rule: `With all three, the packed file is ${SMALLER} times smaller and at most ${100 * LOST} points are lost, in the mean.`,
    found: `${smaller.toFixed(1)} times smaller, ${(100 * lost).toFixed(1)} points lost, ${faster.toFixed(1)} times faster.`,
  };
}

/** Layer dropping, pruning and eight bits together. */
export const compound: Experiment<TextData> = {
  claims: ["compound"],
  seeds: [1, 2, 3],
  load: loadTexts,
  measure,
};
