// B windows, T tokens, V vocabulary

import { type Tokenizer, tokenizerText } from "@quire/data";
import {
  type Compiled,
  type CompileOptions,
  compile,
  QuireError,
  type Tensor,
} from "@quire/tensor";
import { crossEntropy, Generator, type Sampling, type TokenEvent } from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import { END_OF_TEXT, type TokenStream } from "./language-data.ts";
import type { LanguageModelDescription, LanguageNetwork } from "./language-target.ts";
import { batchAt } from "./language-windows.ts";

/** How well a language model foretells a text. */
export interface LanguageEvaluation {
  /** Mean of minus the logarithm of each token's probability. */
  readonly loss: number;
  /** e to the loss: as unsure as between so many tokens. */
  readonly perplexity: number;
  /** Bits that the model needs for a byte of text; it compares models of different tokens. */
  readonly bitsPerByte: number;
  /** How many tokens were foretold. */
  readonly tokens: number;
  /** The loss of each window. */
  readonly windows: readonly number[];
}

/** How a text goes on. */
export interface ContinueOptions {
  /** The most new tokens. */
  readonly tokens: number;
  /** How tokens are drawn; the likeliest unless said. */
  readonly sampling?: Sampling;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Whether the model may end the text before; true unless said. */
  readonly canEnd?: boolean;
}

/** A piece of a text that is being written. */
export interface TextPiece {
  readonly text: string;
  /** Tokens so far. */
  readonly tokens: number;
  /** Why it ended, with the last piece. */
  readonly reason?: TokenEvent["reason"];
}

/** Windows that are measured at once hold about so many tokens. */
const TOKENS_A_BATCH = 8192;
/** What a decoder gives for bytes that are no whole character yet. */
const INCOMPLETE = "\uFFFD";
/** Tokens that new ones are decoded with: a space may depend on what stands before. */
const BEFORE = 16;

/** Lengths of which a file learns how its sizes follow the length. */
export function lengthsBelow(most: number): [number, number, number] {
  return [most - 3, most - 2, most - 1];
}

/** A language model with its tokenizer: it measures texts and writes on. */
export class LanguageModelSystem implements System<LanguageModelDescription> {
  readonly model: LanguageNetwork;
  readonly description: LanguageModelDescription;
  readonly tokenizer: Tokenizer;
  readonly #losses: Compiled<[Tensor, Tensor], Tensor>;
  readonly #generator: Generator;

  constructor(
    model: LanguageNetwork,
    description: LanguageModelDescription,
    tokenizer: Tokenizer,
    options: CompileOptions = {},
  ) {
    this.model = model;
    this.description = description;
    this.tokenizer = tokenizer;
    this.#losses = compile(
      (ids: Tensor, next: Tensor) => crossEntropy(model.forward(ids), next, { reduction: "none" }),
      { name: "measure", ...options },
    );
    this.#generator = new Generator(model, options);
  }

  /** What it is opened with again. */
  get files(): Readonly<Record<string, string>> {
    return { "tokenizer.json": tokenizerText(this.tokenizer) };
  }

  /** A file of the model takes any number of texts of any length. */
  get exported(): ExportedFunction {
    const { model, description } = this;
    const { vocabulary } = description.target;
    return {
      run: (ids) => ({
        logits: model.ofAnyLength?.(ids as Tensor) ?? model.forward(ids as Tensor),
      }),
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      ...(model.length !== undefined && { samples: { length: lengthsBelow(model.length) } }),
      outputs: { logits: ["batch", "length", vocabulary] },
      metadata: {
        ...{ paper: description.paper, task: description.task },
        input: "token ids of tokenizer.json; the logits at a place are of the token after it",
      },
    };
  }

  /** Measures how well a text is foretold, window by window; each window is read from its own start. */
  async evaluate({ tokens, bytes }: TokenStream): Promise<LanguageEvaluation> {
    const context = Math.min(this.description.target.context, tokens.length - 1);
    if (context < 1) throw new QuireError("a text of one token leaves nothing to foretell.");
    const starts: number[] = [];
    for (let at = 0; at < tokens.length - 1; at += context) starts.push(at);
    const rows = Math.max(1, Math.min(starts.length, Math.floor(TOKENS_A_BATCH / context)));
    const windows: { sum: number; count: number }[] = [];
    for (let first = 0; first < starts.length; first += rows) {
      const places = starts.slice(first, first + rows);
      // The last batch is filled up, so that one model is compiled.
      const filled = Array.from({ length: rows }, (_, row) => places[row] ?? 0);
      const { ids, next } = batchAt(tokens, filled, context);
      const losses = (await this.#losses(ids, next)).data as Float32Array;
      places.forEach((place, row) => {
        const count = Math.min(context, tokens.length - 1 - place);
        const own = losses.subarray(row * context, row * context + count);
        windows.push({ count, sum: own.reduce((sum, loss) => sum + loss, 0) });
      });
    }
    const sum = windows.reduce((total, window) => total + window.sum, 0);
    const loss = sum / (tokens.length - 1);
    return {
      loss,
      perplexity: Math.exp(loss),
      bitsPerByte: sum / Math.LN2 / bytes,
      tokens: tokens.length - 1,
      windows: windows.map(({ sum: total, count }) => total / count),
    };
  }

  /**
   * Writes on from a prompt, and gives the text as it comes; characters of several tokens come whole.
   *
   * @throws QuireError when the prompt is empty and the tokenizer has no token that starts a text.
   */
  async *continue(prompt: string, options: ContinueOptions): AsyncGenerator<TextPiece, void> {
    const {
      tokens: most,
      sampling = { temperature: 0 },
      seed = 0,
      signal,
      canEnd = true,
    } = options;
    const end = this.tokenizer.idOf(END_OF_TEXT);
    const stop = canEnd && end !== undefined ? { stop: { tokens: [end] } } : {};
    const given = this.#prompt(prompt, end);
    let tokens = 0;
    let before = given.slice(-BEFORE);
    let pending: number[] = [];
    for await (const { token, reason } of this.#generator.stream([given], {
      ...{ tokens: most, sampling, seed, ...stop },
      ...(signal && { signal }),
    })) {
      tokens += 1;
      pending.push(token);
      const start = this.tokenizer.decode(before).length;
      const text = this.tokenizer.decode([...before, ...pending]).slice(start);
      const isWhole = reason !== undefined || !text.endsWith(INCOMPLETE);
      if (isWhole) {
        before = [...before, ...pending].slice(-BEFORE);
        pending = [];
      }
      yield { text: isWhole ? text : "", tokens, ...(reason && { reason }) };
    }
  }

  #prompt(prompt: string, end: number | undefined): number[] {
    const ids = Array.from(this.tokenizer.encode(prompt, { special: false }));
    if (ids.length > 0) return ids;
    if (end !== undefined) return [end];
    throw new QuireError(
      "there is nothing to go on from: give a prompt of at least one character.",
    );
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await Promise.all([this.#losses.release(), this.#generator.release()]);
  }
}
