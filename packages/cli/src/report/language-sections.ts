import {
  GAP,
  type LanguageModelSystem,
  MaskedLanguageSystem,
  type TokenStream,
} from "@quire/papers";
import { escaped, type Section } from "./html.ts";

/** Texts that a report shows, and how long they are. */
const SAMPLES = 3;
const PROMPT = 24;
const TOKENS = 120;

/** What a report shows of a language model: how it goes on from beginnings that it has not seen, or fills gaps. */
export async function languageSections(
  system: LanguageModelSystem | MaskedLanguageSystem,
  { tokens }: TokenStream,
): Promise<Section[]> {
  if (system instanceof MaskedLanguageSystem) return [await gapSection(system, tokens)];
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

/** Tokens of a text with a gap in its middle. */
const AROUND = 24;

async function gapSection(system: MaskedLanguageSystem, tokens: Int32Array): Promise<Section> {
  const { tokenizer, windows } = system;
  const length = Math.min(AROUND, tokens.length, windows.context - 2);
  const step = Math.floor(tokens.length / SAMPLES);
  const parts: string[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const around = tokens.subarray(sample * step, sample * step + length);
    const middle = Math.floor(around.length / 2);
    const [before, after] = [around.subarray(0, middle), around.subarray(middle + 1)];
    const text = [before, after].map((part) => tokenizer.decode(part)) as [string, string];
    if (text.some((part) => part.includes(GAP))) continue;
    const [fillings = []] = await system.fill(text.join(GAP), 3);
    const said = fillings.map((one) => `${one.text} (${(100 * one.probability).toFixed(0)} %)`);
    const truth = tokenizer.decode(around.subarray(middle, middle + 1));
    parts.push(
      `<blockquote>${escaped(text[0])}<b>[${escaped(said.join(", "))}]</b>${escaped(text[1])} ` +
        `<i>There stood: ${escaped(truth)}</i></blockquote>`,
    );
  }
  return { title: "What it puts into gaps of texts it has not seen", body: parts.join("\n") };
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
