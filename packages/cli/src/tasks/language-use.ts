import type { TextCorpus } from "@quire/data";
import { readTextCorpus } from "@quire/data/files";
import {
  bootstrapInterval,
  encoded,
  GAP,
  LanguageModelSystem,
  MaskedLanguageSystem,
  type TokenStream,
} from "@quire/papers";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { table } from "../table.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** A system that learns from texts: it foretells what comes next, or fills gaps. */
export type TextSystem = LanguageModelSystem | MaskedLanguageSystem;

/** Says how well a language model foretells texts, or what it puts into their gaps. */
export const predictTexts: PredictSpec<TextSystem, Record<never, never>> = {
  data: { value: "TEXT|FOLDER", summary: "A text file, or a folder of .txt and .md files" },
  options: {},
  examples: [
    "quire predict runs/lightning-attention-1 --data new.txt",
    "quire predict runs/megatron-lm-1 --data gaps.txt   # fills every [MASK] of the text",
    'quire generate lightning-attention-1 --prompt "Once upon a time"',
  ],
  run: async (system, path, _options, { console }) => {
    const { documents } = await readTextCorpus(path);
    const said: Said[] = [];
    for (const document of documents) {
      const isFilled = system instanceof MaskedLanguageSystem && document.text.includes(GAP);
      said.push(isFilled ? await fillingsOf(system, document) : await measuresOf(system, document));
    }
    for (const kind of new Set(said.map(({ titles }) => titles))) {
      const rows = said.filter(({ titles }) => titles === kind).flatMap((one) => one.rows);
      const columns = kind.map((title) => ({ title, align: "right" }) as const);
      console.print(table([{ title: "text" }, ...columns], rows));
    }
    console.result({ predictions: said.map(({ found }) => found) });
  },
};

/** What is said of a text, for a table and for programs. */
interface Said {
  readonly titles: readonly string[];
  readonly rows: string[][];
  readonly found: object;
}

type Document = TextCorpus["documents"][number];

const foretold = ["tokens", "perplexity", "bits per byte"];
const measured = ["gaps", "perplexity", "filled rightly"];
const filled = ["gap", "fillings, the likeliest first"];

async function measuresOf(system: TextSystem, { name, text }: Document): Promise<Said> {
  const stream = streamOf(system, [text], name);
  if (system instanceof LanguageModelSystem) {
    const { perplexity, bitsPerByte, loss, tokens } = await system.evaluate(stream);
    const row = [name, count(tokens), perplexity.toFixed(2), bitsPerByte.toFixed(3)];
    const found = { text: name, tokens, loss, perplexity, bitsPerByte };
    return { titles: foretold, rows: [row], found };
  }
  const { gaps, perplexity, loss, gapAccuracy } = await system.evaluate(stream);
  const share = `${(100 * gapAccuracy).toFixed(1)} %`;
  const row = [name, count(gaps), perplexity.toFixed(2), share];
  return {
    titles: measured,
    rows: [row],
    found: { text: name, gaps, loss, perplexity, gapAccuracy },
  };
}

async function fillingsOf(system: MaskedLanguageSystem, { name, text }: Document): Promise<Said> {
  const gaps = await system.fill(text.trim());
  const rows = gaps.map((fillings, i) => {
    const said = fillings.map(
      (one) => `${JSON.stringify(one.text)} ${(100 * one.probability).toFixed(1)} %`,
    );
    return [name, count(i + 1), said.join(", ")];
  });
  return { titles: filled, rows, found: { text: name, gaps } };
}

/** Measures a language model on texts. */
export const evaluateTexts: EvaluateSpec<TextSystem> = {
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
  system: TextSystem,
  stream: TokenStream,
  seed: number,
): Promise<Evaluation> {
  if (system instanceof MaskedLanguageSystem) return await maskedEvaluation(system, stream, seed);
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

async function maskedEvaluation(
  system: MaskedLanguageSystem,
  stream: TokenStream,
  seed: number,
): Promise<Evaluation> {
  const found = await system.evaluate(stream);
  const { loss, perplexity, gapAccuracy, orderAccuracy, gaps, windows } = found;
  const intervalOf = (of: "loss" | "accuracy") =>
    bootstrapInterval(
      windows.length,
      (places) =>
        places.reduce((sum, place) => sum + (windows[place]?.[of] ?? 0), 0) / places.length,
      { seed },
    );
  const [low, high] = intervalOf("loss");
  const lower = { as: "number", better: "lower" } as const;
  const share = { as: "share", better: "higher" } as const;
  return {
    ...{ count: gaps, what: "gaps" },
    metrics: [
      { name: "loss", ...lower, value: loss, interval: [low, high] },
      {
        ...{ name: "perplexity", ...lower, value: perplexity },
        interval: [Math.exp(low), Math.exp(high)],
      },
      { name: "gapAccuracy", ...share, value: gapAccuracy, interval: intervalOf("accuracy") },
      ...(orderAccuracy === undefined
        ? []
        : [{ name: "orderAccuracy", ...share, value: orderAccuracy }]),
    ],
  };
}

function streamOf({ tokenizer }: TextSystem, texts: readonly string[], name: string): TokenStream {
  const stream = encoded(tokenizer, texts);
  if (stream.tokens.length > 1) return stream;
  throw new UsageError(`"${name}" is a single token: give a longer text.`);
}
