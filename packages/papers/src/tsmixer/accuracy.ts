import { chicagoRiders, irishWind } from "@quire/data/files";
import type {
  Budget,
  Experiment,
  ExperimentContext,
  ExperimentResult,
  Row,
  Verdict,
} from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import { exceeds, meanOf, metricOf } from "../statistics.ts";
import { type ComparedForecaster, compareForecasters } from "../tasks/forecast-comparison.ts";
import { firstSteps, type PreparedForecast, prepareForecast } from "../tasks/forecast-data.ts";
import { naiveName } from "../tasks/forecast-naive.ts";
import { build, type TsMixerOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { PatchTransformer } from "./patch-transformer.ts";

/** A data set of the comparison. */
interface NamedSeries {
  readonly name: string;
  readonly prepared: PreparedForecast;
}

/** As Informer's claims have them, so that the two can be set side by side. */
const cut = { context: 56, horizon: 14, validation: 0.1, test: 0.2, season: 7 } as const;

/** Days of each data set: the first years, for each channel of each window is a series of its own to these systems. */
const steps: Readonly<Record<Budget, number>> = { full: 2500, quick: 700 };

async function load(budget: Budget): Promise<readonly NamedSeries[]> {
  const named = { Chicago: await chicagoRiders(), wind: await irishWind() };
  return Object.entries(named).map(([name, data]) => ({
    name,
    prepared: prepareForecast(firstSteps(data, steps[budget]), cut),
  }));
}

/** Patches of a week; training drops as much in each system. */
const size: TsMixerOptions = {
  ...{ width: 32, depth: 2, patch: 7, channels: "independent", gated: true },
};
const transformer = { width: 32, depth: 2, heads: 4, patch: 7, dropout: 0.1 } as const;

const names = {
  ours: "CI-TSMixer(G)",
  joint: "V-TSMixer(G)",
  transformer: "patch transformer",
} as const;

const systems: readonly ComparedForecaster[] = [
  { name: names.ours, options: size, build: (target) => build(size, target) },
  {
    name: names.joint,
    options: { ...size, channels: "joint" },
    build: (target) => build({ ...size, channels: "joint" }, target),
  },
  {
    name: names.transformer,
    options: transformer,
    build: (target) => new PatchTransformer(transformer, target),
  },
];

const recipe: Recipe = { ...paper.recipe, epochs: 8, batchSize: 64 };
const PATIENCE = 3;

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<readonly NamedSeries[]>): Promise<ExperimentResult> {
  const epochs = budget === "full" ? recipe.epochs : 1;
  const { rows, kept } = await compareForecasters(
    {
      ...{ paper: paper.id, systems, sets: data },
      ...{ recipe: { ...recipe, epochs }, patience: PATIENCE },
    },
    context,
  );
  return {
    metrics: [
      { name: "mse", as: "number", better: "lower" },
      { name: "mae", as: "number", better: "lower" },
    ],
    ...{ rows, verdicts: verdictsOf(rows, data), trained: kept },
  };
}

/** Whether each claim holds on both data sets, by differences seed by seed. */
function verdictsOf(rows: readonly Row[], data: readonly NamedSeries[]): readonly Verdict[] {
  const of = (set: string, name: string): readonly number[] =>
    metricOf(rows, `${set}: ${name}`, "mse");
  const below = (claim: string, other: string): Verdict => ({
    claim,
    holds: data.every(({ name }) => exceeds(of(name, other), of(name, names.ours))),
    rule: `The MSE is below that of the ${other} by more than two standard errors over the seeds, on both data sets.`,
    found: `${data
      .map(({ name }) => {
        const [ours, theirs] = [of(name, names.ours), of(name, other)].map(meanOf);
        return `${name}: ${names.ours} ${ours?.toFixed(4)}, ${other} ${theirs?.toFixed(4)}`;
      })
      .join("; ")}.`,
  });
  return [
    below("patch-transformer", names.transformer),
    below("channels", names.joint),
    below("naive", naiveName),
  ];
}

/** MSE and MAE of CI-TSMixer, V-TSMixer, a patch transformer and the seasonal naive forecast. */
export const accuracy: Experiment<readonly NamedSeries[]> = {
  claims: ["patch-transformer", "channels", "naive"],
  seeds: [1, 2, 3],
  load,
  measure,
};
