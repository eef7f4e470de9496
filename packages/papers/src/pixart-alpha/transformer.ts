// B batch, C channels, H rows, W columns, P side of a patch, N places, L caption tokens, D width, K width of a caption's states

import {
  adaptiveNorm,
  Embedding,
  gridPositions,
  inference,
  Linear,
  linearRates,
  type Mode,
  Modulation,
  ModulationTable,
  Module,
  modulationParts,
  normal,
  PatchEmbedding,
  ScalarEmbedding,
  xavierUniform,
} from "@quire/nn";
import {
  add,
  concat,
  full,
  geluTanh,
  type Initializer,
  logicalOr,
  QuireError,
  randomBernoulli,
  reshape,
  type Tensor,
  transpose,
  Variable,
  where,
} from "@quire/tensor";
import { type CaptionStates, DiffusionBlock, type ModulationKind, vectorsOf } from "./block.ts";

/** What a diffusion transformer is made of. */
export interface DiffusionTransformerOptions {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the feed-forward networks as a multiple of the width. */
  readonly ratio: number;
  readonly modulation: ModulationKind;
  /** What is drawn is told by captions, or by a class as in DiT (Peebles and Xie 2023). */
  readonly condition: CaptionCondition | ClassCondition;
  readonly images: PatchedImages;
  /** Share of the examples that skip the last block's branches in training. */
  readonly stochasticDepth: number;
}

/** Captions as a condition. */
export interface CaptionCondition {
  readonly kind: "captions";
  /** Width of the text encoder's states. */
  readonly width: number;
  /** The most tokens. */
  readonly length: number;
  /** Share of the captions that training leaves out. */
  readonly dropout: number;
  /** Whether what stands for no caption is learned, or stays as it was drawn, as in the official code. */
  readonly nothing: "learned" | "fixed";
  /** Whether the picture's size and aspect are told too, as at 1024 pixels. */
  readonly micro: boolean;
}

/** Classes as a condition. */
export interface ClassCondition {
  readonly kind: "classes";
  readonly count: number;
  readonly dropout: number;
}

/** What the transformer takes and gives, and how that is cut into patches. */
export interface PatchedImages {
  readonly channels: number;
  /** Channels of what it foretells: twice as many where variances are learned. */
  readonly out: number;
  readonly patch: number;
  /** Side of the grid of patches that positions count on. */
  readonly base: number;
  /** What positions are divided by. */
  readonly scale: number;
}

/** What one call is given beside the noised values. */
export interface Conditions {
  /** Times, which may be fractions, float32 `[B]`. */
  readonly times: Tensor;
  /** States of a text encoder, `[B, L, K]`, and which tokens are none of padding, bool `[B, L]`. */
  readonly captions?: { readonly states: Tensor; readonly mask?: Tensor };
  /** int32 `[B]`; the last one of the table is none. */
  readonly classes?: Tensor;
  /** Which examples are drawn without their condition, bool `[B]`; those that training leaves out come on top. */
  readonly without?: Tensor;
  /** Height and width in pixels `[B, 2]`, and their ratio `[B, 1]`. */
  readonly micro?: { readonly size: Tensor; readonly aspect: Tensor };
}

/** As a patch's pixels were one row of inputs. */
const patchInitial: Initializer = (data, [out = 1, ...rest], random) => {
  xavierUniform(data, [out, rest.reduce((product, size) => product * size, 1)], random);
};

/** The transformer of PixArt-α, of DiT, and of what stands between them. `[B, C, H, W] -> [B, C', H, W]` */
export class DiffusionTransformer extends Module {
  readonly patches: PatchEmbedding;
  readonly time: ScalarEmbedding | undefined;
  readonly size: ScalarEmbedding | undefined;
  readonly aspect: ScalarEmbedding | undefined;
  /** What all blocks share in adaLN-single. */
  readonly shared: Modulation | undefined;
  readonly captionIn: Linear | undefined;
  readonly captionOut: Linear | undefined;
  /** What stands for no caption, `[L, K]`. */
  readonly nothing: Variable | undefined;
  readonly classes: Embedding | undefined;
  readonly blocks: readonly DiffusionBlock[];
  readonly last: Modulation | ModulationTable;
  readonly head: Linear;
  readonly options: DiffusionTransformerOptions;

  constructor(options: DiffusionTransformerOptions) {
    super();
    const { width, depth, modulation, condition, images, stochasticDepth, ...rest } = options;
    const filled = { initial: patchInitial };
    const { channels, patch } = images;
    this.patches = new PatchEmbedding({ in: channels, width, patch, ...filled });
    if (modulation !== "none") this.time = new ScalarEmbedding({ width });
    const small = { initial: normal(0.02) };
    if (modulation === "single") this.shared = new Modulation({ width, parts: 6, ...small });
    if (condition.kind === "captions") {
      const { width: from, length } = condition;
      this.captionIn = new Linear({ in: from, out: width, ...small });
      this.captionOut = new Linear({ in: width, out: width, ...small });
      this.nothing = new Variable([length, from], {
        initial: normal(1 / Math.sqrt(from)),
        trainable: condition.nothing === "learned",
      });
      if (condition.micro && modulation !== "none") {
        checkMicro(width);
        this.size = new ScalarEmbedding({ width: width / 3 });
        this.aspect = new ScalarEmbedding({ width: width / 3 });
      }
    } else if (modulation !== "none") {
      this.classes = new Embedding({ count: condition.count + 1, width, ...small });
    }
    const captions = condition.kind === "captions";
    this.blocks = linearRates(depth, stochasticDepth).map(
      (rate) => new DiffusionBlock({ ...rest, width, modulation, captions, stochasticDepth: rate }),
    );
    const two = { width, parts: 2 };
    this.last = modulation === "block" ? new Modulation(two) : new ModulationTable(two);
    const out = patch * patch * images.out;
    this.head = new Linear({ in: width, out, initial: (data) => void data.fill(0) });
    this.options = options;
  }

  /** What the network says of noised values. `[B, C, H, W] -> [B, C', H, W]` */
  forward(noised: Tensor, conditions: Conditions, mode: Mode = inference): Tensor {
    const { patch, base, scale } = this.options.images;
    const [, , height = 0, width = 0] = noised.shape as number[];
    const [rows, columns] = [height / patch, width / patch];
    checkGrid(rows, columns, this.options.images, noised);
    /// section 2.4 and appendix: positions of other resolutions are stretched to the first one's.
    const places = gridPositions({ rows, columns, width: this.options.width, base, scale });
    let x = add(this.patches.forward(noised), places);
    const without = this.#without(conditions, noised.shape[0] as number, mode);
    const time = this.#time(conditions, without);
    /// S̄ = f(t), once for all blocks (section 2.3); without it each block's own layer takes the condition.
    const signal = this.shared && time ? this.shared.forward(time) : time;
    const captions = this.#captions(conditions, without);
    for (const block of this.blocks) x = block.forward(x, signal, captions, mode);
    const [shift, stretch] = modulationParts(this.#lastVectors(time), 2) as [Tensor, Tensor];
    const said = this.head.forward(adaptiveNorm(x, { shift, scale: stretch }));
    return this.#whole(said, rows, columns);
  }

  /** What blocks are told at times, without any class or size. `[B] -> [B, D]` */
  condition(times: Tensor): Tensor | undefined {
    return this.#time({ times }, undefined);
  }

  /** The time's vector with what else is told as one: sizes, or a class. `-> [B, D]` */
  #time({ times, classes, micro }: Conditions, without: Tensor | undefined): Tensor | undefined {
    if (!this.time) return undefined;
    const time = this.time.forward(times);
    if (this.size && this.aspect) {
      if (!micro) throw new QuireError("DiffusionTransformer: its micro-conditions are missing.");
      const told = [this.size.forward(micro.size), this.aspect.forward(micro.aspect)];
      return add(time, concat(told, 1));
    }
    if (!this.classes) return time;
    const batch = times.shape[0] as number;
    const none = full([batch], (this.classes.weight.shape[0] as number) - 1, "int32");
    const told = classes && without ? where(without, none, classes) : (classes ?? none);
    return add(time, this.classes.forward(told));
  }

  /** The vectors of the last norm: in adaLN-single, those of its table and the time's itself. `-> [B, 2 D]` */
  #lastVectors(time: Tensor | undefined): Tensor {
    const twice = this.shared && time ? concat([time, time], 1) : time;
    return vectorsOf(this.last, twice);
  }

  /** Which examples lose their condition: those asked for, and in training some at random. */
  #without({ without }: Conditions, batch: number, mode: Mode): Tensor | undefined {
    const { dropout } = this.options.condition;
    if (!mode.training || !mode.random || dropout === 0) return without;
    const dropped = randomBernoulli(mode.random.next(), dropout, [batch]);
    return without ? logicalOr(without, dropped) : dropped;
  }

  /** Captions in the transformer's width. `[B, L, K] -> [B, L, D]` */
  #captions({ captions }: Conditions, without: Tensor | undefined): CaptionStates | undefined {
    const { captionIn, captionOut, nothing } = this;
    if (!captionIn || !captionOut || !nothing) return undefined;
    if (!captions) throw new QuireError("DiffusionTransformer: the captions are missing.");
    const { states, mask } = captions;
    const [batch, length] = states.shape as [number, number];
    const chosen = without
      ? where(reshape(without, [batch, 1, 1]), nothing.tensor, states)
      : states;
    const inner = captionOut.forward(geluTanh(captionIn.forward(chosen)));
    return { states: inner, ...(mask && { mask: reshape(mask, [batch, 1, 1, length]) }) };
  }

  /** Patches as an image again. `[B, N, P² C'] -> [B, C', H, W]` */
  #whole(x: Tensor, rows: number, columns: number): Tensor {
    const { patch, out } = this.options.images;
    const batch = x.shape[0] as number;
    const apart = reshape(x, [batch, rows, columns, patch, patch, out]);
    const placed = transpose(apart, [0, 5, 1, 3, 2, 4]);
    return reshape(placed, [batch, out, rows * patch, columns * patch]);
  }
}

function checkMicro(width: number): void {
  if (width % 3 === 0) return;
  throw new QuireError(
    `DiffusionTransformer: sizes and aspect each take a third of the width, got ${width}; choose a multiple of 3.`,
  );
}

function checkGrid(
  rows: number,
  columns: number,
  { patch }: PatchedImages,
  { shape }: Tensor,
): void {
  if (Number.isInteger(rows) && Number.isInteger(columns)) return;
  throw new QuireError(
    `DiffusionTransformer: [${shape.join(", ")}] does not divide into patches of ${patch}; choose another patch or size.`,
  );
}
