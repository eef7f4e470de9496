import { countParameters } from "@quire/nn";
import {
  add,
  type Compiled,
  compile,
  div,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  reshape,
  sqrt,
  sub,
  sum,
  type Tensor,
} from "@quire/tensor";
import { crossEntropy, sgd } from "@quire/train";
import { compare } from "../comparison.ts";
import { MILLION, measurement } from "../measurement.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import type { NormKind } from "./found-norms.ts";
import { build, type PreNormTransformer } from "./model.ts";
import { rewriteNorms } from "./rewrite.ts";
import { shake } from "./shaken.ts";
import { drawn, type Shape, shapes } from "./subjects.ts";

const ALLOWED = 100;
const STEPS = 20;
const BATCH = 8;
const LEARNING_RATE = 0.05;

/** Whether gradients, and trainings apart, are those of the Pre-LN model. */
export const training: Experiment<Budget> = {
  claims: ["training"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(budget),
  measure,
};

/** What 20 steps found: the largest distances of gradients and of losses. */
interface Distances {
  readonly gradients: number;
  readonly losses: number;
  readonly points: readonly { readonly epoch: number; readonly values: { loss: number } }[];
}

async function measure({
  data: budget,
  ...context
}: ExperimentContext<Budget>): Promise<ExperimentResult> {
  const taken = (budget === "quick" ? shapes.slice(1, 2) : shapes).map(smaller);
  const contestants = taken.flatMap((shape) => {
    const parameters = countParameters(build(shape.options, shape.target));
    return (["pre-rmsnorm", "pre-crmsnorm"] as const).map((form) => {
      const measured = async (seed: number) => {
        const { gradients, losses, points } = await distancesOf(shape, form, seed);
        const metrics = {
          gradientsInMillionths: MILLION * gradients,
          lossesInMillionths: MILLION * losses,
        };
        return { metrics, points };
      };
      return measurement(`${shape.name}: ${form}`, measured, parameters);
    });
  });
  const { rows } = await compare(contestants, context);
  const worst = Math.max(...rows.flatMap(({ metrics }) => Object.values(metrics).flat()));
  return {
    metrics: [
      { name: "gradientsInMillionths", as: "number", better: "lower" },
      { name: "lossesInMillionths", as: "number", better: "lower" },
    ],
    rows,
    verdicts: [
      {
        claim: "training",
        holds: worst < ALLOWED,
        rule: "In each of 20 steps gradients and losses are within 100 millionths of those of the Pre-LN model.",
        found: `At most ${worst.toFixed(2)} millionths.`,
      },
    ],
  };
}

/** Half as wide and as deep: three functions are compiled for each. */
function smaller(shape: Shape): Shape {
  const { width, depth } = shape.options;
  return { ...shape, options: { ...shape.options, width: width / 2, depth: depth / 2 } };
}

/** Trains the Pre-LN model and another form apart; gradients are compared at the Pre-LN model's parameters. */
async function distancesOf(shape: Shape, form: NormKind, seed: number): Promise<Distances> {
  const { options, target } = shape;
  const [plain, apart] = [build(options, target), build({ ...options, form }, target)];
  await shake(plain, seed);
  await shake(apart, seed);
  const along = follower(plain, form);
  const [train, other] = [trainer(plain), trainer(apart)];
  let [gradient, losses] = [0, 0];
  const points: { epoch: number; values: { loss: number } }[] = [];
  for (let step = 0; step < STEPS; step++) {
    const [x, labels] = batchOf(shape, STEPS * seed + step);
    gradient = Math.max(gradient, (await along(x, labels)).item());
    const [{ loss }, { loss: second }] = [await train(x, labels), await other(x, labels)];
    losses = Math.max(losses, Math.abs(second.item() / loss.item() - 1));
    points.push({ epoch: step + 1, values: { loss: second.item() } });
  }
  await Promise.all([along.release(), train.release(), other.release()]);
  return { gradients: gradient, losses, points };
}

/**
 * The length of the difference of both forms' gradients of all parameters at the same parameters, over the length of
 * the Pre-LN model's.
 */
function follower(model: PreNormTransformer, form: NormKind): Compiled<[Tensor, Tensor], Tensor> {
  return compile((x: Tensor, labels: Tensor) => {
    const gradientsAs = (kind: NormKind): Tensor[] => {
      const scores = withForm(model, kind)(x);
      return gradients(lossOf(scores, labels), model.parameters()) as Tensor[];
    };
    const [plain, other] = [gradientsAs("pre-ln"), gradientsAs(form)];
    const apart = plain.map((gradient, i) => sub(gradient, other[i] as Tensor));
    return sqrt(div(squaredLength(apart), squaredLength(plain)));
  });
}

function squaredLength(parts: readonly Tensor[]): Tensor {
  return parts.map((part) => sum(mul(part, part))).reduce((total, one) => add(total, one));
}

function withForm(model: PreNormTransformer, form: NormKind): (x: Tensor) => Tensor {
  return (x) => {
    const scores = model.forward(x);
    return form === "pre-ln" ? scores : (rewriteNorms([scores], form).outputs[0] as Tensor);
  };
}

function trainer(model: PreNormTransformer): Compiled<[Tensor, Tensor], { loss: Tensor }> {
  const optimizer = sgd(model.parameters(), { learningRate: LEARNING_RATE, momentum: 0.9 });
  return compile((x: Tensor, labels: Tensor) => {
    const loss = lossOf(model.forward(x), labels);
    optimizer.minimize(loss);
    return { loss };
  });
}

function lossOf(scores: Tensor, labels: Tensor): Tensor {
  return crossEntropy(reshape(scores, [-1, scores.shape.at(-1) as number]), labels);
}

/** Images or tokens, and random classes for all that is scored. */
function batchOf({ target }: Shape, seed: number): [x: HostTensor, labels: HostTensor] {
  const x = drawn(target, seed, BATCH);
  const random = new Random(seed).fork("labels");
  const [kinds, count] =
    "vocabulary" in target ? [target.vocabulary, BATCH * target.length] : [target.classes, BATCH];
  const labels = Int32Array.from({ length: count }, () => random.integer(kinds));
  return [x, hostTensor(labels, [count], "int32")];
}
