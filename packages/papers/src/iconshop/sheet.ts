import { iconSheet } from "@quire/data";
import type { Figure } from "../figure.ts";
import type { DrawnIcon } from "../tasks/icon-system.ts";

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
