import { markShard, shardOf } from "@quire/nn";
import { gradients as gradientsOf, QuireError, type Tensor, Variable } from "@quire/tensor";
import type { Schedule } from "./schedule.ts";

/** Changes parameters so that a loss falls; used inside a traced step, whose graph it joins. */
export interface Optimizer {
  /** The parameters it changes. */
  readonly parameters: readonly Variable[];
  /** What it remembers between steps: counters and moments, named. */
  readonly variables: readonly Variable[];
  /** Differentiates the loss and updates every parameter. */
  minimize(loss: Tensor): void;
  /** Updates every parameter by its gradient, given in the order of `parameters`. */
  update(gradients: readonly Tensor[]): void;
}

/** What every optimiser can be told. */
export interface OptimizerOptions {
  readonly learningRate: Schedule;
  /** Pulls parameters towards 0. */
  readonly weightDecay?: number;
  /** The largest norm of all gradients together; larger ones are scaled down. */
  readonly clipNorm?: number;
  /** Whether weight decay holds for the parameter of a name; for all unless said. */
  readonly decays?: (name: string) => boolean;
  /** What the learning rate is multiplied by for the parameter of a name; 1 unless said. */
  readonly rateFactor?: (name: string) => number;
}

/** A variable of an optimiser, named after what it holds; zeros unless said. */
export function stateVariable(
  name: string,
  options: { readonly of?: Variable; readonly initial?: number; readonly dtype?: "int32" } = {},
): Variable {
  const { of, initial = 0, dtype = "float32" } = options;
  const full = of ? `${name}.${of.name}` : name;
  const made = new Variable(of?.shape ?? [], { name: full, initial, dtype, trainable: false });
  // A moment of a part of a parameter is the same part of the moment.
  if (of) markShard(made, shardOf(of));
  return made;
}

/**
 * Refuses parameters that processes divide, for a rule that looks at a parameter as a whole.
 *
 * @throws QuireError when there are such parameters.
 */
export function requireUndivided(optimizer: string, parameters: readonly Variable[]): void {
  const divided = parameters.find((parameter) => shardOf(parameter));
  if (!divided) return;
  throw new QuireError(
    `${optimizer}: needs whole parameters, and processes divide ${divided.name}; take adamW.`,
  );
}

/** An optimiser from the rule that updates its parameters. */
export function optimizerOf(
  parameters: readonly Variable[],
  variables: readonly Variable[],
  update: (gradients: readonly Tensor[]) => void,
): Optimizer {
  if (parameters.length === 0) {
    throw new QuireError("The optimiser got no parameters; pass model.parameters().");
  }
  const checked = (gradients: readonly Tensor[]): void => {
    if (gradients.length !== parameters.length) {
      throw new QuireError(
        `update: ${parameters.length} parameters need as many gradients, got ${gradients.length}.`,
      );
    }
    update(gradients);
  };
  return {
    parameters,
    variables,
    minimize: (loss) => checked(gradientsOf(loss, parameters)),
    update: checked,
  };
}
