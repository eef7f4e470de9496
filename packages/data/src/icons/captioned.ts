import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import type { Icon } from "../tasks/icon.ts";

/** An icon with what it is called. */
export interface CaptionedIcon {
  readonly icon: Icon;
  /** Its captions, each of words in lower case; its name first, then other names and tags. */
  readonly captions: readonly (readonly string[])[];
}

/** Icons of one style, filled or of lines, with their captions. */
export interface CaptionedIcons {
  readonly icons: readonly CaptionedIcon[];
  readonly size: number;
  /** Whether icons are lines; else they are filled. */
  readonly isStroked: boolean;
  /** Icons of the other style, which were left out. */
  readonly leftOut: number;
  describe(): string;
}

/** The words of a name or a tag: `arrow-left-circle`, `ArrowLeft_2`. */
export function captionWords(text: string): string[] {
  return text
    .normalize("NFC")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}+#]+/u)
    .filter((word) => word !== "");
}

/**
 * Icons with captions. Where some are filled and others drawn by lines, the more frequent style is kept.
 *
 * @param name what errors call the set.
 * @throws DataError when there is none.
 */
export function captionedIcons(icons: readonly CaptionedIcon[], name: string): CaptionedIcons {
  if (icons.length === 0) throw new DataError(`${name} holds no SVG file: add some.`);
  const isLine = ({ icon }: CaptionedIcon): boolean => icon.stroke !== undefined;
  const lines = icons.filter(isLine);
  const isStroked = 2 * lines.length > icons.length;
  const kept = icons.filter((each) => isLine(each) === isStroked);
  const words = new Set(kept.flatMap(({ captions }) => captions.flat()));
  const of = isStroked ? "drawn by lines" : "filled";
  return {
    ...{ icons: kept, size: kept.length, isStroked, leftOut: icons.length - kept.length },
    describe: () =>
      `${counted(kept.length, "icon")}, ${of}, with ${counted(words.size, "word")} in their captions`,
  };
}
