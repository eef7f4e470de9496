import { ICON_MARKS } from "@quire/data";
import { Random } from "@quire/tensor";
import type { IconLearningData } from "../tasks/icon-data.ts";
import type { IconCut } from "../tasks/icon-system.ts";

/** An icon without a span. */
export interface Cut extends IconCut {
  /** Tokens that were cut out. */
  readonly length: number;
}

/** Icons that were not learnt from, each without a span of its commands from anywhere after the first. */
export function cutsOf(
  { validation, words }: IconLearningData,
  { count, seed }: { readonly count: number; readonly seed: number },
): Cut[] {
  const random = new Random(seed).fork("spans");
  return validation.slice(0, count).map(({ tokens, captions }) => {
    const commands = [...tokens.keys()]
      .slice(1)
      .filter((at) => (tokens[at] as number) < ICON_MARKS);
    const [a, b] = [random.integer(commands.length - 1), random.integer(commands.length - 1)];
    const [from, to] = [commands[Math.min(a, b)] as number, commands[Math.max(a, b) + 1] as number];
    const caption = Array.from(captions[0] ?? [], (word) => words[word] as string);
    return { caption, before: tokens.slice(0, from), after: tokens.slice(to), length: to - from };
  });
}
