import type { LineSeries } from "../figure.ts";
import type { Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { meanOf } from "../statistics.ts";
import { type IdentityError, identityErrors } from "./identity.ts";

/// The largest size of the paper has 12 blocks; so has the stack here.
const budgets = {
  full: { biases: [-1, 0, 1, 2, 3, 4], depth: 12 },
  quick: { biases: [0, 2, 4], depth: 3 },
} as const;

async function measure(context: ExperimentContext<null>): Promise<ExperimentResult> {
  const { biases, depth } = budgets[context.budget];
  const found: (readonly IdentityError[])[] = [];
  for (const [place, seed] of context.seeds.entries()) {
    context.signal?.throwIfAborted();
    const share = place / context.seeds.length;
    context.onProgress?.({ doing: `${depth} blocks, seed ${seed}`, share });
    found.push(await identityErrors({ biases, seed, depth }));
  }
  const errorsAt = (place: number): number[] =>
    found.map((errors) => (errors[place] as IdentityError).error);
  const names = [...biases.map((bias) => `GTrXL, b_g ${bias}`), "TrXL-I"];
  const rows: Row[] = names.map((system, place) => ({
    ...{ system, parameters: 0, metrics: { distance: errorsAt(place) } },
    ...{ seconds: context.seeds.map(() => 0), curves: [] },
  }));
  const falls = biases.every(
    (_, place) =>
      place === 0 ||
      errorsAt(place).every((error, seed) => error < (errorsAt(place - 1)[seed] as number)),
  );
  const chosen = errorsAt((biases as readonly number[]).indexOf(2));
  const sums = errorsAt(biases.length);
  return {
    metrics: [{ name: "distance", as: "number", better: "lower" }],
    rows,
    verdicts: [
      {
        claim: "identity",
        holds: falls,
        rule: "For every seed the distance falls with each step of the bias.",
        found: `From ${text(errorsAt(0))} at ${biases[0]} to ${text(errorsAt(biases.length - 1))} at ${biases.at(-1)}; at 2 it is ${text(chosen)}, with sums ${text(sums)}.`,
      },
    ],
    figures: [
      {
        ...{ kind: "lines", title: "How far a new stack is from the identity" },
        caption: `${depth} blocks that have learnt nothing; each point is the mean over ${context.seeds.length} seeds.`,
        x: { title: "bias of the gate, b_g" },
        y: { title: "‖f(x) - x‖ / ‖x‖", scale: "log" },
        series: series(biases, found),
      },
    ],
  };
}

function series(
  biases: readonly number[],
  found: readonly (readonly IdentityError[])[],
): LineSeries[] {
  const mean = (place: number): number =>
    meanOf(found.map((errors) => (errors[place] as IdentityError).error));
  const sums = mean(biases.length);
  return [
    { name: "GTrXL", points: biases.map((bias, place) => [bias, mean(place)]) },
    { name: "TrXL-I", mark: "dashes", points: biases.map((bias) => [bias, sums]) },
  ];
}

function text(errors: readonly number[]): string {
  return meanOf(errors).toFixed(3);
}

/** Measures how near to the identity an agent begins; nothing is trained. */
export const identityExperiment: Experiment<null> = {
  claims: ["identity"],
  seeds: [1, 2, 3],
  load: () => Promise.resolve(null),
  measure,
};
