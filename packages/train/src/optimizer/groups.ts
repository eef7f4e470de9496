import type { Module } from "@quire/nn";
import { QuireError } from "@quire/tensor";

/** What holds for a parameter, found by its name when the optimiser is traced. */
function byName<T>(
  model: Module,
  settingOf: (path: string, axes: number, place: number) => T,
  otherwise: T,
): (name: string) => T {
  let known: Map<string, T> | undefined;
  return (name) => {
    known ??= new Map(
      model
        .namedParameters()
        .map(([path, { name, shape }], place) => [name, settingOf(path, shape.length, place)]),
    );
    return known.get(name) ?? otherwise;
  };
}

/**
 * For `decays`: weight decay holds for matrices and larger parameters, not for biases, the scales of norms and other
 * vectors.
 *
 * @example
 * adamW(model.parameters(), { learningRate, weightDecay: 0.1, decays: exceptNormsAndBiases(model) });
 */
export function exceptNormsAndBiases(model: Module): (name: string) => boolean {
  const isBias = (path: string): boolean => /(^|\.)bias$/.test(path);
  return byName(model, (path, axes) => axes > 1 && !isBias(path), true);
}

/** Which rates the layers of a model take. */
export interface LayerwiseOptions {
  /** What each layer's rate is of the rate of the layer after it, 0.65 for one. */
  readonly decay: number;
  /** What the list of layers is called in paths; `blocks` unless said. */
  readonly layers?: string;
}

/**
 * For `rateFactor`: the last layers learn at the full rate, those before them at less and less (Howard and Ruder
 * 2018, section 3.2). What the model holds before its first layer counts as one more layer, what it holds after the last one
 * has the full rate.
 *
 * @example
 * adamW(model.parameters(), { learningRate, rateFactor: layerwiseRates(model, { decay: 0.65 }) });
 * @throws QuireError when the model has no layers by that name.
 */
export function layerwiseRates(
  model: Module,
  { decay, layers = "blocks" }: LayerwiseOptions,
): (name: string) => number {
  const within = new RegExp(`(?:^|\\.)${layers}\\.(\\d+)\\.`);
  const layerOf = (path: string): number => Number(within.exec(path)?.[1] ?? Number.NaN);
  const found = model.namedParameters().map(([path]) => layerOf(path));
  const first = found.findIndex((layer) => !Number.isNaN(layer));
  if (first < 0) {
    throw new QuireError(`layerwiseRates: the model has no layers called ${layers}.0.`);
  }
  const depth = Math.max(...found.filter((layer) => !Number.isNaN(layer))) + 1;
  const factor = (path: string, _: number, place: number): number => {
    const layer = layerOf(path);
    const outside = place < first ? -1 : depth;
    return decay ** (depth - (Number.isNaN(layer) ? outside : layer));
  };
  return byName(model, factor, 1);
}
