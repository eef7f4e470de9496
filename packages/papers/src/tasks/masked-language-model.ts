// B windows, T tokens, V vocabulary

import { type Tokenizer, tokenizerText } from "@quire/data";
import {
  argmax,
  type Compiled,
  type CompileOptions,
  cast,
  compile,
  equal,
  type HostTensor,
  hostTensor,
  QuireError,
  type Tensor,
} from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import { END_OF_TEXT, type TokenStream } from "./language-data.ts";
import { lengthsBelow } from "./language-model.ts";
import type { LanguageModelDescription, MaskedLanguageNetwork } from "./language-target.ts";
import {
  contentOf,
  MARKS,
  type MaskedWindowOptions,
  marksOf,
  maskedBatchAt,
} from "./masked-windows.ts";

/** How well a model fills the gaps of a text. */
export interface MaskedEvaluation {
  /** Mean of minus the logarithm of the probability of what stood in a gap. */
  readonly loss: number;
  /** e to the loss: as unsure as between so many tokens. */
  readonly perplexity: number;
  /** Share of the gaps whose likeliest token is what stood there. */
  readonly gapAccuracy: number;
  /** Share of the windows whose order is told; none where the model does not tell it. */
  readonly orderAccuracy: number | undefined;
  /** How many gaps were filled. */
  readonly gaps: number;
  /** The loss and the share of gaps filled rightly, of each window. */
  readonly windows: readonly { readonly loss: number; readonly accuracy: number }[];
}

/** What may stand in a gap. */
export interface Filling {
  readonly text: string;
  readonly probability: number;
}

/** What stands for a gap in a text. */
export const GAP = "[MASK]";

/** Windows that are measured at once hold about so many tokens. */
const TOKENS_A_BATCH = 8192;
/** Draws the gaps that every model is measured on. */
const MEASURED_SEED = 0;

/** A language model that reads both ways, with its tokenizer: it fills gaps. */
export class MaskedLanguageSystem implements System<LanguageModelDescription> {
  readonly model: MaskedLanguageNetwork;
  readonly description: LanguageModelDescription;
  readonly tokenizer: Tokenizer;
  readonly #measured: Compiled<Tensor[], Tensor[]>;
  readonly #scores: Compiled<[Tensor, Tensor], Tensor>;

  constructor(
    model: MaskedLanguageNetwork,
    description: LanguageModelDescription,
    tokenizer: Tokenizer,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    this.tokenizer = tokenizer;
    this.#measured = compile(
      (...given: Tensor[]) => {
        const [ids, sentences, labels, order] = given as [Tensor, Tensor, Tensor, Tensor];
        const logits = model.forward(ids, sentences);
        const told = model.readsPairs ? model.orderScores?.(ids, sentences) : undefined;
        return [
          crossEntropy(logits, labels, { reduction: "none" }),
          cast(equal(argmax(logits), labels), "int32"),
          ...(told ? [cast(equal(argmax(told), order), "int32")] : []),
        ];
      },
      { name: "measure", ...options },
    );
    this.#scores = compile((ids: Tensor, sentences: Tensor) => model.forward(ids, sentences), {
      name: "fill",
      ...options,
    });
  }

  /** What it is opened with again. */
  get files(): Readonly<Record<string, string>> {
    return { "tokenizer.json": tokenizerText(this.tokenizer) };
  }

  /** A file of the model takes any number of texts of any length. */
  get exported(): ExportedFunction {
    const { model, description, tokenizer } = this;
    const { gap, first, end } = marksOf(tokenizer.size);
    const shape = ["batch", "length"] as const;
    const most = model.length;
    return {
      run: (ids, sentences) => ({ logits: model.forward(ids as Tensor, sentences as Tensor) }),
      inputs: { ids: { shape, dtype: "int32" }, sentences: { shape, dtype: "int32" } },
      ...(most !== undefined && { samples: { length: lengthsBelow(most) } }),
      outputs: { logits: ["batch", "length", description.target.vocabulary] },
      metadata: {
        ...{ paper: description.paper, task: description.task },
        input:
          `token ids of tokenizer.json, ${gap} for a gap, ${first} before a text and ${end} behind each of its two ` +
          "stretches; and of which stretch each token is, 0 or 1",
      },
    };
  }

  /** How windows are made for it. */
  get windows(): Omit<MaskedWindowOptions, "seed"> {
    const { context } = this.description.target;
    return { context, tokens: this.tokenizer.size, isPair: this.model.readsPairs ?? false };
  }

  /**
   * Measures how well gaps of a text are filled, window by window; the same gaps for every model of a tokenizer.
   *
   * @throws QuireError when the text is too short for a window of two tokens.
   */
  async evaluate({ tokens }: TokenStream): Promise<MaskedEvaluation> {
    const { windows: own } = this;
    const content = Math.min(contentOf(own), tokens.length);
    if (content < 2) throw new QuireError("a text of one token leaves nothing around a gap.");
    const options = {
      ...{ ...own, context: own.context - contentOf(own) + content, seed: MEASURED_SEED },
    };
    const starts = Array.from(
      { length: Math.floor(tokens.length / content) },
      (_, i) => i * content,
    );
    const rows = Math.max(1, Math.min(starts.length, Math.floor(TOKENS_A_BATCH / options.context)));
    const found: { sum: number; right: number; gaps: number; isTold: number | undefined }[] = [];
    for (let from = 0; from < starts.length; from += rows) {
      const places = starts.slice(from, from + rows);
      // The last batch is filled up, so that one model is compiled.
      const filled = Array.from({ length: rows }, (_, row) => places[row] ?? 0);
      const { ids, sentences, labels, gaps, order } = maskedBatchAt(tokens, filled, options);
      const [losses, rights, told] = await this.#measured(ids, sentences, labels, order);
      places.forEach((_, row) => {
        const places = gapsOfRow(gaps, row);
        const sumOf = (values: HostTensor): number =>
          places.reduce((sum, place) => sum + Number(values.data[place]), 0);
        found.push({
          sum: sumOf(losses as HostTensor),
          right: sumOf(rights as HostTensor),
          gaps: places.length,
          isTold: told && Number(told.data[row]),
        });
      });
    }
    return summaryOf(found);
  }

  /**
   * The likeliest tokens for each gap of a text, the likeliest first.
   *
   * @throws QuireError when the text has no gap, or is longer than what the model reads.
   */
  async fill(text: string, most = 5): Promise<readonly (readonly Filling[])[]> {
    const { tokenizer, windows } = this;
    const { gap, first, end } = marksOf(tokenizer.size);
    const parts = text.split(GAP).map((part) => [...tokenizer.encode(part, { special: false })]);
    const content = parts.flatMap((part, i) => (i === 0 ? part : [gap, ...part]));
    if (parts.length < 2) {
      throw new QuireError(`the text has no gap to fill: write ${GAP} where one is.`);
    }
    const ids = windows.isPair ? [first, ...content, end] : content;
    if (ids.length > windows.context) {
      throw new QuireError(
        `the text has ${ids.length} tokens, and the model reads ${windows.context} at a time: give a shorter one.`,
      );
    }
    const shape = [1, ids.length];
    const sentences = hostTensor(new Int32Array(ids.length), shape, "int32");
    const logits = await this.#scores(hostTensor(ids, shape, "int32"), sentences);
    const width = logits.shape[2] as number;
    return ids.flatMap((id, place) => {
      if (id !== gap) return [];
      const scores = (logits.data as Float32Array).subarray(place * width, (place + 1) * width);
      return [this.#likeliest(scores, most)];
    });
  }

  /** Marks, and the end of a text, fill no gap. */
  #likeliest(scores: Float32Array, most: number): Filling[] {
    const { tokenizer } = this;
    const end = tokenizer.idOf(END_OF_TEXT);
    const known = Array.from(scores.subarray(0, tokenizer.size), (score, id) => ({ id, score }));
    const allowed = known.filter(({ id }) => id !== end);
    const largest = allowed.reduce(
      (top, { score }) => Math.max(top, score),
      Number.NEGATIVE_INFINITY,
    );
    const total = allowed.reduce((sum, { score }) => sum + Math.exp(score - largest), 0);
    return allowed
      .sort((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ id, score }) => ({
        text: tokenizer.decode([id]),
        probability: Math.exp(score - largest) / total,
      }));
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await Promise.all([this.#measured.release(), this.#scores.release()]);
  }
}

/** Places of a row's gaps in a batch. */
function gapsOfRow({ data, shape }: HostTensor<"bool">, row: number): number[] {
  const length = shape[1] as number;
  return Array.from({ length }, (_, i) => row * length + i).filter((place) => data[place]);
}

function summaryOf(
  found: readonly { sum: number; right: number; gaps: number; isTold: number | undefined }[],
): MaskedEvaluation {
  const total = (of: (window: (typeof found)[number]) => number): number =>
    found.reduce((sum, window) => sum + of(window), 0);
  const gaps = total((window) => window.gaps);
  const loss = total(({ sum }) => sum) / gaps;
  const isTold = found[0]?.isTold !== undefined;
  return {
    ...{ loss, perplexity: Math.exp(loss), gaps },
    gapAccuracy: total(({ right }) => right) / gaps,
    orderAccuracy: isTold ? total((window) => window.isTold ?? 0) / found.length : undefined,
    windows: found.map((window) => ({
      loss: window.sum / window.gaps,
      accuracy: window.right / window.gaps,
    })),
  };
}

/** The vocabulary of a model that fills gaps, for a tokenizer. */
export function maskedVocabulary({ size }: Pick<Tokenizer, "size">): number {
  return size + MARKS;
}
