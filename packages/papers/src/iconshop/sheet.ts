import { iconSheet } from "@quire/data";
import type { Figure } from "../figure.ts";
import type { IconExample } from "../tasks/icon-data.ts";
import type { DrawnIcon, IconCut, IconDrawer } from "../tasks/icon-system.ts";

/** What a drawer is asked for, to be shown as a figure of a claim. */
export interface AskedDrawings {
  /** The drawer's. */
  readonly name: string;
  /** What it is asked for, one a drawing. */
  readonly captions: readonly (readonly string[])[];
  readonly seed: number;
  /** How many of the first captions it draws after. */
  readonly count: number;
  /** What is shown, as a sentence. */
  readonly caption: string;
}

/** Drawings after the first captions, with what was asked for below them. */
export async function drawnSheet(
  drawer: IconDrawer,
  { name, captions, seed, count, caption }: AskedDrawings,
): Promise<Figure> {
  const asked = captions.slice(0, count);
  const drawn = await drawer.draw(asked, { seed });
  const items = drawn.map(({ icon }, i) => ({ icon, caption: asked[i]?.join(" ") ?? "" }));
  return {
    ...{ kind: "svg", title: `Drawn by ${name}`, caption },
    svg: iconSheet(items, { columns: 8, side: 96 }),
  };
}

/** How wide the lines are that show what is given of an icon, in steps of the grid: it is no whole outline. */
const LINE = 0.5;

/** Icons, how far they are given before the span that was cut out of each, and what became of them. */
export function fillingSheet(
  { coding }: IconDrawer,
  given: {
    readonly title: string;
    readonly examples: readonly IconExample[];
    readonly cuts: readonly IconCut[];
    readonly filled: readonly DrawnIcon[];
  },
): Figure {
  const { title, examples, cuts, filled } = given;
  const whole = filled.filter(({ problem }) => problem === undefined).length;
  const items = [
    ...examples.map(({ tokens }) => ({ icon: coding.read(tokens).icon, caption: "new icon" })),
    ...cuts.map(({ before }) => ({ icon: coding.read(before, LINE).icon, caption: "begun" })),
    ...filled.map(({ icon }) => ({ icon, caption: "filled in" })),
  ];
  return {
    ...{ kind: "svg", title },
    caption: `Icons it has not seen, how far they are given, and what it makes of that: ${whole} of ${filled.length} are whole again.`,
    svg: iconSheet(items, { columns: filled.length, side: 64 }),
  };
}
