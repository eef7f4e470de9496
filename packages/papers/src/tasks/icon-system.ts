// B rows, C words of a caption, D width, L tokens of an icon, T = C + L ids

import { type GridIcon, grammarTokens, IconCoding, iconMarks } from "@quire/data";
import {
  type Compiled,
  type CompileOptions,
  compile,
  QuireError,
  slice,
  type Tensor,
} from "@quire/tensor";
import { crossEntropy, Generator, type Sampling } from "@quire/train";
import type { ExportedFunction, System } from "../system.ts";
import { batchOf, type IconShape } from "./icon-batches.ts";
import { BetweenWords } from "./icon-between.ts";
import { type CaptionCoding, captionIds } from "./icon-captions.ts";
import { type IconExample, putBack } from "./icon-data.ts";
import type { IconModelDescription, IconNetwork } from "./icon-target.ts";

/** An icon that is begun, with what it shows. */
export interface BegunIcon {
  readonly caption: readonly string[];
  /** Its first tokens. */
  readonly begun: readonly number[];
}

/** An icon of which a span is to be filled in. */
export interface IconCut {
  readonly caption: readonly string[];
  /** Tokens before the span. */
  readonly before: readonly number[];
  /** Tokens after it, the one that ends the icon last. */
  readonly after: readonly number[];
}

/** How icons are drawn. */
export interface IconDrawOptions {
  /** How tokens are drawn; from the likeliest that make up half, as in the paper, unless said. */
  readonly sampling?: Sampling;
  readonly seed?: number;
  /** Whether only tokens are drawn that keep the icon well formed; false unless said. */
  readonly wellFormed?: boolean;
  readonly signal?: AbortSignal;
}

/** What was drawn. */
export interface DrawnIcon {
  readonly icon: GridIcon;
  /** The icon's tokens, the one that ends it last where it was reached. */
  readonly tokens: readonly number[];
  /** What is wrong with them, as a phrase; nothing unless said. */
  readonly problem?: string;
}

/** How well icons are foretold. */
export interface IconEvaluation {
  /** Mean of minus the logarithm of each token's probability. */
  readonly tokenLoss: number;
  /** The same summed over an icon, the mean of all: it compares ways to write points. */
  readonly iconLoss: number;
  /** The sum of each icon. */
  readonly losses: readonly number[];
  /** Tokens of each icon. */
  readonly counts: readonly number[];
}

/** Icons that are measured at once. */
const BATCH = 32;
/** The paper draws from the likeliest tokens that make up half. */
const SAMPLING: Sampling = { topP: 0.5 };

/** A drawer of icons with its words: it draws after captions, fills in what was cut out, and goes on. */
export class IconDrawer implements System<IconModelDescription> {
  readonly model: IconNetwork;
  readonly description: IconModelDescription;
  readonly coding: IconCoding;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #losses: Compiled<[Tensor, Tensor], Tensor>;
  readonly #generator: Generator;
  readonly #between: BetweenWords;
  readonly #betweenGenerator: Generator;

  constructor(model: IconNetwork, description: IconModelDescription, options: CompileOptions = {}) {
    this.model = model;
    this.description = description;
    this.coding = new IconCoding(description.target);
    this.#ids = new Map(description.words.map((word, id) => [word, id]));
    const { captionLength } = description.target;
    this.#losses = compile(
      (ids: Tensor, tokens: Tensor) => {
        const logits = slice(model.forward(ids), [captionLength], [ids.shape[1] as number], {
          axes: [1],
        });
        return crossEntropy(logits, tokens, { reduction: "none", ignoreIndex: -1 });
      },
      { name: "measure", ...options },
    );
    this.#generator = new Generator(model, options);
    this.#between = new BetweenWords(model, captionLength);
    this.#betweenGenerator = new Generator(this.#between);
  }

  /** How captions become ids. */
  get captions(): CaptionCoding {
    const { words, target } = this.description;
    return { words, captionLength: target.captionLength };
  }

  /** What of the data its batches depend on. */
  get shape(): IconShape {
    const { words, target } = this.description;
    const { grid, scheme, length, captionLength } = target;
    return { words, grid, scheme, length, captionLength };
  }

  /** A file of the model takes rows of a start, a caption and as many of an icon's tokens as there are. */
  get exported(): ExportedFunction {
    const { model, description, coding } = this;
    const { captionLength, grid, scheme } = description.target;
    const start = coding.size + description.words.length;
    return {
      run: (ids) => ({ logits: model.forward(ids as Tensor) }),
      inputs: { ids: { shape: ["batch", "length"], dtype: "int32" } },
      samples: { length: [model.length - 3, model.length - 2, model.length - 1] },
      outputs: { logits: ["batch", "length", coding.size] },
      metadata: {
        ...{ paper: description.paper, task: description.task },
        words: JSON.stringify(description.words),
        ...{ grid: String(grid), scheme, captionLength: String(captionLength) },
        input: `the start ${start}, ids ${coding.size} + place of ${captionLength} words, then tokens of an icon; the logits at a place are of the token after it`,
      },
    };
  }

  /** Measures how well icons are foretold after their names. */
  async evaluate(examples: readonly IconExample[]): Promise<IconEvaluation> {
    const [losses, counts]: [number[], number[]] = [[], []];
    const { length } = this.description.target;
    for (let first = 0; first < examples.length; first += BATCH) {
      const own = examples.slice(first, first + BATCH);
      // The last batch is filled up, so that one model is compiled.
      const rows = Array.from({ length: Math.min(BATCH, examples.length) }, (_, row) => {
        const { captions, tokens } = (own[row] ?? own[0]) as IconExample;
        return [captions[0] as Int32Array, tokens] as const;
      });
      const { ids, tokens } = batchOf(rows, this.shape);
      const found = (await this.#losses(ids, tokens)).data as Float32Array;
      for (const [row, example] of own.entries()) {
        const part = found.subarray(row * length, row * length + example.tokens.length);
        losses.push(part.reduce((sum, loss) => sum + loss, 0));
        counts.push(example.tokens.length);
      }
    }
    const total = losses.reduce((sum, loss) => sum + loss, 0);
    return {
      tokenLoss: total / counts.reduce((sum, count) => sum + count, 0),
      iconLoss: total / examples.length,
      ...{ losses, counts },
    };
  }

  /** Draws an icon after each caption. */
  async draw(
    captions: readonly (readonly string[])[],
    options: IconDrawOptions = {},
  ): Promise<DrawnIcon[]> {
    return await this.goOn(
      captions.map((caption) => ({ caption, begun: [] })),
      options,
    );
  }

  /**
   * Goes on with icons that are begun, each after its caption.
   *
   * @throws QuireError when what one begins with leaves no room.
   */
  async goOn(icons: readonly BegunIcon[], options: IconDrawOptions = {}): Promise<DrawnIcon[]> {
    const prompts = icons.map(({ caption, begun }) =>
      this.#prompt(this.#captionIds(caption), begun),
    );
    const found = await this.#write(prompts, options, iconMarks.end);
    return found.map((tokens, row) => this.#read([...(icons[row] as BegunIcon).begun, ...tokens]));
  }

  /**
   * Fills in what was cut out of icons, each between two stretches of its tokens, the second of which ends it.
   *
   * @throws QuireError when they leave no room.
   */
  async fill(cuts: readonly IconCut[], options: IconDrawOptions = {}): Promise<DrawnIcon[]> {
    const { mask, endOfMask } = iconMarks;
    const begun = cuts.map(({ before, after }) => [...before, mask, ...after, mask]);
    const prompts = cuts.map(({ caption }, row) =>
      this.#prompt(this.#captionIds(caption), begun[row] as number[]),
    );
    const found = await this.#write(prompts, options, endOfMask);
    return found.map((tokens, row) =>
      this.#read(putBack([...(begun[row] as number[]), ...tokens])),
    );
  }

  /** Draws icons on the way from one caption to another: their words' vectors are mixed, place by place. */
  async between(
    [from, to]: readonly [readonly string[], readonly string[]],
    steps: number,
    options: IconDrawOptions = {},
  ): Promise<DrawnIcon[]> {
    const ends = [from, to].map((caption) => this.#captionIds(caption)) as [Int32Array, Int32Array];
    const shares = Array.from({ length: steps }, (_, i) => (steps > 1 ? i / (steps - 1) : 0.5));
    await this.#between.mix(ends, shares);
    const first = this.coding.size + this.description.words.length + 1;
    const { captionLength } = this.description.target;
    const prompts = shares.map((_, step) => {
      const words = Array.from(
        { length: captionLength },
        (__, i) => first + step * captionLength + i,
      );
      return [first - 1, ...words];
    });
    const found = await this.#write(prompts, options, iconMarks.end, this.#betweenGenerator);
    return found.map((tokens) => this.#read(tokens));
  }

  #captionIds(caption: readonly string[]): Int32Array {
    return captionIds(this.captions, caption, this.#ids);
  }

  #prompt(caption: Int32Array, begun: readonly number[]): number[] {
    const { size } = this.coding;
    const start = size + this.description.words.length;
    return [start, ...Array.from(caption, (word) => size + word), ...begun];
  }

  /** What follows each prompt; prompts of one length are written on together, so that each has all the room it can. */
  async #write(
    prompts: readonly (readonly number[])[],
    options: IconDrawOptions,
    ending: number,
    generator = this.#generator,
  ): Promise<(readonly number[])[]> {
    const found = new Map<number, readonly number[]>();
    for (const length of new Set(prompts.map((prompt) => prompt.length))) {
      const rows = [...prompts.keys()].filter((row) => prompts[row]?.length === length);
      const { seed = 0 } = options;
      // Texts of another group have draws of their own.
      const own = { ...options, seed: (seed + (rows[0] as number)) % 2 ** 32 };
      const group = rows.map((row) => prompts[row] as readonly number[]);
      const written = await this.#writeGroup(group, own, ending, generator);
      for (const [i, row] of rows.entries()) found.set(row, written[i] as readonly number[]);
    }
    return prompts.map((_, row) => found.get(row) as readonly number[]);
  }

  async #writeGroup(
    prompts: readonly (readonly number[])[],
    { sampling = SAMPLING, seed = 0, wellFormed = false, signal }: IconDrawOptions,
    ending: number,
    generator: Generator,
  ): Promise<(readonly number[])[]> {
    const { target, stroke } = this.description;
    const begun = (prompts[0] as readonly number[]).length - 1 - target.captionLength;
    const room = target.length - 1 - begun;
    if (room < 1) {
      throw new QuireError(
        `${begun} tokens leave nothing to draw of the ${target.length} that the model reads: begin with less.`,
      );
    }
    // What a span is filled with is well formed by itself; an icon that goes on is so from its beginning.
    const isSpan = ending !== iconMarks.end;
    const from = 1 + target.captionLength + (isSpan ? begun : 0);
    const grammar = {
      ...{ ending, isStroked: stroke !== undefined },
      room: isSpan ? room : target.length - 1,
    };
    const found = await generator.generate(prompts, {
      ...{ tokens: room, sampling, seed, stop: { tokens: [ending] } },
      ...(signal && { signal }),
      ...(wellFormed && {
        filter: (ids) => grammarTokens(this.coding, ids.slice(from), grammar),
      }),
    });
    return found.map(({ tokens }) => tokens);
  }

  #read(tokens: readonly number[]): DrawnIcon {
    const end = tokens.indexOf(iconMarks.end);
    const own = end < 0 ? tokens : tokens.slice(0, end + 1);
    return { tokens: own, ...this.coding.read(own, this.description.stroke) };
  }

  /** Gives back the memory of what it compiled. */
  async release(): Promise<void> {
    await Promise.all([
      this.#losses.release(),
      this.#generator.release(),
      this.#betweenGenerator.release(),
    ]);
  }
}
