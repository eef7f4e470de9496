import type { PointScheme } from "@quire/data";
import type { Mode, Module, ReadingInputs } from "@quire/nn";
import type { Tensor, Variable } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What a drawer of icons reads and writes. */
export interface IconTarget {
  /** How many different words there are, the one that fills captions up among them. */
  readonly words: number;
  /** Words of a caption, filled up. */
  readonly captionLength: number;
  /** Places in each direction. */
  readonly grid: number;
  readonly scheme: PointScheme;
  /** The most tokens of an icon, those of a cut-out span's marks among them. */
  readonly length: number;
}

/** How a paper trains a drawer of icons. */
export type IconRecipe = Recipe;

/** A paper whose system draws icons. */
export type IconPaper<Options = object> = Paper<Options, IconTarget, IconRecipe> & {
  readonly task: "icon";
};

/** What a drawer is given beside ids. */
export interface IconInputs extends ReadingInputs {
  /** Vectors of further ids, which follow that of the start: words between words. `[K, D]` */
  readonly between?: Tensor;
}

/**
 * A model that writes an icon's tokens after its caption. Ids are the icon's tokens, then the words, then the start,
 * with which every row begins; a caption fills its length.
 */
export interface IconNetwork extends Module {
  /** The most ids it reads: the start, a caption, and all tokens of an icon but the last. */
  readonly length: number;
  /** The vectors of words, `[words, D]`. */
  readonly wordVectors: Variable;
  /**
   * Logits of the token after each id, or, going on from a reading, of the one after each row's last.
   * `[B, T] -> [B, T, V]`, or `[B, 1, V]`
   */
  forward(ids: Tensor, mode?: Mode, inputs?: IconInputs): Tensor;
  /** The loss of captions and icons, a scalar: of ids `[B, T]`, words `[B, C]` and tokens `[B, T - C]`, -1 where none counts. */
  loss(batch: IconLabels, mode: Mode): Tensor;
}

/** Ids of captions and icons, and what follows each of them. */
export interface IconLabels {
  /** int32 `[B, T]` */
  readonly ids: Tensor;
  /** The words of captions, int32 `[B, C]`. */
  readonly words: Tensor;
  /** Tokens after the caption, int32 `[B, T - C]`; -1 where none counts. */
  readonly tokens: Tensor;
}

/** Makes a drawer of icons. */
export type BuildIconNetwork<Options> = Build<Options, IconTarget, IconNetwork>;

/** What is known of a trained drawer of icons. */
export interface IconModelDescription<Options = object>
  extends ModelDescription<Options, IconTarget> {
  readonly task: "icon";
  /** All words by their ids, the one that fills captions up first. */
  readonly words: readonly string[];
  /** How wide lines are, in steps of the grid, where icons are of lines. */
  readonly stroke?: number;
}
