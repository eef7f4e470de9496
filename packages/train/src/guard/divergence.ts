import { QuireError } from "@quire/tensor";

/** Where the first value that is no number stood. */
export type Origin =
  /** In the data: a tensor of the batch. */
  | { readonly kind: "batch"; readonly name: string; readonly value: BadValue }
  /** In parameters, before the step: an update before has done it. */
  | { readonly kind: "parameter"; readonly name: string; readonly value: BadValue }
  /** In what an operation of a module gave. */
  | {
      readonly kind: "activation";
      readonly path: string;
      readonly operation: string;
      readonly value: BadValue;
    }
  /** In the gradient of a parameter, while all activations were numbers. */
  | { readonly kind: "gradient"; readonly name: string; readonly value: BadValue }
  /** In a parameter, after the step: its own update has done it. */
  | { readonly kind: "weight"; readonly name: string; readonly value: BadValue }
  /** Not found: the step, run again, gave numbers. */
  | { readonly kind: "unknown" };

/** A value that is no finite number. */
export type BadValue = "NaN" | "infinite";

/** What is known of a step whose loss or gradients are no numbers. */
export interface Divergence {
  /** The step, from 1. */
  readonly step: number;
  readonly loss: number;
  readonly origin: Origin;
}

/** A training that cannot go on, because the loss or the gradients are no numbers any more. */
export class DivergenceError extends QuireError {
  override readonly name: string = "DivergenceError";
  readonly step: number;
  readonly loss: number;
  readonly origin: Origin;
  /** What can be done about it. */
  readonly advice: string;

  /** @param note What stands of the run, where it is recorded, as a sentence. */
  constructor({ step, loss, origin }: Divergence, note?: string) {
    const lost = origin.kind === "weight" ? "The weights" : "The gradients";
    const what = Number.isFinite(loss) ? `${lost} are no numbers` : `The loss is ${loss}`;
    const advice = adviceFor(origin);
    const end = note === undefined ? "" : ` ${note}`;
    super(`${what} at step ${step}${placeText(origin)}. ${advice}${end}`);
    this.step = step;
    this.loss = loss;
    this.origin = origin;
    this.advice = advice;
  }
}

function placeText(origin: Origin): string {
  switch (origin.kind) {
    case "batch":
      return `: "${origin.name}" of the batch holds ${held(origin.value)}`;
    case "parameter":
      return `: ${origin.name} held ${held(origin.value)} before it, from an earlier update`;
    case "activation": {
      const where = origin.path === "" ? "" : ` in ${origin.path}`;
      return `: ${origin.operation}${where} was the first to give ${held(origin.value)}`;
    }
    case "gradient":
      return `: the gradient of ${origin.name} was the first to hold ${held(origin.value)}`;
    case "weight":
      return `: ${origin.name} holds ${held(origin.value)} after it`;
    case "unknown":
      return "";
  }
}

function held(value: BadValue): string {
  return value === "NaN" ? "NaN" : "an infinite value";
}

function adviceFor({ kind }: Origin): string {
  const milder = "Take a lower learning rate, a warm-up, or clip gradients (clipNorm)";
  if (kind === "batch") return "Clean the data, or leave such rows out.";
  if (kind === "activation" || kind === "gradient") {
    return `${milder}; keep divisions, roots and logarithms there away from 0.`;
  }
  return `${milder}.`;
}
