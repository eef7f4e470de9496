import type { Entry } from "../entry.ts";
import type { EncoderText } from "./feature-encoder.ts";

/** What the encoder learns from: what is said of each paper, and what one may ask to find it. */
export function encoderTexts(
  entries: readonly Entry[],
  asked: Readonly<Record<string, readonly string[]>>,
): EncoderText[] {
  return entries.flatMap(({ id, family, title, task, summary }) => {
    const sentences = summary.split(/(?<=[.:;])\s+/);
    const texts = [title, summary, `${family} ${task}`, ...sentences, ...(asked[id] ?? [])];
    return texts.map((text) => ({ paper: id, family, text }));
  });
}
