import type { LanguageModelSystem, TokenStream } from "@quire/papers";
import { escaped, type Section } from "./html.ts";

/** Texts that a report shows, and how long they are. */
const SAMPLES = 3;
const PROMPT = 24;
const TOKENS = 120;

/** What a report shows of a language model: how it goes on from beginnings that it has not seen. */
export async function languageSections(
  system: LanguageModelSystem,
  { tokens }: TokenStream,
): Promise<Section[]> {
  const parts: string[] = [];
  const { length = PROMPT + TOKENS } = system.model;
  const room = Math.min(TOKENS, Math.max(1, length - PROMPT));
  const step = Math.floor(tokens.length / SAMPLES);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const start = sample * step;
    const prompt = system.tokenizer.decode(
      tokens.subarray(start, start + Math.min(PROMPT, length - 1)),
    );
    if (prompt === "") continue;
    const sampling = { temperature: 0.8, topP: 0.95 };
    const written = await wholeText(system, prompt, { tokens: room, sampling, seed: sample });
    parts.push(
      `<blockquote><b>${escaped(prompt)}</b>${escaped(written).replaceAll("\n", "<br>")}</blockquote>`,
    );
  }
  return [{ title: "How it goes on from beginnings it has not seen", body: parts.join("\n") }];
}

async function wholeText(
  system: LanguageModelSystem,
  prompt: string,
  options: Parameters<LanguageModelSystem["continue"]>[1],
): Promise<string> {
  let written = "";
  for await (const { text } of system.continue(prompt, options)) written += text;
  return written;
}
