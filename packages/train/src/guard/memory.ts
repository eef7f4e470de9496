import type { Module } from "@quire/nn";
import { type MemoryEstimate, QuireError, sizeOf, type Variable } from "@quire/tensor";
import type { Optimizer } from "../optimizer/optimizer.ts";

/** What a training step holds in memory at its worst moment, in bytes; the process itself comes on top. */
export interface StepMemory {
  /** The model's values; those that the step changes are held twice. */
  readonly parameters: number;
  /** What the optimiser, averages and gradient sums remember; held twice. */
  readonly optimizer: number;
  /** The gradients of all parameters. */
  readonly gradients: number;
  /** What the runtime holds for values on the way, beyond the gradients; the batch too. */
  readonly activations: number;
  readonly total: number;
}

/** A training step that does not fit into memory. */
export class MemoryError extends QuireError {
  override readonly name: string = "MemoryError";
  readonly needed: StepMemory;
  /** Bytes that there are. */
  readonly limit: number;

  constructor(needed: StepMemory, limit: number) {
    const parts = (["parameters", "optimizer", "gradients", "activations"] as const).map(
      (name) => `${name} ${sizeText(needed[name])}`,
    );
    super(
      `A training step needs about ${sizeText(needed.total)} of memory (${parts.join(", ")}), ` +
        `there are ${sizeText(limit)}. Take smaller batches and accumulate their gradients, or a smaller model.`,
    );
    this.needed = needed;
    this.limit = limit;
  }
}

/** Bytes as people read them: 512 B, 1.5 kB, 2.3 GB. */
function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/**
 * ONNX Runtime keeps the memory that its first run took piece by piece, and plans later runs in a block of their own:
 * steps of small GPTs were seen to take about twice what they need at once.
 */
const HELD_TWICE = 2;

/** The memory of a step that is made of calls, one after the other. */
export function stepMemory(
  model: Module,
  optimizer: Optimizer,
  calls: readonly MemoryEstimate[],
): StepMemory {
  const own = new Set(model.namedState().map(([, variable]) => variable));
  const held = new Map<Variable, number>();
  for (const { variables } of calls) {
    for (const [variable, bytes] of variables) {
      held.set(variable, Math.max(bytes, held.get(variable) ?? 0));
    }
  }
  const sum = (isMeant: (variable: Variable) => boolean): number =>
    [...held].reduce((all, [variable, bytes]) => all + (isMeant(variable) ? bytes : 0), 0);
  const parameters = sum((variable) => own.has(variable));
  const remembered = sum((variable) => !own.has(variable));
  const most = HELD_TWICE * Math.max(...calls.map(({ working, traffic }) => working + traffic));
  const slopes = optimizer.parameters.reduce((all, { shape }) => all + 4 * sizeOf(shape), 0);
  const gradients = Math.min(slopes, most);
  const total = parameters + remembered + most;
  return { parameters, optimizer: remembered, gradients, activations: most - gradients, total };
}
