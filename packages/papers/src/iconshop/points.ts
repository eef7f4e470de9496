import type { CaptionedIcon } from "@quire/data";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, meanOf, metricOf, percentText } from "../statistics.ts";
import { type ComparedIconDrawer, compareIconDrawers } from "../tasks/icon-comparison.ts";
import type { DrawnIcon } from "../tasks/icon-system.ts";
import type { IconRecipe } from "../tasks/icon-target.ts";
import { captionOf, isShown, type Known, knownOf, made, madeData } from "./made-icons.ts";
import { build, type IconShopOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { pictureOf } from "./pictures.ts";
import { drawnSheet } from "./sheet.ts";

const counts = {
  full: { icons: 9000, epochs: 5, references: 1000, drawings: 240 },
  quick: { icons: 200, epochs: 1, references: 100, drawings: 12 },
} as const satisfies Record<Budget, object>;

const options: IconShopOptions = {
  ...{ width: 64, depth: 2, heads: 4, feedForward: 128, dropout: 0, sharedHead: true },
};
/// Of 0.004, 0.008 and 0.012 the second leaves the least loss after two epochs, whether a point is one token or two.
const recipe: IconRecipe = {
  ...{ epochs: 1, batchSize: 16, learningRate: 8e-3, warmUp: 0.25, weightDecay: 0.01, clipNorm: 1 },
};

/** What is shown of each drawer. */
const sheet = {
  count: 24,
  caption: "The first drawings after captions it was asked for, valid or not.",
} as const;

const names = {
  one: "one token a point",
  two: "two tokens a point",
} as const;

interface Data {
  readonly icons: readonly CaptionedIcon[];
  readonly references: readonly Known[];
  /** Captions that are drawn after, and how often the judge is right about icons that are drawn right. */
  readonly captions: readonly (readonly string[])[];
  readonly ceiling: number;
}

/** One token a point against two, on icons that are made. */
export const points: Experiment<Data> = {
  claims: ["points"],
  seeds: [1, 2, 3],
  load: async (budget) => {
    const { icons, references, drawings } = counts[budget];
    const known = await Promise.all(made(references, 101).map(knownOf));
    const fresh = made(drawings, 102);
    const right = await Promise.all(
      fresh.map(async (each) => isShown(known, await knownOf(each), captionOf(each))),
    );
    return {
      icons: made(icons, 100),
      references: known,
      captions: fresh.map(captionOf),
      ceiling: meanOf(right.map(Number)),
    };
  },
  measure,
};

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<Data>): Promise<ExperimentResult> {
  const { epochs } = counts[budget];
  const shared = {
    options,
    build: (target: Parameters<typeof build>[1]) => build(options, target),
    variety: { shift: 0 },
  };
  const systems: [ComparedIconDrawer, ...ComparedIconDrawer[]] = [
    { name: names.one, ...shared, data: madeData(data.icons, "point") },
    { name: names.two, ...shared, data: madeData(data.icons, "coordinates") },
  ];
  const [seed = 0] = context.seeds;
  const { rows, figures, kept } = await compareIconDrawers(
    {
      ...{ paper: paper.id, systems, recipe: { ...recipe, epochs } },
      measure: async (system, given) => {
        const drawn = await system.draw(data.captions, { seed: given.seed });
        return {
          ...(await drawingRates(drawn, data)),
          tokens: meanOf(given.data.train.map(({ tokens }) => tokens.length)),
        };
      },
      show: (system, name) => drawnSheet(system, { name, captions: data.captions, seed, ...sheet }),
    },
    context,
  );
  return {
    metrics: [
      { name: "match", as: "share", better: "higher" },
      { name: "valid", as: "share", better: "higher" },
      { name: "tokens", as: "number", better: "lower" },
      { name: "iconLoss", as: "number", better: "lower" },
      { name: "steps", as: "number", better: "higher" },
    ],
    ...{ rows, figures, trained: kept },
    verdicts: [pointsVerdict(rows, data.ceiling)],
  };
}

async function drawingRates(
  drawn: readonly DrawnIcon[],
  { references, captions }: Data,
): Promise<{ readonly match: number; readonly valid: number }> {
  const shown = await Promise.all(
    drawn.map(async ({ icon, problem }, i) => {
      if (problem !== undefined) return false;
      return isShown(references, await pictureOf(icon), captions[i] as readonly string[]);
    }),
  );
  const valid = drawn.map(({ problem }) => Number(problem === undefined));
  return { match: meanOf(shown.map(Number)), valid: meanOf(valid) };
}

function pointsVerdict(
  rows: readonly Row[],
  ceiling: number,
): ExperimentResult["verdicts"][number] {
  const of = (metric: string) =>
    [metricOf(rows, names.one, metric), metricOf(rows, names.two, metric)] as const;
  const [tokens, valid, match] = [of("tokens"), of("valid"), of("match")];
  const ratio = meanOf(tokens[0]) / meanOf(tokens[1]);
  return {
    claim: "points",
    holds: ratio < 0.75 && exceeds(...match) && !exceeds(valid[1], valid[0]),
    rule: "Sequences are at most three quarters as long; in equal time more drawings show their caption, by more than two standard errors over the seeds, and no fewer are valid by as much.",
    found: `${(100 * ratio).toFixed(0)} % of the length; ${percentText(meanOf(match[0]))} of the drawings show their caption against ${percentText(meanOf(match[1]))}, ${percentText(meanOf(valid[0]))} against ${percentText(meanOf(valid[1]))} are valid. The rule that judges is right about ${percentText(ceiling)} of the icons that are drawn right.`,
  };
}
