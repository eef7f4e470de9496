import { type CompileOptions, Quantizer, QuireError, Random } from "@quire/tensor";
import { searchBeams } from "./beams.ts";
import { Decoder, type LanguageModel } from "./decoder.ts";
import type { Generated, GenerateOptions, Prompts, Reason, TokenEvent } from "./options.ts";
import { drawing } from "./sampling.ts";
import { type Ends, endings } from "./stop.ts";

/** Memories are a multiple of this long, so that texts of about one length share a compiled model. */
const LENGTH_STEP = 64;

/**
 * Generates texts with a language model. What it compiles, and the memory for what the model reads, are kept
 * from call to call. With a quantization (`frozen()` is the fastest that rounds nothing) the model's weights must
 * stay as they are; after training make another generator.
 */
export class Generator {
  readonly #model: LanguageModel;
  readonly #options: CompileOptions;
  /** Decoders that no call uses, by their sizes. */
  readonly #idle = new Map<string, Decoder[]>();

  constructor(model: LanguageModel, options: CompileOptions = {}) {
    const { quantization } = options;
    this.#model = model;
    // One quantiser, so that what reads prompts and what goes on share their weights.
    this.#options =
      quantization === undefined || quantization instanceof Quantizer
        ? options
        : { ...options, quantization: new Quantizer(quantization) };
  }

  /**
   * Texts that follow prompts, which may be of different lengths.
   *
   * @throws QuireError when a prompt or an option is impossible.
   */
  async generate(prompts: Prompts, options: GenerateOptions): Promise<Generated[]> {
    const { beams } = options;
    if (beams) {
      const { width } = beams;
      if (!Number.isInteger(width) || width < 1) {
        throw new QuireError(
          `generate: beams.width must be a whole number from 1 up, got ${width}.`,
        );
      }
      return await this.#withDecoder(prompts, options, (decoder) =>
        searchBeams(decoder, prompts, { ...options, beams }),
      );
    }
    const found = prompts.map(() => ({ tokens: [] as number[], reason: "signal" as Reason }));
    for await (const { row, token, reason } of this.stream(prompts, options)) {
      const text = found[row] as (typeof found)[number];
      text.tokens.push(token);
      if (reason) text.reason = reason;
    }
    return found;
  }

  /**
   * New tokens as they come, one of each text in turn.
   *
   * @throws QuireError when a prompt or an option is impossible, or a search is asked for.
   */
  async *stream(prompts: Prompts, options: GenerateOptions): AsyncGenerator<TokenEvent, void> {
    if (options.beams) {
      throw new QuireError("stream: a search has no tokens before it ends; use generate.");
    }
    const [key, decoder] = this.#take(prompts, options);
    try {
      yield* tokensOf(decoder, prompts, options);
    } finally {
      this.#giveBack(key, decoder);
    }
  }

  /** Gives back the memory of everything that was compiled. */
  async release(): Promise<void> {
    const decoders = [...this.#idle.values()].flat();
    this.#idle.clear();
    await Promise.all(decoders.map((decoder) => decoder.release()));
  }

  async #withDecoder<R>(
    prompts: Prompts,
    options: GenerateOptions,
    task: (decoder: Decoder) => Promise<R>,
  ): Promise<R> {
    const [key, decoder] = this.#take(prompts, options);
    try {
      return await task(decoder);
    } finally {
      this.#giveBack(key, decoder);
    }
  }

  #take(prompts: Prompts, options: GenerateOptions): [key: string, decoder: Decoder] {
    checkPrompts(prompts, options, this.#model.length);
    const { window, beams, tokens } = options;
    const rows = prompts.length * (beams?.width ?? 1);
    const needed = Math.max(...prompts.map(({ length }) => length)) + tokens;
    const length = Math.min(
      Math.ceil(needed / LENGTH_STEP) * LENGTH_STEP,
      this.#model.length ?? Number.POSITIVE_INFINITY,
    );
    const key = [rows, length, window].join(" ");
    const size = { rows, length, ...(window === undefined ? {} : { window }) };
    const idle = this.#idle.get(key)?.pop();
    return [key, idle ?? new Decoder(this.#model, size, this.#options)];
  }

  #giveBack(key: string, decoder: Decoder): void {
    this.#idle.set(key, [...(this.#idle.get(key) ?? []), decoder]);
  }
}

/**
 * Texts that follow prompts, by a language model; what was compiled for them goes with the call.
 *
 * @throws QuireError when a prompt or an option is impossible.
 */
export async function generate(
  model: LanguageModel,
  prompts: Prompts,
  options: GenerateOptions,
): Promise<Generated[]> {
  const generator = new Generator(model);
  try {
    return await generator.generate(prompts, options);
  } finally {
    await generator.release();
  }
}

function checkPrompts(
  prompts: Prompts,
  { tokens }: GenerateOptions,
  most = Number.POSITIVE_INFINITY,
): void {
  if (!Number.isInteger(tokens) || tokens < 1) {
    throw new QuireError(`generate: tokens must be a whole number from 1 up, got ${tokens}.`);
  }
  const empty = prompts.findIndex(({ length }) => length === 0);
  if (prompts.length === 0 || empty >= 0) {
    const what = prompts.length === 0 ? "there are no prompts" : `prompt ${empty} is empty`;
    throw new QuireError(`generate: ${what}; begin with the token that starts a text.`);
  }
  const longest = Math.max(...prompts.map(({ length }) => length));
  if (longest + tokens > most) {
    throw new QuireError(
      `generate: a prompt of ${longest} tokens and ${tokens} new ones are more than the ${most} ` +
        "that the model reads; shorten one of them.",
    );
  }
}

/** Why a text ends with its last token, if it does. */
function reasonOf(added: readonly number[], ends: Ends, most: number): Reason | undefined {
  if (ends(added)) return "stop";
  return added.length === most ? "length" : undefined;
}

/** Draws tokens until every text has ended. */
async function* tokensOf(
  decoder: Decoder,
  prompts: Prompts,
  { sampling, filter, stop, seed = 0, tokens: most, signal }: GenerateOptions,
): AsyncGenerator<TokenEvent, void> {
  const draw = drawing(sampling, filter);
  const ends = endings(stop);
  const texts = prompts.map((prompt, row) => {
    return { row, text: [...prompt], added: [] as number[], random: new Random(seed).fork(row) };
  });
  let open = texts;
  let logits = await decoder.begin(prompts);
  while (!signal?.aborted) {
    const going: typeof texts = [];
    for (const one of open) {
      const token = draw(logits[one.row] as Float32Array, one.text, one.random);
      one.text.push(token);
      one.added.push(token);
      const reason = reasonOf(one.added, ends, most);
      if (!reason) going.push(one);
      yield { row: one.row, token, ...(reason && { reason }) };
    }
    open = going;
    if (open.length === 0) return;
    logits = await decoder.next(texts.map(({ text }) => text.at(-1) as number));
  }
}
