import type { ReadIcon } from "@quire/data";
import type { Figure } from "../figure.ts";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, meanOf, percentText } from "../statistics.ts";
import { compareIconDrawers } from "../tasks/icon-comparison.ts";
import type { IconLearningData } from "../tasks/icon-data.ts";
import type { DrawnIcon, IconDrawer } from "../tasks/icon-system.ts";
import type { IconRecipe } from "../tasks/icon-target.ts";
import { type Cut, cutsOf } from "./cuts.ts";
import { made, madeData } from "./made-icons.ts";
import { build, type IconShopOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { looksLike, pictureOf } from "./pictures.ts";
import { fillingSheet } from "./sheet.ts";

const counts = {
  full: { icons: 9000, epochs: 14, fillings: 200 },
  quick: { icons: 200, epochs: 1, fillings: 8 },
} as const satisfies Record<Budget, object>;

/// What stands before a span has to reach the mark for it, and from there what is written last: a block each, and one to write.
const options: IconShopOptions = {
  ...{ width: 64, depth: 3, heads: 4, feedForward: 128, dropout: 0, sharedHead: true },
};
const recipe: IconRecipe = {
  ...{ epochs: 1, batchSize: 16, learningRate: 6e-3, warmUp: 0.25, weightDecay: 0.01, clipNorm: 1 },
};

/** Icons that are shown. */
const SHOWN = 10;

/** How often what was cut out of made icons is filled in whole. */
export const infill: Experiment<IconLearningData> = {
  claims: ["infill", "infill-fits"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(madeData(made(counts[budget].icons, 100), "point")),
  measure,
};

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<IconLearningData>): Promise<ExperimentResult> {
  const { epochs, fillings } = counts[budget];
  const figures: Figure[] = [];
  const { rows, kept } = await compareIconDrawers(
    {
      paper: paper.id,
      systems: [
        {
          ...{ name: "IconShop", options, data, variety: { shift: 0 } },
          build: (target) => build(options, target),
        },
      ],
      recipe: { ...recipe, epochs },
      measure: async (system, { seed }) => {
        const cuts = cutsOf(data, { count: fillings, seed });
        const filled = await system.fill(cuts, { seed });
        if (seed === context.seeds[0]) figures.push(figureOf(system, { data, cuts, filled }));
        const own = await rates(system, data, filled);
        const others = await rates(system, data, await goneOn(system, cuts, seed));
        return {
          ...{ closed: own.closed, restored: own.restored },
          ...{ goingOn: others.closed, goingOnRestored: others.restored },
        };
      },
    },
    context,
  );
  const share = { as: "share", better: "higher" } as const;
  return {
    metrics: [
      ...["closed", "restored", "goingOn", "goingOnRestored"].map((name) => ({ name, ...share })),
      { name: "iconLoss", as: "number", better: "lower" },
      { name: "steps", as: "number", better: "higher" },
    ],
    ...{ rows, trained: kept, figures, verdicts: verdictsOf(rows) },
  };
}

/** The same gaps, filled by going on from what stands before them for as many tokens as are missing. */
async function goneOn(
  system: IconDrawer,
  cuts: readonly Cut[],
  seed: number,
): Promise<readonly ReadIcon[]> {
  const gone = await system.goOn(
    cuts.map(({ caption, before }) => ({ caption, begun: before })),
    { seed },
  );
  return cuts.map(({ before, after, length }, row) => {
    const span = gone[row]?.tokens.slice(before.length, before.length + length) ?? [];
    return system.coding.read([...before, ...span, ...after]);
  });
}

/** How many are whole again, and how many look as they did before. */
async function rates(
  system: IconDrawer,
  { validation }: IconLearningData,
  icons: readonly Pick<DrawnIcon, "icon" | "problem">[],
): Promise<{ readonly closed: number; readonly restored: number }> {
  const restored = await Promise.all(
    icons.map(async ({ icon, problem }, i) => {
      if (problem !== undefined) return 0;
      const { icon: before } = system.coding.read(validation[i]?.tokens ?? []);
      return Number(looksLike(await pictureOf(before), await pictureOf(icon)));
    }),
  );
  const closed = icons.map(({ problem }) => Number(problem === undefined));
  return { closed: meanOf(closed), restored: meanOf(restored) };
}

function figureOf(
  system: IconDrawer,
  given: {
    readonly data: IconLearningData;
    readonly cuts: readonly Cut[];
    readonly filled: readonly DrawnIcon[];
  },
): Figure {
  const { data, cuts, filled } = given;
  return fillingSheet(system, {
    title: "What was cut out, and what was filled in",
    examples: data.validation.slice(0, SHOWN),
    cuts: cuts.slice(0, SHOWN),
    filled: filled.slice(0, SHOWN),
  });
}

/** The share of fillings that must be whole. */
const WHOLE = 0.9;

function verdictsOf(rows: readonly Row[]): ExperimentResult["verdicts"] {
  const of = (metric: string): readonly number[] => rows[0]?.metrics[metric] ?? [];
  const text = (metric: string): string => percentText(meanOf(of(metric)));
  const closed = of("closed");
  const enough = closed.map(() => WHOLE);
  return [
    {
      claim: "infill",
      holds: exceeds(closed, enough),
      rule: "More than 90 % of the icons are whole again, by more than two standard errors over the seeds.",
      found: `${text("closed")} are whole; ${text("goingOn")} where the same drawer goes on from what stands before the span, for as many tokens.`,
    },
    {
      claim: "infill-fits",
      holds: exceeds(of("restored"), of("goingOnRestored")),
      rule: "More icons look as they did than where the same drawer goes on from what stands before the span, for as many tokens, by more than two standard errors over the seeds.",
      found: `${text("restored")} look as they did; ${text("goingOnRestored")} where it goes on without knowing what stands after the span, but how long it is.`,
    },
  ];
}
