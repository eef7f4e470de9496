import { iconSheet, type PointScheme, shapeIcons } from "@quire/data";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import { type IconLearningData, iconLearningData } from "../tasks/icon-data.ts";
import { IconDrawer } from "../tasks/icon-system.ts";
import { describeIconModel, planIconTraining } from "../tasks/icon-training.ts";
import { cutsOf } from "./cuts.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";
import { fillingSheet } from "./sheet.ts";

const GRID = 16;
const shapes = ["triangle", "square", "diamond", "star", "disc"] as const;
const options = { width: 64, depth: 2, heads: 4, feedForward: 128, dropout: 0 };
const recipe = {
  ...{ epochs: 20, batchSize: 16, learningRate: 6e-3, warmUp: 0.5, weightDecay: 0.01, clipNorm: 1 },
};
const ICONS = 480;
/** Epochs after which drawings are shown anew. */
const LOOK = 2;
/** Captions that are drawn after, each several times. */
const captions = [
  "small star left",
  "large triangle middle",
  "large disc right",
  "small square top",
  "large diamond bottom",
];
const TIMES = 4;
/** Icons of which a part is cut out. */
const FILLED = 8;

/** A small IconShop that learns to draw shapes after their captions, and to fill in what is missing. */
export const demonstration: Demonstration = {
  title: "A drawer of icons that writes outlines",
  summary:
    "It learns from a few hundred shapes to write an outline's corners one after the other, after the words that say what " +
    "to draw. Half of what it sees has a stretch cut out and put at the end, so that it also closes outlines that are given " +
    "in part. Nothing keeps its drawings well formed: whole ones are its own doing.",
  controls: {
    points: {
      setting: {
        kind: "choice",
        summary: "How a corner is written: as one token, or as its column and its row",
        words: ["point", "coordinates"],
      },
      initial: "point",
    },
    places: {
      setting: { kind: "switch", summary: "Give corners vectors of their column and row" },
      initial: true,
    },
    topP: {
      setting: {
        kind: "number",
        summary: "It draws from the likeliest tokens that make up this share together",
        above: 0,
        to: 1,
      },
      initial: 0.5,
    },
  },
  run,
};

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const scheme = values["points"] as PointScheme;
  const data = iconLearningData(shapeIcons({ count: ICONS, seed, shapes, hollow: 0, grid: GRID }), {
    ...{ grid: GRID, scheme, length: scheme === "point" ? 32 : 48 },
    ...{ mostWords: 32, longestCaption: 3, validation: 0.1, seed },
  });
  const isShared = values["places"] === true;
  const own = { ...options, places: isShared, sharedHead: isShared };
  const description = describeIconModel({ paper: paper.id, options: own, data });
  const system = new IconDrawer(build(own, description.target), description);
  onSystem?.(system);
  const plan = planIconTraining(system, { data, recipe, seed, variety: { shift: 0 } });
  const topP = Number(values["topP"]);
  yield* epochFrames(plan, {
    signal,
    held: [system],
    show: async (event) => {
      const step = event.epoch + 1;
      const isShown = step === 1 || step % LOOK === 0;
      const figures = isShown ? await looked(system, data, { topP, seed }) : undefined;
      const { validationLoss = 0 } = event.metrics;
      const shown = { loss: event.loss, "loss on new icons": validationLoss };
      return { values: shown, ...(figures && { figures }) };
    },
  });
}

/** What it draws now, and how it fills in outlines. */
async function looked(
  system: IconDrawer,
  data: IconLearningData,
  given: { readonly topP: number; readonly seed: number },
): Promise<Figure[]> {
  const { topP, seed } = given;
  const asked = captions.flatMap((caption) => Array.from({ length: TIMES }, () => caption));
  const drawn = await system.draw(
    asked.map((caption) => caption.split(" ")),
    { sampling: { topP }, seed },
  );
  const whole = drawn.filter(({ problem }) => problem === undefined).length;
  const drawings: Figure = {
    ...{ kind: "svg", title: "What it draws after a caption" },
    caption: `${whole} of ${drawn.length} are whole: commands have their points, and outlines are closed.`,
    svg: iconSheet(
      drawn.map(({ icon }, i) => ({ icon, caption: asked[i] as string })),
      { columns: TIMES, side: 80 },
    ),
  };
  return [drawings, await filledIn(system, data, given)];
}

/** New icons, what is left of each, and what it makes of that. */
async function filledIn(
  system: IconDrawer,
  data: IconLearningData,
  { topP, seed }: { readonly topP: number; readonly seed: number },
): Promise<Figure> {
  const cuts = cutsOf(data, { count: FILLED, seed });
  const filled = await system.fill(cuts, { sampling: { topP }, seed });
  const title = "Outlines of which a part was cut out";
  return fillingSheet(system, {
    ...{ title, cuts, filled },
    examples: data.validation.slice(0, FILLED),
  });
}
