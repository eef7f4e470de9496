import { type CaptionedIcon, gridIcon } from "@quire/data";
import { mdiIcons } from "@quire/data/files";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, meanOf, metricOf, percentText } from "../statistics.ts";
import { type ComparedIconDrawer, compareIconDrawers } from "../tasks/icon-comparison.ts";
import { type IconLearningData, iconLearningData } from "../tasks/icon-data.ts";
import type { DrawnIcon } from "../tasks/icon-system.ts";
import type { IconRecipe } from "../tasks/icon-target.ts";
import { build, type IconShopOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { largest, looksLike, overlap, type Picture, pictureOf } from "./pictures.ts";
import { drawnSheet } from "./sheet.ts";

const budgets = {
  full: { epochs: 40, drawings: 100, families: 6 },
  quick: { epochs: 1, drawings: 8, families: 2 },
} as const satisfies Record<Budget, object>;

/** Words that names of many icons begin with, each with a look of its own. */
const families = [...["arrow", "battery", "folder", "file", "home", "account"]] as const;

/** All of 24 units are places, and most icons stand on them. */
const GRID = 25;
/** The most tokens of an icon with one token a point, and of the same icons with two. */
const [ONE, TWO] = [96, 176];
const options: IconShopOptions = {
  ...{ width: 64, depth: 2, heads: 4, feedForward: 128, dropout: 0.1, sharedHead: true },
};
const recipe: IconRecipe = {
  ...{ epochs: 1, batchSize: 8, learningRate: 8e-3, warmUp: 1, weightDecay: 0.01, clipNorm: 1 },
};

/** What is shown of each drawer. */
const sheet = {
  count: 32,
  caption: "The first drawings after names of icons that it has not seen, valid or not.",
} as const;

const names = {
  one: "IconShop",
  two: "two tokens a point",
} as const;

/** A picture of a family. */
interface Known extends Picture {
  readonly family: string;
}

interface Data {
  readonly point: IconLearningData;
  readonly coordinates: IconLearningData;
  /** Icons that were learnt from, and icons that no drawer has seen. */
  readonly learnt: readonly Picture[];
  readonly unseen: readonly Known[];
  readonly captions: readonly (readonly string[])[];
  /** How often the judge is right about icons that it has not seen, and about captions that are mixed up. */
  readonly ceiling: number;
  readonly floor: number;
}

/** Drawings after names of icons of `@mdi/svg` that were not learnt from. */
export const realIcons: Experiment<Data> = {
  claims: ["real"],
  seeds: [1, 2, 3],
  load,
  measure,
};

async function load(budget: Budget): Promise<Data> {
  const { families: count, drawings } = budgets[budget];
  const own = new Set<string>(families.slice(0, count));
  const { icons } = await mdiIcons();
  const some = icons.filter(({ captions: [name = []] }) => own.has(name[0] as string));
  const given = { grid: GRID, mostWords: 400, longestCaption: 5, validation: 0.25, seed: 0 };
  const wanted = named(some);
  const point = iconLearningData(wanted, { ...given, scheme: "point", length: ONE });
  const kept = new Set([...point.train, ...point.validation].map(({ name }) => name));
  const coordinates = iconLearningData(
    wanted.filter(({ icon }) => kept.has(icon.name)),
    { ...given, scheme: "coordinates", length: TWO },
  );
  const byName = new Map(wanted.map((each) => [each.icon.name, each]));
  const pictures = (part: "train" | "validation"): Promise<Known[]> =>
    Promise.all(
      point[part].map(async ({ name }) => {
        const { icon, captions } = byName.get(name) as CaptionedIcon;
        const family = captions[0]?.[0] as string;
        return { ...(await pictureOf(gridIcon(icon, GRID))), family };
      }),
    );
  const [learnt, unseen] = [await pictures("train"), await pictures("validation")];
  const captions = point.validation
    .slice(0, drawings)
    .map(({ name }) => byName.get(name)?.captions[0] as readonly string[]);
  const said = unseen.map((each) =>
    familyOf(
      unseen.filter((other) => other !== each),
      each,
    ),
  );
  const right = (turn: number): number =>
    meanOf(said.map((family, i) => Number(family === unseen[(i + turn) % unseen.length]?.family)));
  return {
    ...{ point, coordinates, learnt, unseen, captions },
    ...{ ceiling: right(0), floor: right(Math.floor(unseen.length / 2)) },
  };
}

/** Icons by their names alone. */
function named(icons: readonly CaptionedIcon[]): CaptionedIcon[] {
  return icons.map(({ icon, captions }) => ({ icon, captions: captions.slice(0, 1) }));
}

/** What family a picture is taken for: that of the unseen icon which it overlaps most. */
function familyOf(known: readonly Known[], picture: Picture): string {
  return largest(known, ({ pixels }) => overlap(pixels, picture.pixels)).family;
}

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<Data>): Promise<ExperimentResult> {
  const own = {
    // Nothing is filled in here, so nothing is cut out.
    ...{ options, variety: { shift: 0, cut: 0 } },
    build: (target: Parameters<typeof build>[1]) => build(options, target),
  };
  const systems: [ComparedIconDrawer, ...ComparedIconDrawer[]] = [
    { name: names.one, ...own, data: data.point },
    { name: names.two, ...own, data: data.coordinates },
  ];
  const [first = 0] = context.seeds;
  const { rows, figures, kept } = await compareIconDrawers(
    {
      ...{ paper: paper.id, systems, recipe: { ...recipe, epochs: budgets[budget].epochs } },
      measure: async (system, { seed }) => {
        const drawn = await system.draw(data.captions, { seed });
        return await ratesOf(drawn, data);
      },
      show: (system, name) =>
        drawnSheet(system, { name, captions: data.captions, seed: first, ...sheet }),
    },
    context,
  );
  const share = { as: "share", better: "higher" } as const;
  return {
    metrics: [
      ...["useful", "valid", "unique", "novel", "match"].map((name) => ({ name, ...share })),
      { name: "iconLoss", as: "number", better: "lower" },
      { name: "steps", as: "number", better: "higher" },
    ],
    ...{ rows, figures, trained: kept, verdicts: [verdictOf(rows, data)] },
  };
}

/** Shares of all drawings; what is not valid is neither unique nor novel, but may show what was asked for. */
async function ratesOf(
  drawn: readonly DrawnIcon[],
  { captions, learnt, unseen }: Data,
): Promise<Readonly<Record<string, number>>> {
  const pictures = await Promise.all(
    drawn.map(({ icon }) => (icon.paths.length > 0 ? pictureOf(icon) : undefined)),
  );
  const rows = pictures.map((picture, i) => {
    if (!picture) return { valid: 0, unique: 0, novel: 0, match: 0 };
    const isLike = (other: Picture | undefined): boolean =>
      other !== undefined && looksLike(other, picture);
    const valid = Number(drawn[i]?.problem === undefined);
    return {
      valid,
      unique: valid * Number(!pictures.some((other, place) => place !== i && isLike(other))),
      novel: valid * Number(!learnt.some(isLike)),
      match: Number(familyOf(unseen, picture) === captions[i]?.[0]),
    };
  });
  const mean = (value: (row: (typeof rows)[number]) => number): number => meanOf(rows.map(value));
  return {
    useful: mean(({ valid, unique, novel, match }) => valid * unique * novel * match),
    valid: mean(({ valid }) => valid),
    unique: mean(({ unique }) => unique),
    novel: mean(({ novel }) => novel),
    match: mean(({ match }) => match),
  };
}

function verdictOf(
  rows: readonly Row[],
  { ceiling, floor }: Data,
): ExperimentResult["verdicts"][number] {
  const of = (system: string, metric: string): readonly number[] => metricOf(rows, system, metric);
  const said = (metric: string): string =>
    [names.one, names.two].map((name) => percentText(meanOf(of(name, metric)))).join(" against ");
  return {
    claim: "real",
    holds: exceeds(of(names.one, "useful"), of(names.two, "useful")),
    rule: "In equal time more drawings are valid, unlike all others and all icons learnt from, and show their caption, all four at once, by more than two standard errors over the seeds.",
    found: `${said("useful")} are all of it: valid ${said("valid")}, unique ${said("unique")}, novel ${said("novel")}, showing their caption ${said("match")}. The rule that judges is right about ${percentText(ceiling)} of unseen icons, and about ${percentText(floor)} with captions mixed up.`,
  };
}
