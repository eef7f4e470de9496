import { readFile } from "node:fs/promises";
import { readIconSet } from "@quire/data/files";
import {
  bootstrapInterval,
  CUT_TOKENS,
  type IconDrawer,
  type IconExample,
  iconExamples,
  knownWords,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { type Option, text, withDefault } from "../option.ts";
import { writeDrawings } from "./icon-drawings.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** What a user may say of drawing many captions. */
export type PredictIconOptions = { readonly out: Option<string> };

/** Draws an icon after each caption of a file. */
export const drawCaptions: PredictSpec<IconDrawer, PredictIconOptions> = {
  data: { value: "FILE", summary: "A text file of captions, one a line" },
  options: { out: withDefault(text("FOLDER", "Where the icons are written"), "drawings") },
  examples: [
    "quire predict iconshop-1 --data captions.txt --out icons",
    'quire draw iconshop-1 "arrow left circle"',
  ],
  run: async (system, path, { out }, { console, seed }) => {
    const content = await readFile(path, "utf8").catch((cause: unknown) => {
      throw new UsageError(`"${path}" cannot be read: give a text file of captions, one a line.`, {
        cause,
      });
    });
    const lines = content.split(/\r?\n/).filter((line) => line.trim() !== "");
    if (lines.length === 0) throw new UsageError(`"${path}" is empty: give captions, one a line.`);
    const captions = lines.map((line) => knownWords(system.captions, line));
    const drawn = await system.draw(captions, { seed, wellFormed: true });
    const drawings = drawn.map((each, i) => ({
      caption: (captions[i] as string[]).join(" "),
      drawn: each,
    }));
    await writeDrawings(out, drawings, console);
  },
};

/** Measures a drawer on icons. */
export const evaluateIcons: EvaluateSpec<IconDrawer> = {
  data: { value: "FOLDER", summary: "A folder of SVG files named by what they show" },
  run: async (system, path, { seed }) => {
    const { icons } = await readIconSet(path);
    const examples = iconExamples(icons, system.shape);
    if (examples.length > 0) return await iconEvaluation(system, examples, seed);
    const { length } = system.description.target;
    throw new UsageError(
      `all icons of "${path}" have more than the ${length - CUT_TOKENS} tokens that the model reads: give simpler ones.`,
    );
  },
};

/** Measures a drawer on icons, with intervals over icons drawn again. */
export async function iconEvaluation(
  system: IconDrawer,
  examples: readonly IconExample[],
  seed: number,
): Promise<Evaluation> {
  const { tokenLoss, iconLoss, losses, counts } = await system.evaluate(examples);
  const sumOf = (values: readonly number[], places: Uint32Array): number =>
    places.reduce((sum, place) => sum + (values[place] as number), 0);
  const interval = (statistic: (places: Uint32Array) => number): [number, number] =>
    bootstrapInterval(examples.length, statistic, { seed });
  const shared = { as: "number", better: "lower" } as const;
  return {
    ...{ count: examples.length, what: "icons" },
    metrics: [
      {
        ...{ name: "validationLoss", ...shared, value: tokenLoss },
        interval: interval((places) => sumOf(losses, places) / sumOf(counts, places)),
      },
      {
        ...{ name: "iconLoss", ...shared, value: iconLoss },
        interval: interval((places) => sumOf(losses, places) / places.length),
      },
    ],
  };
}
