import { countParameters } from "@quire/nn";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { differenceOf, exceeds, exceedsRule, meanOf, metricOf } from "../statistics.ts";
import { compareTextToImage } from "../tasks/text-to-image-comparison.ts";
import type { TextToImageData } from "../tasks/text-to-image-data.ts";
import type { ModulationKind } from "./block.ts";
import { recipe, shapesData, small } from "./claim-data.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";

const names: Readonly<Record<ModulationKind, string>> = {
  single: "adaLN-single",
  block: "adaLN in each block",
  none: "no modulation by time",
};

const figures: Partial<Record<ModulationKind, string>> = {
  single: "611 M parameters, 23 GB of memory",
  block: "833 M parameters, 29 GB of memory",
};

const EPOCHS = { full: 3, quick: 1 } as const;
/** The share of the parameters that must be spared. */
const LEAST_SAVED = 0.2;

/** Trains the three modulations with the same data, steps and seeds. */
async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<TextToImageData>): Promise<ExperimentResult> {
  const kinds: readonly ModulationKind[] = ["single", "block", "none"];
  const { rows, kept } = await compareTextToImage(
    {
      ...{ paper: paper.id, data, recipe: { ...recipe, epochs: EPOCHS[budget] } },
      systems: kinds.map((modulation) => ({
        name: names[modulation],
        ...(figures[modulation] !== undefined && { figure: figures[modulation] }),
        options: { ...small, modulation },
        build: (target) => build({ ...small, modulation }, target),
      })),
    },
    context,
  );
  const counts = kinds.map((modulation) => transformerSize(modulation, kept.description.target));
  return {
    metrics: [{ name: "loss", as: "number", better: "lower" }],
    ...{ rows, trained: kept, verdicts: verdictsOf(rows, counts) },
  };
}

/** Parameters of the transformer alone: the text encoder is the same for all. */
function transformerSize(modulation: ModulationKind, target: Parameters<typeof build>[1]): number {
  return countParameters(build({ ...small, modulation }, target).transformer);
}

function verdictsOf(
  rows: readonly Row[],
  [single = 0, block = 0]: readonly number[],
): ExperimentResult["verdicts"] {
  const losses = (kind: ModulationKind): readonly number[] => metricOf(rows, names[kind], "loss");
  const [own, other, none] = [losses("single"), losses("block"), losses("none")];
  const { mean, error } = differenceOf(own, other);
  const saved = 1 - single / block;
  const text = (values: readonly number[]): string => meanOf(values).toFixed(4);
  return [
    {
      claim: "adaln-single",
      holds: saved >= LEAST_SAVED && !exceeds(own, other),
      rule: "The transformer has at least a fifth fewer parameters, and its loss is not above the other's by more than two standard errors over the seeds.",
      found: `${(100 * saved).toFixed(1)} % fewer parameters (${single} and ${block}); losses ${text(own)} and ${text(other)}, difference ${mean.toFixed(4)} ± ${error.toFixed(4)}.`,
    },
    {
      claim: "time",
      holds: exceeds(none, own) && exceeds(none, other),
      rule: `For both modulations: ${exceedsRule}`,
      found: `Losses ${text(none)} without, ${text(own)} and ${text(other)} with.`,
    },
  ];
}

/** Measures what adaLN-single saves and costs. */
export const modulations: Experiment<TextToImageData> = {
  claims: ["adaln-single", "time"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(shapesData(budget)),
  measure,
};
