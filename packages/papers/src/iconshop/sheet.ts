import { iconSheet } from "@quire/data";
import type { Figure } from "../figure.ts";
import type { IconExample } from "../tasks/icon-data.ts";
import type { DrawnIcon, IconCut, IconDrawer } from "../tasks/icon-system.ts";

/** What a drawer drew, as a figure of a claim. */
export interface DrawnSheet {
  /** The drawer. */
  readonly name: string;
  readonly drawn: readonly DrawnIcon[];
  /** What it was asked for, one a drawing. */
  readonly captions: readonly (readonly string[])[];
  /** How many of the first drawings are shown. */
  readonly count: number;
  /** What is shown, as a sentence. */
  readonly caption: string;
}

/** The first drawings with what was asked for below them. */
export function sheetOf({ name, drawn, captions, count, caption }: DrawnSheet): Figure {
  const items = drawn.slice(0, count).map(({ icon }, i) => ({
    icon,
    caption: captions[i]?.join(" ") ?? "",
  }));
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
