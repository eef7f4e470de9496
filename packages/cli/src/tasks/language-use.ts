import { readTextCorpus } from "@quire/data/files";
import {
  bootstrapInterval,
  encoded,
  type LanguageModelSystem,
  type TokenStream,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { table } from "../table.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** Says how well a language model foretells texts. */
export const predictTexts: PredictSpec<LanguageModelSystem, Record<never, never>> = {
  data: { value: "TEXT|FOLDER", summary: "A text file, or a folder of .txt and .md files" },
  options: {},
  examples: [
    "quire predict runs/lightning-attention-1 --data new.txt",
    'quire generate lightning-attention-1 --prompt "Once upon a time"',
  ],
  run: async (system, path, _options, { console }) => {
    const { documents } = await readTextCorpus(path);
    const found: object[] = [];
    const rows: string[][] = [];
    for (const { name, text } of documents) {
      const stream = streamOf(system, [text], name);
      const { perplexity, bitsPerByte, loss, tokens } = await system.evaluate(stream);
      found.push({ text: name, tokens, loss, perplexity, bitsPerByte });
      rows.push([name, count(tokens), perplexity.toFixed(2), bitsPerByte.toFixed(3)]);
    }
    const titles = ["tokens", "perplexity", "bits per byte"];
    const columns = titles.map((title) => ({ title, align: "right" }) as const);
    console.print(table([{ title: "text" }, ...columns], rows));
    console.result({ predictions: found });
  },
};

/** Measures a language model on texts. */
export const evaluateTexts: EvaluateSpec<LanguageModelSystem> = {
  data: { value: "TEXT|FOLDER", summary: "A text file, or a folder of .txt and .md files" },
  run: async (system, path, { seed }) => {
    const { documents } = await readTextCorpus(path);
    const stream = streamOf(
      system,
      documents.map(({ text }) => text),
      path,
    );
    return await languageEvaluation(system, stream, seed);
  },
};

/** Measures a language model on tokens, with intervals over the windows. */
export async function languageEvaluation(
  system: LanguageModelSystem,
  stream: TokenStream,
  seed: number,
): Promise<Evaluation> {
  const { loss, perplexity, bitsPerByte, tokens, windows } = await system.evaluate(stream);
  const meanLoss = (places: Uint32Array): number =>
    places.reduce((sum, place) => sum + (windows[place] as number), 0) / places.length;
  const [low, high] = bootstrapInterval(windows.length, meanLoss, { seed });
  const shared = { as: "number", better: "lower" } as const;
  const bits = bitsPerByte / loss;
  return {
    ...{ count: tokens, what: "tokens" },
    metrics: [
      { name: "loss", ...shared, value: loss, interval: [low, high] },
      {
        ...{ name: "perplexity", ...shared, value: perplexity },
        interval: [Math.exp(low), Math.exp(high)],
      },
      {
        ...{ name: "bitsPerByte", ...shared, value: bitsPerByte },
        interval: [low * bits, high * bits],
      },
    ],
  };
}

function streamOf(
  { tokenizer }: LanguageModelSystem,
  texts: readonly string[],
  name: string,
): TokenStream {
  const stream = encoded(tokenizer, texts);
  if (stream.tokens.length > 1) return stream;
  throw new UsageError(`"${name}" is a single token: give a longer text.`);
}
