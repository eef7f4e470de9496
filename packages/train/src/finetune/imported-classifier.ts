// B batch, C channels, H height, W width, D features, K classes

import { type Layer, Linear, Module } from "@quire/nn";
import {
  cast,
  classifierHead,
  type ImportedModel,
  mean,
  QuireError,
  record,
  scoresOf,
  type Tensor,
  transpose,
  type Variable,
  variablesIn,
} from "@quire/tensor";
import { freeze } from "../model/freeze.ts";
import type { PictureInput } from "./picture-input.ts";

/** What an imported classifier is made of. */
export interface ImportedClassifierOptions {
  readonly input: PictureInput;
  /** Rows and columns of the pictures. */
  readonly height: number;
  readonly width: number;
  /** How many classes there are to be. */
  readonly classes: number;
  /** The output with scores or probabilities, `[B, K]`; the first one unless said. */
  readonly output?: string;
  /** The value that a new head stands on, `[B, D]` or with places; what the old head is given unless said. */
  readonly features?: string;
  /** Whether the head is new even where the old one has as many classes; false unless said. */
  readonly newHead?: boolean;
}

/** What a model makes of pictures, traced. */
type Traced =
  | { readonly logits: Tensor; readonly head: readonly Variable[] }
  | { readonly features: Tensor };

/**
 * A classifier that others made, as a layer that is trained like any other: `[B, C, H, W] -> [B, K]`. Its own head
 * stays where it has as many classes as are wanted; else a new linear layer stands on what the old one is given.
 * Statistics of batch norms stay as they are.
 *
 * @throws QuireError when an output is no `[B, K]`, or no linear layer is found that a new one could take the place of.
 */
export class ImportedClassifier extends Module implements Layer {
  /** The weights that are used, by their names in the file. */
  readonly body: Readonly<Record<string, Variable>>;
  /** The new head; undefined where the model keeps its own. */
  readonly head: Linear | undefined;
  readonly #model: ImportedModel;
  readonly #options: ImportedClassifierOptions;
  readonly #oldHead: readonly Variable[];

  constructor(model: ImportedModel, options: ImportedClassifierOptions) {
    super();
    this.#model = model;
    this.#options = options;
    const { traced, used } = this.#examine(2);
    this.#examine(3);
    this.body = Object.fromEntries(used.map((variable) => [variable.name, variable]));
    this.#oldHead = "logits" in traced ? traced.head : [];
    this.head =
      "features" in traced
        ? new Linear({ in: traced.features.shape[1] as number, out: options.classes })
        : undefined;
  }

  /** `[B, C, H, W] -> [B, K]` scores */
  forward(images: Tensor): Tensor {
    const traced = this.#trace(images);
    if ("logits" in traced) return traced.logits;
    return (this.head as Linear).forward(cast(traced.features, "float32"));
  }

  /**
   * Takes all but the head out of training.
   *
   * @throws QuireError when the model keeps its own head, and that has no weights of its own.
   */
  freezeBody(): void {
    if (!this.head && this.#oldHead.length === 0) {
      throw new QuireError(
        "the model's own head has no weights of its own: train the whole model, or ask for a new head.",
      );
    }
    const head = new Set<Variable>(this.head ? this.head.parameters() : this.#oldHead);
    const body = this.namedParameters().filter(([, variable]) => !head.has(variable));
    const paths = new Set(body.map(([path]) => path));
    if (paths.size > 0) freeze(this, (path) => paths.has(path));
  }

  /** Traces the model on a batch, to see what it gives and which weights that needs. */
  #examine(batch: number): { traced: Traced; used: readonly Variable[] } {
    const { input, height, width } = this.#options;
    const shape = [batch, input.channels, height, width];
    let traced: Traced | undefined;
    record(
      (images: Tensor) => {
        traced = this.#trace(images);
        return "logits" in traced ? traced.logits : traced.features;
      },
      [{ dtype: "float32", shape }],
    );
    const found = traced as unknown as Traced;
    return { traced: found, used: variablesIn("logits" in found ? found.logits : found.features) };
  }

  #trace(images: Tensor): Traced {
    const { input, features, classes, newHead = false } = this.#options;
    const given = { [input.name]: input.channelsLast ? transpose(images, [0, 2, 3, 1]) : images };
    if (features !== undefined) return { features: this.#featuresNamed(features, given) };
    const name = this.#options.output ?? (this.#model.outputs[0] as string);
    const output = this.#model.forward(given, [name])[name] as Tensor;
    if (output.shape.length !== 2 || output.shape[0] !== images.shape[0]) {
      throw new QuireError(
        `the model's output "${name}" is [${output.shape.join(", ")}] for ${images.shape[0]} pictures, ` +
          "and a classifier gives [batch, classes]: name another output, or a value inside of the model as features.",
      );
    }
    const found = classifierHead(output);
    if (output.shape[1] === classes && !newHead) {
      return { logits: scoresOf(output), head: found?.variables ?? [] };
    }
    if (found) return { features: pooled(found.features, found.axis) };
    throw new QuireError(
      `the model's output "${name}" does not come from one linear layer that a new head of ${classes} classes could ` +
        "take the place of: name a value inside of the model as features.",
    );
  }

  #featuresNamed(name: string, given: Readonly<Record<string, Tensor>>): Tensor {
    const value = this.#model.forward(given, [name])[name] as Tensor;
    const [images] = Object.values(given) as [Tensor];
    if (value.shape.length >= 2 && value.shape[0] === images.shape[0]) {
      return pooled(value, value.shape.length === 4 ? 1 : value.shape.length - 1);
    }
    throw new QuireError(
      `the model's value "${name}" is [${value.shape.join(", ")}] for ${images.shape[0]} pictures, and a head stands on ` +
        "[batch, features], or on [batch, features, height, width].",
    );
  }
}

/** The mean over all places, as a head is given it. `[B, D, ...] -> [B, D]` */
function pooled(x: Tensor, axis: number): Tensor {
  const places = x.shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
  return places.length === 0 ? x : mean(x, { axes: places });
}
