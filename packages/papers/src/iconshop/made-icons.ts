import {
  type CaptionedIcon,
  gridIcon,
  ICON_MARKS,
  iconPlaces,
  iconSizes,
  type PointScheme,
  shapeIcons,
} from "@quire/data";
import { Random } from "@quire/tensor";
import type { Budget, Experiment, ExperimentContext, ExperimentResult, Row } from "../paper.ts";
import { exceeds, meanOf, percentText } from "../statistics.ts";
import { type ComparedIconDrawer, compareIconDrawers } from "../tasks/icon-comparison.ts";
import { type IconLearningData, iconLearningData } from "../tasks/icon-data.ts";
import type { DrawnIcon, IconDrawer } from "../tasks/icon-system.ts";
import type { IconRecipe } from "../tasks/icon-target.ts";
import { build, type IconShopOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { distance, largest, overlap, type Picture, pictureOf } from "./pictures.ts";
import { sheetOf } from "./sheet.ts";

const counts = {
  full: { icons: 3000, epochs: 4, references: 1000, drawings: 120, fillings: 100 },
  quick: { icons: 200, epochs: 1, references: 100, drawings: 12, fillings: 8 },
} as const satisfies Record<Budget, object>;

const GRID = 32;
const shapes = ["triangle", "square", "pentagon", "hexagon", "star", "ring"] as const;
/** The most tokens of a made icon, and three for a span that is cut out. */
const longest = { point: 64, coordinates: 96 } as const satisfies Record<PointScheme, number>;
const options: IconShopOptions = { width: 64, depth: 2, heads: 4, feedForward: 128, dropout: 0 };

/// Of 0.003, 0.006 and 0.012 the higher two are better after an epoch, whether a point is one token or two.
const recipe: IconRecipe = {
  ...{ epochs: 1, batchSize: 16, learningRate: 8e-3, warmUp: 0.5, weightDecay: 0.01, clipNorm: 1 },
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

/** A picture whose caption is known. */
interface Known extends Picture {
  readonly caption: readonly string[];
}

interface Data {
  readonly icons: readonly CaptionedIcon[];
  readonly references: readonly Known[];
  /** Captions that are drawn after, and how often the judge is right about icons that are drawn right. */
  readonly captions: readonly (readonly string[])[];
  readonly ceiling: number;
}

/** One token a point against two, on icons that are made; and how often what was cut out is filled in whole. */
export const madeIcons: Experiment<Data> = {
  claims: ["points", "infill"],
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

/** Polygons, stars and rings. */
function made(count: number, seed: number): CaptionedIcon[] {
  return shapeIcons({ count, seed, shapes, hollow: 0, grid: GRID });
}

function captionOf({ captions: [first = []] }: CaptionedIcon): readonly string[] {
  return first;
}

async function knownOf(each: CaptionedIcon): Promise<Known> {
  return { ...(await pictureOf(gridIcon(each.icon, GRID))), caption: captionOf(each) };
}

const isPlaced = (word: string): boolean =>
  ([...iconSizes, ...iconPlaces] as readonly string[]).includes(word);

/**
 * Whether a picture shows what a caption says, by the pictures nearest to it: what it shows is what the one shows whose
 * shape overlaps most, whatever its size and place; its size and place are those of the one that stands nearest.
 */
function isShown(known: readonly Known[], picture: Picture, caption: readonly string[]): boolean {
  const shape = largest(known, ({ pixels }) => overlap(pixels, picture.pixels)).caption;
  const place = largest(known, ({ extent }) => -distance(extent, picture.extent)).caption;
  const said = [...shape.filter((word) => !isPlaced(word)), ...place.filter(isPlaced)];
  return [...said].sort().join() === [...caption].sort().join();
}

function dataFor(icons: readonly CaptionedIcon[], scheme: PointScheme): IconLearningData {
  return iconLearningData(icons, {
    ...{ grid: GRID, scheme, length: longest[scheme], mostWords: 100, longestCaption: 4 },
    ...{ validation: 0.1, seed: 0 },
  });
}

async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<Data>): Promise<ExperimentResult> {
  const { epochs, fillings } = counts[budget];
  const [point, coordinates] = [dataFor(data.icons, "point"), dataFor(data.icons, "coordinates")];
  const shared = {
    options,
    build: (target: Parameters<typeof build>[1]) => build(options, target),
  };
  const systems: [ComparedIconDrawer, ...ComparedIconDrawer[]] = [
    { name: names.one, ...shared, data: point, variety: { shift: 0 } },
    { name: names.two, ...shared, data: coordinates, variety: { shift: 0 } },
  ];
  const shown: (readonly DrawnIcon[])[] = [];
  const { rows, kept } = await compareIconDrawers(
    {
      ...{ paper: paper.id, systems, recipe: { ...recipe, epochs } },
      measure: async (system, given) => {
        const drawn = await system.draw(data.captions, { seed: given.seed });
        if (given.seed === context.seeds[0]) shown.push(drawn);
        return {
          ...(await drawingRates(drawn, data)),
          ...(await closedRates(system, given.data, { count: fillings, seed: given.seed })),
          tokens: meanOf(given.data.train.map(({ tokens }) => tokens.length)),
        };
      },
    },
    context,
  );
  return {
    metrics: [
      { name: "match", as: "share", better: "higher" },
      { name: "valid", as: "share", better: "higher" },
      { name: "closed", as: "share", better: "higher" },
      { name: "goingOn", as: "share", better: "higher" },
      { name: "tokens", as: "number", better: "lower" },
      { name: "iconLoss", as: "number", better: "lower" },
      { name: "steps", as: "number", better: "higher" },
    ],
    ...{ rows, trained: kept },
    figures: systems.map(({ name }, i) =>
      sheetOf({ name, drawn: shown[i] ?? [], captions: data.captions, ...sheet }),
    ),
    verdicts: [pointsVerdict(rows, data.ceiling), infillVerdict(rows)],
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

/**
 * How often an icon is whole again after a span of its commands was cut out, anywhere, and filled in; and how often where
 * the same drawer goes on from what stands before the span, without knowing what stands after it, for as many tokens.
 */
async function closedRates(
  system: IconDrawer,
  { validation, words }: IconLearningData,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<{ readonly closed: number; readonly goingOn: number }> {
  const random = new Random(seed).fork("spans");
  const cuts = validation.slice(0, count).map(({ tokens, captions }) => {
    const commands = [...tokens.keys()]
      .slice(1)
      .filter((at) => (tokens[at] as number) < ICON_MARKS);
    const [a, b] = [random.integer(commands.length - 1), random.integer(commands.length - 1)];
    const [from, to] = [commands[Math.min(a, b)] as number, commands[Math.max(a, b) + 1] as number];
    const caption = Array.from(captions[0] ?? [], (word) => words[word] as string);
    return { caption, before: tokens.slice(0, from), after: tokens.slice(to), length: to - from };
  });
  const whole = (problems: readonly (string | undefined)[]): number =>
    meanOf(problems.map((problem) => Number(problem === undefined)));
  const filled = await system.fill(cuts, { seed });
  const gone = await system.goOn(
    cuts.map(({ caption, before }) => ({ caption, begun: before })),
    { seed },
  );
  const others = cuts.map(({ before, after, length }, row) => {
    const span = gone[row]?.tokens.slice(before.length, before.length + length) ?? [];
    return system.coding.read([...before, ...span, ...after]).problem;
  });
  return { closed: whole(filled.map(({ problem }) => problem)), goingOn: whole(others) };
}

function valuesOf(rows: readonly Row[], system: string, metric: string): readonly number[] {
  return rows.find((row) => row.system === system)?.metrics[metric] ?? [];
}

function pointsVerdict(
  rows: readonly Row[],
  ceiling: number,
): ExperimentResult["verdicts"][number] {
  const of = (metric: string) =>
    [valuesOf(rows, names.one, metric), valuesOf(rows, names.two, metric)] as const;
  const [tokens, valid, match] = [of("tokens"), of("valid"), of("match")];
  const ratio = meanOf(tokens[0]) / meanOf(tokens[1]);
  return {
    claim: "points",
    holds: ratio < 0.75 && exceeds(...match) && !exceeds(valid[1], valid[0]),
    rule: "Sequences are at most three quarters as long; in equal time more drawings show their caption, by more than two standard errors over the seeds, and no fewer are valid by as much.",
    found: `${(100 * ratio).toFixed(0)} % of the length; ${percentText(meanOf(match[0]))} of the drawings show their caption against ${percentText(meanOf(match[1]))}, ${percentText(meanOf(valid[0]))} against ${percentText(meanOf(valid[1]))} are valid. The rule that judges is right about ${percentText(ceiling)} of the icons that are drawn right.`,
  };
}

/** The share of fillings that must be whole. */
const WHOLE = 0.9;

function infillVerdict(rows: readonly Row[]): ExperimentResult["verdicts"][number] {
  const of = (metric: string): readonly number[] => valuesOf(rows, names.one, metric);
  const [own, others] = [of("closed"), of("goingOn")];
  const enough = own.map(() => WHOLE);
  return {
    claim: "infill",
    holds: exceeds(own, enough) && exceeds(own, others),
    rule: "More than 90 % of the icons are whole again, and more than where the same drawer goes on from what stands before the span for as many tokens, both by more than two standard errors over the seeds.",
    found: `${percentText(meanOf(own))} are whole; ${percentText(meanOf(others))} where it goes on without knowing what stands after the span.`,
  };
}
