import { iconMarks, type ReadIcon } from "@quire/data";
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
  full: { icons: 9000, epochs: 10, fillings: 200 },
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
  claims: ["infill"],
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
        const { unaware, told } = await goneOn(system, cuts, seed);
        const own = await rates(system, data, filled);
        const others = await rates(system, data, unaware);
        const helped = await rates(system, data, told);
        return {
          ...{ closed: own.closed, goingOn: others.closed, toldLength: helped.closed },
          ...{ restored: own.restored, goingOnRestored: others.restored },
          toldLengthRestored: helped.restored,
        };
      },
    },
    context,
  );
  const share = { as: "share", better: "higher" } as const;
  return {
    metrics: [
      ...[
        "closed",
        "restored",
        "goingOn",
        "goingOnRestored",
        "toldLength",
        "toldLengthRestored",
      ].map((name) => ({ name, ...share })),
      { name: "iconLoss", as: "number", better: "lower" },
      { name: "steps", as: "number", better: "higher" },
    ],
    ...{ rows, trained: kept, figures, verdicts: [verdictOf(rows)] },
  };
}

/** The same gaps, filled by going on from what stands before them until it ends by itself; or for as long as each gap is. */
async function goneOn(
  system: IconDrawer,
  cuts: readonly Cut[],
  seed: number,
): Promise<Readonly<Record<"unaware" | "told", readonly ReadIcon[]>>> {
  const gone = await system.goOn(
    cuts.map(({ caption, before }) => ({ caption, begun: before })),
    { seed },
  );
  const filledBy = (lengthOf: (cut: Cut) => number | undefined): ReadIcon[] =>
    cuts.map((cut, row) => {
      const { before, after } = cut;
      const added = (gone[row]?.tokens ?? []).filter((token) => token !== iconMarks.end);
      const length = lengthOf(cut);
      const span = added.slice(before.length, length && before.length + length);
      return system.coding.read([...before, ...span, ...after]);
    });
  return { unaware: filledBy(() => undefined), told: filledBy(({ length }) => length) };
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

function verdictOf(rows: readonly Row[]): ExperimentResult["verdicts"][number] {
  const of = (metric: string): readonly number[] => rows[0]?.metrics[metric] ?? [];
  const [own, others] = [of("restored"), of("goingOnRestored")];
  const text = (metric: string): string => percentText(meanOf(of(metric)));
  const enough = own.map(() => WHOLE);
  return {
    claim: "infill",
    holds: exceeds(of("closed"), enough) && exceeds(own, others),
    rule: "More than 90 % of the icons are whole again; and more look as they did before the span was cut out than where the same drawer goes on from what stands before it until it ends by itself, what stands after the span then following; both by more than two standard errors over the seeds.",
    found: `${text("closed")} are whole, and ${text("restored")} look as they did; ${text("goingOn")} and ${text("goingOnRestored")} where it goes on without knowing what stands after the span; ${text("toldLength")} and ${text("toldLengthRestored")} where it is told how long the span is.`,
  };
}
