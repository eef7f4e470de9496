import { countParameters } from "@quire/nn";
import { compile, type GraphTransform, type Tensor } from "@quire/tensor";
import { compare } from "../comparison.ts";
import { MILLION, measurement, relativeDifference } from "../measurement.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { NormConversion } from "./folding.ts";
import type { NormKind } from "./found-norms.ts";
import { build } from "./model.ts";
import { shake } from "./shaken.ts";
import { drawn, type Shape, shapes } from "./subjects.ts";

/** Millionths of the largest logit. */
const ALLOWED = 10;
const BATCH = 8;

/** Ways from Pre-LN through other forms. */
const ways: readonly (readonly NormKind[])[] = [
  ["pre-rmsnorm"],
  ["pre-crmsnorm"],
  ["pre-rmsnorm", "pre-ln"],
  ["pre-crmsnorm", "pre-ln"],
  ["pre-rmsnorm", "pre-crmsnorm", "pre-rmsnorm"],
];

/** How far the logits of converted models lie from those of the Pre-LN model. */
export const exactness: Experiment<Budget> = {
  claims: ["exact"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(budget),
  measure,
};

async function measure({
  data: budget,
  ...context
}: ExperimentContext<Budget>): Promise<ExperimentResult> {
  const taken = budget === "quick" ? shapes.slice(0, 1) : shapes;
  const contestants = taken.flatMap((shape) => {
    const parameters = countParameters(build(shape.options, shape.target));
    return ways.map((way) => {
      const name = `${shape.name}: pre-ln -> ${way.join(" -> ")}`;
      const measured = async (seed: number) => ({
        metrics: { millionths: MILLION * (await differenceAlong(shape, way, seed)) },
      });
      return measurement(name, measured, parameters);
    });
  });
  const { rows } = await compare(contestants, context);
  const worst = Math.max(...rows.flatMap(({ metrics }) => metrics["millionths"] ?? []));
  return {
    metrics: [{ name: "millionths", as: "number", better: "lower" }],
    rows,
    verdicts: [
      {
        claim: "exact",
        holds: worst < ALLOWED,
        rule: "Every logit is within 10 millionths of the largest logit of where it was.",
        found: `The furthest moved by ${worst.toFixed(2)} millionths.`,
      },
    ],
  };
}

/** The largest difference of a logit over the largest logit. */
async function differenceAlong(
  { options, target }: Shape,
  way: readonly NormKind[],
  seed: number,
): Promise<number> {
  const model = build(options, target);
  await shake(model, seed);
  const x = drawn(target, seed, BATCH);
  const fn = (input: Tensor): Tensor => model.forward(input);
  const steps = way.map((to) => new NormConversion(to));
  const transform: GraphTransform = {
    apply: async (recording) => {
      let changed = recording;
      for (const step of steps) changed = await step.apply(changed);
      return changed;
    },
  };
  const [plain, converted] = [compile(fn), compile(fn, { transform })];
  const distance = relativeDifference(await converted(x), await plain(x));
  await Promise.all([plain.release(), converted.release()]);
  return distance;
}
