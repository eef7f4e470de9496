import { initialize } from "@quire/nn";
import { compile, hostTensor, Random, type Tensor } from "@quire/tensor";
import { adamW, Training } from "@quire/train";
import { compare } from "../comparison.ts";
import type { Figure } from "../figure.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import {
  type PictureBatch,
  pictureBatches,
  type TextToImageData,
} from "../tasks/text-to-image-data.ts";
import { priorLoss } from "../tasks/text-to-image-losses.ts";
import type { PicturePrior } from "../tasks/text-to-image-target.ts";
import { SIDE, shapesData, small } from "./claim-data.ts";
import { build, KEPT_TIME } from "./model.ts";

/** Times at which prior and network are compared, the kept one among them. */
const TIMES = [0, 125, 250, 375, KEPT_TIME, 625, 750, 875, 999];
const PICTURES = 16;
const STEPS = { full: 60, quick: 20 } as const;

/** Trains a prior with an adaLN in each block, takes it over, and compares what both say of the same noised values. */
async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<TextToImageData>): Promise<ExperimentResult> {
  const { rows } = await compare<undefined>(
    [
      {
        name: "adaLN-single, taken over from a prior",
        run: async (seed, { onProgress }) => {
          const began = performance.now();
          const { prior, network } = await trained(data, seed, STEPS[budget], onProgress);
          await prior.takeOver();
          const gaps = await gapsOf(prior.denoise, network, seed);
          const kept = gaps[TIMES.indexOf(KEPT_TIME)] as number;
          const furthest = Math.min(gaps[0] as number, gaps.at(-1) as number);
          return {
            parameters: network.parameters().reduce((sum, { shape }) => sum + size(shape), 0),
            metrics: { gapAtKeptTime: kept, gapAtEnds: furthest, ...byTime(gaps) },
            seconds: (performance.now() - began) / 1000,
            curve: { seed, points: [] },
            kept: undefined,
          };
        },
      },
    ],
    context,
  );
  const [row] = rows as [(typeof rows)[number]];
  const [kept, ends] = [row.metrics["gapAtKeptTime"], row.metrics["gapAtEnds"]] as [
    readonly number[],
    readonly number[],
  ];
  const holds =
    Math.max(...kept) < 1e-4 && ends.every((gap, i) => gap >= 100 * (kept[i] as number));
  return {
    metrics: [
      { name: "gapAtKeptTime", as: "number", better: "lower" },
      { name: "gapAtEnds", as: "number", better: "lower" },
    ],
    rows,
    verdicts: [
      {
        ...{ claim: "reparameterization", holds },
        rule: "For every seed the gap at the kept time is below 1e-4, and at both ends of time at least a hundred times as large.",
        found: `At the kept time at most ${Math.max(...kept).toExponential(1)}, at the ends at least ${Math.min(...ends).toExponential(1)}.`,
      },
    ],
    figures: [gapsFigure(row.metrics, context.seeds)],
  };
}

/** The gap at each time as a metric of its own. */
function byTime(gaps: readonly number[]): Record<string, number> {
  return Object.fromEntries(TIMES.map((time, i) => [gapAt(time), gaps[i] as number]));
}

function gapAt(time: number): string {
  return `gapAt${time}`;
}

function gapsFigure(metrics: Row["metrics"], seeds: readonly number[]): Figure {
  return {
    ...{ kind: "lines", title: "How far the network is from its prior" },
    caption:
      "The largest difference of what both say of the same noised pictures, as a share of the largest value.",
    x: { title: "time" },
    y: { title: "difference", scale: "log" },
    series: seeds.map((seed, i) => ({
      name: `seed ${seed}`,
      points: TIMES.map((time) => {
        return [time, Math.max(metrics[gapAt(time)]?.[i] ?? 0, 1e-9)] as const;
      }),
    })),
  };
}

async function trained(
  data: TextToImageData,
  seed: number,
  steps: number,
  onProgress: (share: number, loss?: number) => void,
) {
  const target = { height: SIDE, width: SIDE, channels: 3, vocabulary: 320, length: 8 };
  const network = build(small, target);
  initialize(network, seed);
  const prior = network.prior();
  if (!prior) throw new Error("adaLN-single takes a prior over.");
  initialize(prior.model, seed);
  const training = new Training<PictureBatch>({
    model: prior.model,
    optimizer: adamW(prior.model.parameters(), { learningRate: 2e-3, clipNorm: 1 }),
    loss: (batch, mode) => priorLoss(network, prior, batch, mode),
    seed,
  });
  const batches = (epoch: number, start: number) =>
    pictureBatches(data.train, { size: 32, seed, epoch, start });
  for await (const event of training.run({ epochs: 1000, batches })) {
    onProgress(event.step / steps, event.loss);
    if (event.step >= steps) break;
  }
  await training.release();
  return { prior, network };
}

/** The gaps at all times, for the same noised values. */
async function gapsOf(
  denoise: PicturePrior["denoise"],
  network: ReturnType<typeof build>,
  seed: number,
): Promise<readonly number[]> {
  const both = compile((noised: Tensor, times: Tensor, ids: Tensor, mask: Tensor) => ({
    prior: denoise(noised, times),
    own: network.denoise(noised, { times, captions: network.captions(ids, mask) }),
  }));
  const random = new Random(seed).fork("noised");
  const shape = [PICTURES, 3, SIDE, SIDE];
  const noised = Float32Array.from({ length: size(shape) }, () => random.normal());
  const ids = hostTensor(new Int32Array(PICTURES * 8).fill(5), [PICTURES, 8], "int32");
  const mask = hostTensor(new Uint8Array(PICTURES * 8).fill(1), [PICTURES, 8], "bool");
  const gaps: number[] = [];
  for (const time of TIMES) {
    const times = hostTensor(new Float32Array(PICTURES).fill(time), [PICTURES], "float32");
    const found = await both(hostTensor(noised, shape, "float32"), times, ids, mask);
    const [wanted, got] = [found.prior.toArray(), found.own.toArray()];
    const most = wanted.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    const gap = wanted.reduce((top, v, i) => Math.max(top, Math.abs(v - (got[i] as number))), 0);
    gaps.push(gap / most);
  }
  await both.release();
  return gaps;
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Measures that a prior is taken over exactly at one time. */
export const reparameterization: Experiment<TextToImageData> = {
  claims: ["reparameterization"],
  seeds: [1, 2, 3],
  load: (budget: Budget) => Promise.resolve(shapesData(budget)),
  measure,
};
