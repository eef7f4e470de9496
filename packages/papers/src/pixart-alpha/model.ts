// B batch, C channels of pictures, Z channels of latents, H rows, W columns, L caption tokens, K width of caption states

import { ImageAutoencoder, inference, type Mode, Module, T5Encoder } from "@quire/nn";
import {
  constant,
  expand,
  greaterEqual,
  hostTensor,
  QuireError,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { Diffusion } from "@quire/train";
import type {
  EncodedCaptions,
  PicturePrior,
  TextToImageNetwork,
  TextToImageTarget,
} from "../tasks/text-to-image-target.ts";
import type { ModulationKind } from "./block.ts";
import { reparameterize } from "./reparameterize.ts";
import {
  type Conditions,
  DiffusionTransformer,
  type DiffusionTransformerOptions,
} from "./transformer.ts";

/** What a PixArt-α is made of. */
export interface PixArtOptions {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Side of a patch of the latents, or of pixels where there are none. */
  readonly patch: number;
  /** How time changes what blocks do. */
  readonly modulation: ModulationKind;
  /** A text encoder of its own, trained with all else; or states of one that stays outside. */
  readonly text: TextOptions;
  /** What the diffusion runs over. */
  readonly latents: LatentOptions;
  readonly variant?: PixArtVariant;
}

/** Where captions' states come from. */
export type TextOptions =
  | { readonly width: number; readonly depth: number; readonly heads: number }
  /** Width of the states that are given, such as T5-XXL's 4096. */
  | { readonly given: number };

/** What the diffusion runs over: pixels, latents of an autoencoder that is trained here, or such as are given. */
export type LatentOptions =
  | "pixels"
  | { readonly channels: number; readonly widths: readonly number[]; readonly depth?: number }
  | { readonly given: number; readonly factor: number };

/** What is seldom changed. */
export interface PixArtVariant {
  /** Width of the feed-forward networks as a multiple; 4 unless said. */
  readonly ratio?: number;
  /** Side of the grid that positions count on, and what they are divided by; the target's own, and 1, unless said. */
  readonly base?: number;
  readonly scale?: number;
  /** Whether the picture's size and aspect are told; false unless said. */
  readonly micro?: boolean;
  /** Share of captions left out in training; 0.1 unless said. */
  readonly captionDropout?: number;
  /** Whether what stands for no caption is learned; `"learned"` unless said. */
  readonly nothing?: "learned" | "fixed";
  readonly stochasticDepth?: number;
  /** Whether variances are foretold too; true unless said. */
  readonly variances?: boolean;
}

/** The time at which a prior's modulation is kept exactly (section 2.3). */
export const KEPT_TIME = 500;

/** Pictures' own sizes where the system works on latents. */
interface LatentSizes {
  readonly channels: number;
  readonly factor: number;
}

/** PixArt-α: a text encoder, an autoencoder and a diffusion transformer between them. */
export class PixArt extends Module implements TextToImageNetwork {
  readonly transformer: DiffusionTransformer;
  readonly text: T5Encoder | undefined;
  readonly autoencoder: ImageAutoencoder | undefined;
  readonly latentMean: Variable | undefined;
  readonly latentDeviation: Variable | undefined;
  readonly diffusion: Diffusion;
  readonly values: readonly [channels: number, height: number, width: number];
  readonly stateWidth: number | undefined;
  readonly isWhole: boolean;
  /** The pictures' size in pixels. */
  readonly picture: Pick<TextToImageTarget, "height" | "width">;

  constructor(options: PixArtOptions, target: TextToImageTarget) {
    super();
    const { text, latents } = options;
    this.isWhole = !("given" in text) && (latents === "pixels" || "widths" in latents);
    const sizes = latentSizes(latents, target);
    checkSizes(options, target, sizes);
    const { channels, factor } = sizes;
    this.values = [channels, target.height / factor, target.width / factor];
    this.picture = { height: target.height, width: target.width };
    this.stateWidth = "given" in text ? text.given : undefined;
    this.transformer = new DiffusionTransformer(transformerOptions(options, target, sizes));
    this.diffusion = new Diffusion({
      variance: (options.variant?.variances ?? true) ? "learned" : "small",
    });
    if (!("given" in text)) {
      const feedForward = 4 * text.width;
      this.text = new T5Encoder({ ...text, vocabulary: target.vocabulary, feedForward });
    }
    if (latents !== "pixels" && "widths" in latents) {
      const { widths, depth = 1 } = latents;
      const shape = { channels: target.channels, latents: channels, widths, depth };
      this.autoencoder = new ImageAutoencoder(shape);
      this.latentMean = new Variable([channels], { trainable: false });
      this.latentDeviation = new Variable([channels], { trainable: false, initial: 1 });
    }
  }

  /** States of captions. `[B, L] -> [B, L, K]` */
  captions(ids: Tensor, mask: Tensor, mode: Mode = inference): EncodedCaptions {
    if (!this.text) {
      throw new QuireError(
        "PixArt: this size takes states of a text encoder that is not part of it; choose the preset small.",
      );
    }
    return { states: this.text.forward(ids, mask, mode), mask };
  }

  /** What it says of noised values. `[B, Z, H, W] -> [B, Z or 2 Z, H, W]` */
  denoise(
    noised: Tensor,
    given: Parameters<TextToImageNetwork["denoise"]>[1],
    mode: Mode = inference,
  ): Tensor {
    return this.transformer.forward(noised, { ...given, ...this.#micro(noised) }, mode);
  }

  /** What is told of the picture beside its caption, where that is told: all pictures have one size here. */
  #micro(noised: Tensor): Pick<Conditions, "micro"> {
    if (!this.transformer.size) return {};
    const batch = noised.shape[0] as number;
    const { height, width } = this.picture;
    const of = (numbers: readonly number[]): Tensor =>
      expand(constant(hostTensor(Float32Array.from(numbers), [1, numbers.length])), [
        batch,
        numbers.length,
      ]);
    return { micro: { size: of([height, width]), aspect: of([height / width]) } };
  }

  /** Training of pixels first: a transformer whose blocks have each their own adaLN, as DiT's (section 2.2). */
  prior(): PicturePrior | undefined {
    const { options, size } = this.transformer;
    /// Only adaLN-single can take one over; sizes and aspect come in with the last stage.
    if (options.modulation !== "single" || size) return undefined;
    const model = new DiffusionTransformer({
      ...{ ...options, modulation: "block" },
      condition: { kind: "classes", count: 0, dropout: 0 },
    });
    return {
      model,
      denoise: (noised, times, mode) => model.forward(noised, { times }, mode),
      takeOver: () => reparameterize(model, this.transformer, KEPT_TIME),
    };
  }

  /** One step back from noise, text encoder and all. `[B, Z, H, W] -> [B, Z or 2 Z, H, W]` */
  forward(noised: Tensor, times: Tensor, told: Tensor): Tensor {
    const captions = this.text ? this.captions(told, greaterEqual(told, 0)) : { states: told };
    return this.denoise(noised, { times, captions });
  }
}

/**
 * Makes a PixArt-α.
 *
 * @throws QuireError when the target does not divide into latents and patches.
 */
export function build(options: PixArtOptions, target: TextToImageTarget): PixArt {
  return new PixArt(options, target);
}

function latentSizes(latents: LatentOptions, { channels }: TextToImageTarget): LatentSizes {
  if (latents === "pixels") return { channels, factor: 1 };
  if ("given" in latents) return { channels: latents.given, factor: latents.factor };
  return { channels: latents.channels, factor: 2 ** (latents.widths.length - 1) };
}

function transformerOptions(
  options: PixArtOptions,
  target: TextToImageTarget,
  { channels, factor }: LatentSizes,
): DiffusionTransformerOptions {
  const { width, depth, heads, patch, modulation, text, variant = {} } = options;
  const side = Math.floor(Math.max(target.height, target.width) / factor / patch);
  return {
    ...{ width, depth, heads, modulation, ratio: variant.ratio ?? 4 },
    condition: {
      kind: "captions",
      width: "given" in text ? text.given : text.width,
      length: target.length,
      dropout: variant.captionDropout ?? 0.1,
      nothing: variant.nothing ?? "learned",
      micro: variant.micro ?? false,
    },
    images: {
      ...{ channels, patch, out: (variant.variances ?? true) ? 2 * channels : channels },
      ...{ base: variant.base ?? side, scale: variant.scale ?? 1 },
    },
    stochasticDepth: variant.stochasticDepth ?? 0,
  };
}

function checkSizes(
  { patch, width, heads }: PixArtOptions,
  { height, width: across }: TextToImageTarget,
  { factor }: LatentSizes,
): void {
  const step = patch * factor;
  if (height % step !== 0 || across % step !== 0) {
    throw new QuireError(
      `pictures of ${height} x ${across} pixels do not divide into patches of ${step}: pass a --size that is a multiple of ${step}.`,
    );
  }
  if (width % heads !== 0 || width % 4 !== 0) {
    throw new QuireError(
      `a width of ${width} does not divide into ${heads} heads and into quarters for positions: pass another --width or --heads.`,
    );
  }
}
