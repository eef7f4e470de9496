// B rows of an unroll, T steps

import {
  add,
  concat,
  exp,
  minimum,
  mul,
  type Operand,
  QuireError,
  scan,
  slice,
  squeeze,
  stopGradient,
  sub,
  type Tensor,
  transpose,
} from "@quire/tensor";

/** What was met in an unroll, and what it was thought to be worth. */
export interface Unroll {
  /** `[B, T]` */
  readonly rewards: Tensor;
  /** What the value after each step counts: the discount, or 0 where the step ended an episode. `[B, T]` */
  readonly discounts: Tensor;
  /** Values of the states before each step, and of the one after the last. `[B, T + 1]` */
  readonly values: Tensor;
}

/** How far V-trace trusts steps that another policy took. */
export interface VTraceOptions {
  /** The largest weight of a step's own error (the paper's rho-bar), which sets what is learnt; 1 unless said. */
  readonly ownLimit?: number;
  /** The largest weight of what follows a step (the paper's c-bar), which sets how fast; 1 unless said. */
  readonly traceLimit?: number;
  /** Fades what follows further; 1 unless said. */
  readonly lambda?: number;
}

/** What an actor and its critic learn from. Gradients do not flow through either. */
export interface ActorCriticTargets {
  /** How much better each step was than thought. `[B, T]` */
  readonly advantages: Tensor;
  /** What the values are to become. `[B, T]` */
  readonly returns: Tensor;
}

/**
 * V-trace (Espeholt et al. 2018, section 4.1): n-step returns of steps that another policy took, their weights cut off.
 * Advantages are those of its policy gradient, the step's weight among them.
 *
 * @param logRatios Log-probability of each action under the policy that learns, less that under the one that acted.
 * `[B, T]`
 * @throws QuireError when the values are not those of one step more.
 */
export function vTrace(
  unroll: Unroll,
  logRatios: Tensor,
  { ownLimit = 1, traceLimit = 1, lambda = 1 }: VTraceOptions = {},
): ActorCriticTargets {
  const { rewards, discounts } = unroll;
  const [values, after] = valuesOf("vTrace", unroll);
  const ratios = exp(stopGradient(logRatios));
  const own = minimum(ratios, ownLimit);
  // δ = ρ (r + γ V' - V)
  const errors = mul(own, sub(add(rewards, mul(discounts, after)), values));
  const kept = mul(discounts, mul(minimum(ratios, traceLimit), lambda));
  const returns = add(values, fadingSums(errors, kept));
  // The value after the last step stays what it is thought to be.
  const steps = rewards.shape[1] as number;
  const last = slice(after, [steps - 1], [steps], { axes: [1] });
  const next = shifted(returns, last, steps);
  const advantages = mul(own, sub(add(rewards, mul(discounts, next)), values));
  return stopped({ advantages, returns });
}

/**
 * Generalised advantage estimation (Schulman et al. 2016, eq. 16): errors of one step, those further on counting less by
 * powers of lambda.
 *
 * @throws QuireError when the values are not those of one step more.
 */
export function generalizedAdvantages(unroll: Unroll, lambda: number): ActorCriticTargets {
  const { rewards, discounts } = unroll;
  const [values, after] = valuesOf("generalizedAdvantages", unroll);
  const errors = sub(add(rewards, mul(discounts, after)), values);
  const advantages = fadingSums(errors, mul(discounts, lambda));
  return stopped({ advantages, returns: add(advantages, values) });
}

/** Values before and after each step, as numbers that nothing is learnt through. Each `[B, T]`. */
function valuesOf(name: string, { rewards, values }: Unroll): readonly [Tensor, Tensor] {
  const [rows, steps] = rewards.shape as [number, number];
  if (values.shape.join() !== `${rows},${steps + 1}`) {
    throw new QuireError(
      `${name}: values of [${values.shape.join(", ")}] for rewards of [${rows}, ${steps}]: give one step more, [${rows}, ${steps + 1}].`,
    );
  }
  const known = stopGradient(values);
  return [slice(known, [0], [steps], { axes: [1] }), slice(known, [1], [steps + 1], { axes: [1] })];
}

/** The next step's values, and after the last one those given. `[B, T], [B, 1] -> [B, T]` */
function shifted(x: Tensor, last: Tensor, steps: number): Tensor {
  return steps === 1 ? last : concat([slice(x, [1], [steps], { axes: [1] }), last], 1);
}

/** What each step has and a share of what the next one has: a = x + d a'. `[B, T], [B, T] -> [B, T]` */
function fadingSums(x: Tensor, shares: Operand): Tensor {
  const first = mul(slice(x, [0], [1], { axes: [1] }), 0);
  const { ys } = scan(
    (carry: Tensor, step: { readonly x: Tensor; readonly share: Tensor }) => {
      const sum = add(step.x, mul(step.share, carry));
      return { carry: sum, y: sum };
    },
    squeeze(first, [1]),
    { x: transpose(x, [1, 0]), share: transpose(shares, [1, 0]) },
    { reverse: true },
  );
  return transpose(ys, [1, 0]);
}

function stopped({ advantages, returns }: ActorCriticTargets): ActorCriticTargets {
  return { advantages: stopGradient(advantages), returns: stopGradient(returns) };
}
