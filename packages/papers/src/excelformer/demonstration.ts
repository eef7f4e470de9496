import { type NumericColumn, Table } from "@quire/data";
import { Random } from "@quire/tensor";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import {
  describeTabularModel,
  encodeFeatures,
  encodeTable,
  fitTabularEncoding,
  planTabularTraining,
  TabularPredictor,
  type TabularRecipe,
} from "../tasks/tabular-prediction.ts";
import { build, type ExcelFormerOptions } from "./model.ts";
import { paper } from "./paper.ts";

const ROWS = 240;
const EPOCHS = 24;
const TARGET = "inside";
/** Places a side of the picture, over numbers from -2 to 2. */
const GRID = 25;

const size: ExcelFormerOptions = {
  ...(paper.presets["small"]?.options as ExcelFormerOptions),
  ...{ width: 16, depth: 2, heads: 2 },
};

/** A network that sees two features that matter among many that do not. */
export const demonstration: Demonstration = {
  title: "Noise is kept from what matters",
  summary:
    "Whether a point lies inside of a ring is to be told from two numbers, beside which stand others that say nothing. " +
    "The picture shows where the network sees the ring while it learns.",
  controls: {
    noise: {
      setting: { kind: "whole", summary: "Features that say nothing", from: 0, to: 30 },
      initial: 10,
    },
    attention: {
      setting: {
        kind: "choice",
        summary: "What a feature reads: those that say more, or all",
        words: ["semi-permeable", "full"],
      },
      initial: "semi-permeable",
    },
    mix: {
      setting: {
        kind: "choice",
        summary: "How rows are mixed: by features, by hidden values, or not",
        words: ["features", "hidden", "none"],
      },
      initial: "none",
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
  const noise = Number(values["noise"]);
  const random = new Random(seed).fork("points");
  const [train, held] = [points(noise, random.fork("train")), points(noise, random.fork("held"))];
  const { encoding, rows } = fitTabularEncoding(train, { target: TARGET, seed });
  const options = { ...size, attention: values["attention"] as ExcelFormerOptions["attention"] };
  const description = describeTabularModel({ paper: paper.id, options, encoding });
  const predictor = new TabularPredictor(build(options, description.target), description);
  onSystem?.(predictor);
  const validation = encodeTable(encoding, held);
  const recipe = recipeOf(values["mix"] as "features" | "hidden" | "none");
  const plan = planTabularTraining(predictor, {
    ...{ train: rows, validation, recipe, seed },
  });
  const grid = encodeFeatures(encoding, gridPoints(noise));
  yield* epochFrames(plan, {
    signal,
    held: [predictor],
    show: async (event) => {
      const { accuracy = 0, logLoss = 0 } = event.metrics;
      const shown = { trainingLoss: event.loss, loss: logLoss, accuracy };
      const figures = [await ringFigure(predictor, grid)];
      return { values: shown, figures };
    },
  });
}

function recipeOf(of: "features" | "hidden" | "none"): TabularRecipe {
  return {
    ...{ epochs: EPOCHS, batchSize: 48, learningRate: 6e-3, warmUp: 1, weightDecay: 0 },
    ...{ patience: EPOCHS, mix: of === "none" ? "none" : { of, alpha: 0.5 } },
  };
}

/** Points of which a ring has about half, with features that say nothing. */
function points(noise: number, random: Random): Table {
  const draws = (): Float64Array => Float64Array.from({ length: ROWS }, () => random.normal());
  const [across, up] = [draws(), draws()];
  const isInside = across.map((x, row) => {
    const radius = Math.hypot(x, up[row] as number);
    return Number(radius > 0.6 && radius < 1.5);
  });
  const others = Array.from({ length: noise }, draws);
  return tableOf([across, up, ...others], isInside);
}

/** The places of the picture; what says nothing is at its middle. */
function gridPoints(noise: number): Table {
  const at = (place: number): number => (4 * place) / (GRID - 1) - 2;
  const across = Float64Array.from({ length: GRID * GRID }, (_, i) => at(i % GRID));
  const up = Float64Array.from({ length: GRID * GRID }, (_, i) => -at(Math.floor(i / GRID)));
  const others = Array.from({ length: noise }, () => new Float64Array(GRID * GRID));
  return tableOf([across, up, ...others]);
}

function tableOf(features: readonly Float64Array[], isInside?: Float64Array): Table {
  const names = ["across", "up", ...features.slice(2).map((_, i) => `noise ${i + 1}`)];
  const columns = features.map(
    (values, i): NumericColumn => ({ name: names[i] as string, kind: "number", values }),
  );
  const target: NumericColumn[] = isInside
    ? [{ name: TARGET, kind: "boolean", values: isInside }]
    : [];
  return new Table({
    ...{ name: "points", format: "points", columns: [...columns, ...target] },
    ...{ rows: features[0]?.length ?? 0, place: (row: number) => `row ${row + 1}` },
  });
}

async function ringFigure(predictor: TabularPredictor, grid: Float32Array): Promise<Figure> {
  const predictions = await predictor.predictRows(grid);
  if (predictions.predict === "number") throw new Error("The demonstration predicts classes.");
  const { classes, probabilities } = predictions;
  const inside = classes.indexOf("true");
  const titles = Array.from({ length: GRID }, (_, i) => ((4 * i) / (GRID - 1) - 2).toFixed(1));
  return {
    ...{ kind: "heat", title: "Where the network sees the ring" },
    caption: "The probability of lying inside, by the two numbers that matter.",
    rows: titles.toReversed(),
    columns: titles,
    values: titles.map((_, row) =>
      titles.map((_title, column) => {
        const place = (row * GRID + column) * classes.length + inside;
        return probabilities[place] as number;
      }),
    ),
  };
}
